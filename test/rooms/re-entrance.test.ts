import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { RoomEvents, RoomsApi } from '../../lib/index.js'
import { RoomRegistry } from '../../lib/rooms/room-registry.js'
import { FakeLink } from '../helpers/fakes/fake-link.js'
import { host, type Host } from '../helpers/host.js'
import type { SignallingClient } from '../helpers/signalling-client.js'
import { TestClock } from '../helpers/fakes/test-clock.js'

// A listener of fastify.rooms may call whatever fastify.rooms has, at once. Each event with each method: nothing recurses,
// and what is told afterwards is still true.

const METHODS: Record<string, (rooms: RoomsApi, peer: string | undefined) => Promise<unknown>> = {
  close: rooms => rooms.close('app', 'room'),
  'remove of everybody': async rooms => {
    for (const { id } of await rooms.peers('app', 'room')) await rooms.remove(id)
  },
  'remove of the peer': (rooms, peer) => peer === undefined ? Promise.resolve() : rooms.remove(peer),
  drain: rooms => rooms.drain(),
  send: rooms => rooms.send('app', 'room', 'news', 1),
  sendToPeer: (rooms, peer) => peer === undefined ? Promise.resolve() : rooms.sendToPeer(peer, 'news', 1)
}
/** Every event that comes in the history below, once its clients are connected. */
type Told = Exclude<keyof RoomEvents, 'connected' | 'upgradeRefused'>
const EVENTS: Record<Told, true> = { joined: true, left: true, started: true, relayed: true, absent: true, resumed: true, refused: true, disconnected: true }

/** Every event of each peer, and that its life is one: it begins with `joined`, and ends with `left`, where it ends. */
function lives ({ app }: Host): Map<string, string[]> {
  const told = new Map<string, string[]>()
  for (const event of Object.keys(EVENTS) as Told[]) {
    if (event === 'refused' || event === 'disconnected') continue
    app.rooms.on(event, ({ peer }: { peer: string }) => {
      const life = told.get(peer) ?? []
      told.set(peer, [...life, event])
    })
  }
  return told
}

/** Waits until everything that this client has said is dealt with. */
async function heard (client: SignallingClient): Promise<void> {
  await Promise.race([client.heard().catch(() => {}), client.closed])
}

async function say (client: SignallingClient, message: Record<string, unknown>): Promise<void> {
  if (client.socket.readyState === client.socket.OPEN) client.send(message)
  await heard(client)
}

async function connections (rooms: RoomsApi, count: number): Promise<void> {
  while ((await rooms.dump()).connections > count) await turn()
}

for (const event of Object.keys(EVENTS) as Told[]) {
  for (const [name, method] of Object.entries(METHODS)) {
    t.test(`${name} in a listener of ${event}`, async t => {
      const server = await host(t, { probeTimeout: 50, drain: { grace: 200 } })
      const { app, log, connect } = server
      const { rooms } = app
      const told = lives(server)
      let depth = 0
      let deepest = 0
      let calls = 0
      rooms.on(event, (about: object) => {
        deepest = Math.max(deepest, ++depth)
        calls++
        method(rooms, (about as { peer?: string }).peer).catch((error: unknown) => t.fail(String(error)))
        depth--
      })
      const clients = [await connect(), await connect(), await connect(), await connect()] as const
      const [first, second, third, back] = clients
      await say(first, { command: 'join', streamId: 'room', resume: true })
      second.send({ command: 'join', streamId: 'room', resume: true })
      const joined = await Promise.race([second.hears('joined').catch(() => null), second.closed.then(() => null)])
      await heard(first)
      await say(second, { command: 'peerMessageCommand', streamId: 'room', definition: 'chat', data: 1 })
      await say(third, { command: 'peerMessageCommand', streamId: 'nowhere', definition: 'chat', data: 1 })
      const before = (await rooms.dump()).connections
      if (second.socket.readyState === second.socket.OPEN) {
        second.socket.terminate()
        await connections(rooms, before - 1)
      }
      if (joined !== null) await say(back, { command: 'join', streamId: 'room', resume: true, resumeToken: joined.resumeToken, received: 0 })
      await say(first, { command: 'leave', streamId: 'room' })
      t.ok(calls > 0, 'it was called')
      t.ok(deepest < 10, `${deepest} deep`)
      t.same(log.from(50), [])
      for (const client of clients) {
        if (client.socket.readyState === client.socket.CLOSED) continue
        client.socket.close(1000)
        await once(client.socket, 'close')
      }
      await connections(rooms, 0)
      t.match(await rooms.dump(), { connections: 0, replayBytes: 0, rooms: [] })
      for (const life of told.values()) {
        t.equal(life[0], 'joined', life.join(' '))
        t.equal(life.indexOf('left'), life.length - 1, life.join(' '))
      }
      await app.close()
    })
  }
}

t.test('drain() in a listener of refused, while a drain refuses a join that waits, is one drain', async t => {
  const { app, connect } = await host(t, { authorize: async () => await new Promise(() => {}), drain: { grace: 200 } })
  const client = await connect()
  client.send({ command: 'join', streamId: 'room' })
  client.socket.ping()
  await once(client.socket, 'pong')
  let refusals = 0
  app.rooms.on('refused', () => {
    refusals++
    void app.rooms.drain()
  })
  await app.rooms.drain()
  t.equal(refusals, 1)
  t.match(await client.hears('error: serverDraining'), { streamId: 'room' })
  t.equal((await client.closed).code, 1001)
})

for (const [what, hold, method] of [
  ['close(), called as an absent peer is given up for what a joiner makes it miss,', true, (rooms: RoomRegistry) => rooms.find('app', 'room')?.close('closed')],
  ['drain(), called as an absent peer is given up for what a joiner makes it miss,', true, (rooms: RoomRegistry) => rooms.drain()],
  ['drain(), called as an absent peer is given up for a joiner that takes its place,', false, (rooms: RoomRegistry) => rooms.drain()]
] as const) {
  t.test(`${what} leaves nobody behind, and nobody is told of as gone before it was there`, async t => {
    const clock = new TestClock()
    // One message is kept, and a joiner makes two.
    const rooms = new RoomRegistry({ window: 1_000, hold, messages: 1, bytes: 10_000 }, clock)
    const order: string[] = []
    const link = () => new FakeLink({ rooms, clock, probeTimeout: 2_000 })
    const [first, second, third] = [link(), link(), link()]
    first.say({ command: 'join', streamId: 'room', resume: true })
    if (!hold) second.say({ command: 'join', streamId: 'room' })
    first.lose(false)
    rooms.events.on('joined', ({ peer }) => order.push(`joined ${peer}`))
    rooms.events.on('left', ({ peer }) => {
      order.push(`left ${peer}`)
      if (order.filter(each => each.startsWith('left')).length === 1) method(rooms)
    })
    third.say({ command: 'join', streamId: 'room' })
    const peer = order.find(each => each.startsWith('joined'))?.slice('joined '.length)
    t.ok(peer, 'it had a seat for a moment')
    t.ok(order.indexOf(`joined ${peer}`) < order.indexOf(`left ${peer}`), order.join(', '))
    t.same(rooms.apps(), [])
    t.equal(third.seats.size, 0)
    t.equal(clock.pending, 0)
  })
}
