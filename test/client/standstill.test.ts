import t from 'tap'
import { Backoff } from '../../lib/client/base/backoff.js'
import { reconnectPolicy } from '../../lib/client/signalling/reconnect-policy.js'
import { heard, inCall, World, type FakePage } from '../helpers/fakes/client-world.js'
import { turn } from '../helpers/fakes/pending.js'

/**
 * The page stands still for `ms`, as a frozen or busy one does. What it sent is answered meanwhile, and none of the answers is read
 * before the timers that fell due have run.
 */
function standStill (world: World, page: FakePage, ms: number): void {
  while (page.socket.carryUp());
  world.clock.leap(ms)
  world.clock.advance(0)
}

const pictures = (page: FakePage) => page.payloads.filter(([info]) => info === 'remote_media_changed')
  .map(([, payload]) => (payload as { video: string }).video)

t.test('a page that stood still reads the server\'s answer before it calls the server dead', async t => {
  for (const [what, ask] of [
    ['the ping of every 20 s', (world: World) => world.clock.advance(20_000)],
    ['the one after the network has changed', (_world: World, page: FakePage) => page.window.fire('online')]
  ] as const) {
    const world = new World()
    const [anna, ben] = await world.call(t)
    ask(world, anna)
    t.match(anna.sent.at(-1), { command: 'ping' })
    standStill(world, anna, 3_600_000)
    t.equal(anna.socket.unread, 1, what)
    await world.pass(10_000)
    t.equal(anna.network.sockets.length, 1)
    t.equal(anna.count('reconnecting'), 0)
    t.ok(inCall(anna, ben))
  }
})

t.test('an answer that has come by the time that the deadline is due is read first, also where the page did not stand still', async t => {
  const world = new World()
  const anna = world.page(t)
  anna.open()
  await world.whenIdle()
  world.clock.advance(20_000)
  while (anna.socket.carryUp());
  world.clock.advance(8_000, () => { if (world.clock.now() === 28_000) anna.socket.carryDown() })
  t.equal(anna.network.sockets.length, 1)
})

t.test('a server that is dead is found dead after a standstill, and by a page that stands still again and again', async t => {
  const world = new World()
  const [anna] = await world.call(t)
  world.clock.advance(20_000)
  anna.socket.freeze()
  standStill(world, anna, 60_000)
  await world.pass(8_100)
  t.equal(anna.network.sockets.length, 2)
  world.clock.advance(20_000)
  anna.socket.freeze()
  for (let minute = 0; minute < 4; minute++) standStill(world, anna, 60_000)
  await world.pass(0)
  t.equal(anna.network.sockets.length, 3, 'as a hidden one does, whose timers run once a minute')
})

t.test('a socket that has opened while the page stood still is used', async t => {
  const world = new World()
  const page = world.page(t)
  page.open()
  world.clock.leap(60_000)
  world.clock.advance(0)
  await world.whenIdle()
  t.equal(page.network.sockets.length, 1)
  t.equal(page.adaptor.connectionState, 'open')
})

t.test('ICE servers that have come while the page stood still are in the call', async t => {
  const world = new World()
  const [anna, ben] = [world.page(t), world.page(t)]
  const iceServers = [{ urls: ['stun:stun.example.org'] }]
  let answer = (): void => {}
  anna.network.listener = socket => {
    const end = world.server.listen(socket)
    return {
      receive: text => {
        if (!text.includes('getIceServerConfig')) end.receive(text)
        else answer = () => socket.push(JSON.stringify({ command: 'iceServerConfig', iceServers }))
      },
      ended: code => end.ended(code)
    }
  }
  for (const page of [anna, ben]) {
    void page.open().join('room1')
    await world.whenIdle()
  }
  answer()
  standStill(world, anna, 60_000)
  await turn()
  t.equal(anna.connection, null, 'no call without them')
  await world.whenIdle()
  t.same(anna.connection?.configuration.iceServers, iceServers)
})

t.test('a call that has come back while the page stood still is left alone', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  for (const { connection } of [anna, ben]) connection?.become('disconnected')
  world.clock.leap(60_000)
  world.clock.advance(0)
  for (const { connection } of [anna, ben]) connection?.become('connected')
  await world.pass(60_000)
  t.same([anna.connection?.restarts, ben.connection?.restarts], [0, 0])
  t.same([...anna.errorNames, ...ben.errorNames], [])
})

t.test('a picture of which no frame was seen while the page stood still is not frozen', async t => {
  const world = new World()
  const [anna] = await world.call(t)
  await world.pass(1_000)
  world.ice.frames = false
  world.clock.leap(60_000)
  await world.pass(0)
  t.equal(pictures(anna).at(-1), 'live')
  await world.pass(2_000)
  t.equal(pictures(anna).at(-1), 'frozen')
})

t.test('the time in which the machine slept is not taken for tries that failed', async t => {
  const { environment } = new World().page(t)
  let now = 0
  const backoff = new Backoff({ ...environment, now: () => now }, reconnectPolicy)
  t.equal(backoff.next(), 0)
  now += 8 * 3_600_000
  t.equal(backoff.next(), 300)
  for (let minutes = 0; minutes < 8; minutes++) {
    now += 60_000
    t.not(backoff.next(), null)
  }
  now += 60_000
  t.equal(backoff.next(), null, 'and ten minutes of tries are the end: the sleep counts as one')
})

t.test('a message that waits for the other peer is sent where that one came back while the page stood still', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  world.server.restart()
  ben.network.reachable = false
  for (const { network } of [anna, ben]) network.last.cut()
  await world.pass(8_000)
  const sent = anna.adaptor.sendPeerMessage('n', 1)
  ben.network.reachable = true
  ben.window.fire('online')
  while (anna.socket.unread === 0) {
    ben.network.step()
    await turn()
  }
  standStill(world, anna, 3_600_000)
  await world.whenIdle()
  await t.resolves(sent)
  t.same(heard(ben), [1])
  t.same(anna.errorNames, [])
})
