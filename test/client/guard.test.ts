import t, { type Test } from 'tap'
import { deferred } from '../../lib/client/base/deferred.js'
import { LOADERS } from '../../lib/client/extras/extras.js'
import { heard, inCall, World, type FakePage } from '../helpers/fakes/client-world.js'

// The part that guards a call, which may come late, or never.

const load = LOADERS.guard

/** Holds the guard back until it is let through. */
function hold (t: Test): () => void {
  const gate = deferred<void>()
  LOADERS.guard = async () => {
    await gate.promise
    return load()
  }
  t.teardown(() => { LOADERS.guard = load })
  return () => {
    LOADERS.guard = load
    gate.resolve()
  }
}

/** The guard cannot be loaded; tells when it was tried, in ms. */
function miss (t: Test, world: World): number[] {
  const tries: number[] = []
  LOADERS.guard = async () => {
    tries.push(world.clock.now())
    throw new TypeError('Failed to fetch')
  }
  t.teardown(() => { LOADERS.guard = load })
  return tries
}

/** Waits until the guard, which is let through, has arrived. */
async function arrived (world: World): Promise<void> {
  await load()
  await world.whenIdle()
}

const restarts = (...pages: FakePage[]) => pages.reduce((sum, { connection }) => sum + (connection?.restarts ?? 0), 0)

t.test('a call comes about while the guard is held back, and from its arrival on it is guarded', async t => {
  const world = new World()
  const letThrough = hold(t)
  const [anna, ben] = await world.call(t)
  t.ok(inCall(anna, ben))
  t.same(anna.adaptor.remoteMedia, { video: 'off', audio: 'off' }, 'nobody looks yet')
  for (const { connection } of [anna, ben]) connection?.become('failed')
  await world.pass(30_000)
  t.equal(restarts(anna, ben), 0, 'nothing is repaired yet')
  letThrough()
  await arrived(world)
  await world.pass(100)
  t.ok(restarts(anna, ben) > 0, 'what is broken is repaired as soon as it is there')
  for (const { connection } of [anna, ben]) connection?.become('connected')
  await world.pass(1_000)
  t.same(anna.adaptor.remoteMedia, { video: 'live', audio: 'live' })
  await anna.adaptor.sendPeerMessage('chat', 'hello')
  await world.whenIdle()
  t.same(heard(ben), ['hello'])
  t.same([...anna.errorNames, ...ben.errorNames], [])
})

t.test('a call that is well when the guard comes is left as it is, also while the other side is away from the server', async t => {
  for (const away of [false, true]) {
    const world = new World()
    const letThrough = hold(t)
    const [anna, ben] = await world.call(t)
    if (away) {
      ben.network.reachable = false
      ben.socket.cut()
      await world.pass(25_000)
    }
    letThrough()
    await arrived(world)
    await world.pass(120_000)
    t.same([restarts(anna, ben), world.ice.connections.length], [0, 2])
    t.same([anna.errorNames, inCall(anna, ben)], [[], true])
  }
})

t.test('a socket that breaks before the guard is there costs the call nothing, and what the guard takes over is not said twice', async t => {
  for (const moment of ['before the socket breaks', 'while it is away', 'after it is back']) {
    const world = new World()
    const letThrough = hold(t)
    const [anna, ben] = await world.call(t)
    if (moment === 'before the socket breaks') {
      letThrough()
      await arrived(world)
    }
    anna.network.reachable = false
    anna.socket.cut()
    void anna.adaptor.turnOffLocalCamera()
    await world.pass(100)
    if (moment === 'while it is away') {
      letThrough()
      await arrived(world)
    }
    anna.network.reachable = true
    await world.pass(3_000)
    letThrough()
    await arrived(world)
    await world.pass(1_000)
    t.ok(inCall(anna, ben), moment)
    t.equal(world.ice.connections.length, 2, `${moment}: over the same connection`)
    t.equal(anna.adaptor.connectionState, 'open')
    const offers = world.server.heard.filter(({ command, type }: { command: string, type?: unknown }) => command === 'takeConfiguration' && type === 'offer')
    t.equal(new Set(offers.map(offer => JSON.stringify(offer))).size, offers.length, `${moment}: none twice`)
    t.same([...anna.errorNames, ...ben.errorNames], [])
  }
})

t.test('a message of the application waits for the guard, and is sent once', async t => {
  const world = new World()
  const letThrough = hold(t)
  const [anna, ben] = await world.call(t)
  const sent = anna.adaptor.sendPeerMessage('chat', 1)
  const late = anna.adaptor.sendPeerMessage('chat', 2)
  await world.whenIdle()
  t.same(heard(ben), [])
  letThrough()
  await arrived(world)
  await Promise.all([sent, late])
  t.same(heard(ben), [1, 2])
})

t.test('what the other side said of its microphone before the guard was there is known to it', async t => {
  const world = new World()
  const letThrough = hold(t)
  // Its silence is sent as its sound was.
  const [anna, ben] = await world.call(t, { muteMode: 'silence' })
  await ben.adaptor.muteLocalMic()
  await world.whenIdle()
  letThrough()
  await arrived(world)
  await world.pass(3_000)
  t.same(anna.adaptor.remoteMedia, { video: 'live', audio: 'off' })
  t.same(ben.adaptor.remoteMedia, { video: 'live', audio: 'live' })
})

t.test('a call comes about without the guard: that is told once, and it is tried again after 1 s, and ever less often up to a minute', async t => {
  const world = new World()
  const tries = miss(t, world)
  const lines: string[] = []
  const [anna, ben] = await world.call(t, { debug: line => lines.push(line) })
  t.ok(inCall(anna, ben))
  t.same(anna.errorNames, ['moduleNotLoaded'])
  t.ok(lines.some(line => line.endsWith('error: moduleNotLoaded')), 'in the debug log, too')
  await ben.adaptor.close()
  const start = tries.length
  const from = world.clock.now()
  await world.pass(300_000)
  const waits = tries.slice(start).map((at, index, all) => Math.round((at - (all[index - 1] ?? from)) / 1000))
  t.same(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60])
  t.same(anna.errorNames, ['moduleNotLoaded'], 'once')
  await t.rejects(anna.adaptor.sendPeerMessage('chat', 1), { name: 'moduleNotLoaded' })
  LOADERS.guard = load
  await world.pass(60_000)
  await t.rejects(anna.adaptor.sendPeerMessage('chat', 1), { name: 'no_peer_associated_before' }, 'once it could be loaded it is there')
  await anna.adaptor.close()
  t.equal(world.clock.pending, 0)
})

t.test('devices that cannot be had are told without the guard as well, and the call begins', async t => {
  const world = new World()
  miss(t, world)
  const page = world.page(t)
  page.devices.fail = () => 'NotFoundError'
  page.open()
  await world.whenIdle()
  t.same(page.errorNames.sort(), ['NotFoundError', 'moduleNotLoaded'])
  t.equal(page.count('initialized'), 1)
  await t.rejects(page.adaptor.turnOnLocalCamera(), { name: 'NotFoundError' })
})

t.test('an adaptor that is closed before the guard arrives is left alone by it', async t => {
  const world = new World()
  const letThrough = hold(t)
  const page = world.page(t)
  void page.open().join('room1')
  await world.whenIdle()
  const closed = page.adaptor.close()
  letThrough()
  await arrived(world)
  await closed
  t.equal(world.clock.pending, 0)
  t.equal(page.window.listening + page.document.listening, 0)
})
