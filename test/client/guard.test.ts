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
  t.same(anna.adaptor.remoteMedia, { video: 'live', audio: 'live' }, 'what is sent counts as seen, as long as nobody looks')
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

t.test('a guard of another build is none, and nothing of it is run', async t => {
  const world = new World()
  let made = 0
  LOADERS.guard = async () => ({
    default: () => {
      made++
      throw new Error('The names of another build mean something else.')
    },
    build: 'of another build'
  })
  t.teardown(() => { LOADERS.guard = load })
  const [anna, ben] = await world.call(t)
  t.ok(inCall(anna, ben))
  t.same([made, anna.errorNames], [0, ['moduleNotLoaded']])
  LOADERS.guard = load
  await world.pass(2_000)
  await anna.adaptor.sendPeerMessage('chat', 1)
  await world.whenIdle()
  t.same(heard(ben), [1], 'the right one is taken as soon as it can be had')
})

t.test('a guard that cannot be made is loaded once more', async t => {
  const world = new World()
  LOADERS.guard = async () => ({ default: () => { throw new Error('A fault of ours.') } })
  t.teardown(() => { LOADERS.guard = load })
  const [anna] = await world.call(t)
  LOADERS.guard = load
  await world.pass(2_000)
  await anna.adaptor.sendPeerMessage('chat', 1)
})

t.test('a guard that hangs keeps a failure of the devices from being told for 5 s, and no longer', async t => {
  const world = new World()
  hold(t)
  const page = world.page(t)
  page.devices.fail = () => 'NotFoundError'
  page.open()
  await world.pass(4_900)
  t.same([page.errorNames, page.count('initialized')], [[], 0])
  await world.pass(200)
  t.same([page.errorNames, page.count('initialized')], [['NotFoundError'], 1])
})

t.test('a connection on which nothing comes is asked for a sign of life by a guard that has come late', async t => {
  const world = new World()
  const letThrough = hold(t)
  const page = world.page(t)
  void page.open().join('room1')
  await world.whenIdle()
  const { receive } = world.server
  let pings = 0
  world.server.receive = (text, link) => {
    if (text.includes('"ping"')) pings++
    return receive(text, link)
  }
  await world.pass(30_000)
  t.equal(pings, 0)
  letThrough()
  await arrived(world)
  await world.pass(21_000)
  t.equal(pings, 1)
})

t.test('camera and microphone are given back without the guard, and while it hangs', async t => {
  for (const lack of [miss, (t: Test, _world: World) => hold(t)]) {
    const world = new World()
    lack(t, world)
    const page = world.page(t)
    page.open()
    await world.whenIdle()
    t.equal(page.devices.live.length, 2)
    await page.adaptor.closeStream()
    t.same(page.devices.live, [])
    await page.adaptor.close()
    await page.adaptor.closeStream()
    t.notOk(page.errorNames.includes('InvalidStateError'))
    LOADERS.guard = load
  }
})

t.test('close() waits for no guard that hangs', async t => {
  const world = new World()
  hold(t)
  const [anna, ben] = await world.call(t)
  await Promise.all([anna.adaptor.close(), ben.adaptor.close()])
  t.equal(world.clock.pending, 0)
})

t.test('no guard is made for an adaptor that is closed, whatever is asked of it', async t => {
  const world = new World()
  miss(t, world)
  const page = world.page(t)
  void page.open().join('room1')
  await world.whenIdle()
  await page.adaptor.close()
  LOADERS.guard = load
  await t.rejects(page.adaptor.sendPeerMessage('chat', 1), { name: 'InvalidStateError' })
  await t.rejects(page.adaptor.negotiate(), { name: 'InvalidStateError' })
  await arrived(world)
  page.window.fire('pageshow', { persisted: true })
  await world.pass(60_000)
  t.same([page.window.listening + page.document.listening, page.network.open.length, world.clock.pending], [0, 0, 0])
})

t.test('the device that can be had is asked for when a guard that could not be loaded is there', async t => {
  const world = new World()
  miss(t, world)
  const page = world.page(t)
  page.devices.fail = ({ video }) => video === undefined || video === false ? null : 'NotFoundError'
  page.open()
  await world.whenIdle()
  t.same(page.devices.live, [])
  LOADERS.guard = load
  await world.pass(2_000)
  t.same([page.adaptor.micOn, page.adaptor.cameraOn], [true, false])
})

t.test('a call whose servers the browser refuses comes about when a guard that could not be loaded is there', async t => {
  const world = new World()
  miss(t, world)
  const refused = 'turn:nobody.example.org'
  const Native = world.ice.RTCPeerConnection
  const pages = [world.page(t), world.page(t)] as const
  for (const page of pages) {
    page.environment.RTCPeerConnection = function (configuration?: RTCConfiguration) {
      if (JSON.stringify(configuration).includes(refused)) throw new DOMException('There are no credentials.', 'InvalidAccessError')
      return new Native(configuration)
    } as unknown as typeof Native
    void page.open({ peerconnection_config: { iceServers: [{ urls: refused }] } }).join('room1')
    await world.whenIdle()
  }
  t.notOk(inCall(...pages))
  LOADERS.guard = load
  await world.pass(20_000)
  t.ok(inCall(...pages))
})

t.test('a leave that was refused before the guard came is sent again when it is there', async t => {
  const world = new World()
  const letThrough = hold(t)
  const page = world.page(t)
  void page.open().join('room1')
  await world.whenIdle()
  const { receive } = world.server
  let refused = 0
  world.server.receive = (text, link) => {
    if (!text.includes('"leave"') || refused++ > 0) return receive(text, link)
    page.socket.push(JSON.stringify({ command: 'error', definition: 'rateExceeded', streamId: 'room1', message: '' }))
  }
  const left = page.adaptor.leave()
  await world.pass(5_000)
  letThrough()
  await arrived(world)
  await world.pass(5_000)
  await left
  await Promise.all([page.adaptor.join('room1'), world.whenIdle()])
})

t.test('what is said before the guard is there is for the room, and the join, that it was said in', async t => {
  const world = new World()
  const letThrough = hold(t)
  const [anna, ben] = await world.call(t)
  const forBen = anna.adaptor.sendPeerMessage('chat', 'for Ben')
  await Promise.all([anna.adaptor.leave(), world.whenIdle()])
  await Promise.all([ben.adaptor.leave(), world.whenIdle()])
  const carl = world.page(t)
  void carl.open().join('room1')
  await Promise.all([anna.adaptor.join('room1'), world.whenIdle()])
  letThrough()
  await arrived(world)
  await t.rejects(forBen, { name: 'AbortError' })
  t.same([heard(carl), heard(ben), anna.errorNames], [[], [], []], 'nobody hears it, and nobody is told of an error')
})

t.test('what is said before the guard is there is as it was then, can be given up, and goes out before anything later', async t => {
  const world = new World()
  const letThrough = hold(t)
  const [anna, ben] = await world.call(t)
  const reused = { text: 'first' }
  void anna.adaptor.sendPeerMessage('chat', reused)
  reused.text = 'changed'
  const controller = new AbortController()
  const givenUp = anna.adaptor.sendPeerMessage('chat', 'given up', { signal: controller.signal })
  controller.abort()
  await t.rejects(givenUp, { name: 'AbortError' })
  void anna.adaptor.sendPeerMessage('chat', 'second')
  const sayLater = async (turns: number): Promise<void> => {
    for (let turn = 0; turn < turns; turn++) await undefined
    await anna.adaptor.sendPeerMessage('chat', 'later')
  }
  // While the guard is being made.
  anna.environment.warmUp = () => { for (let turns = 0; turns < 12; turns++) void sayLater(turns) }
  letThrough()
  await arrived(world)
  t.same(heard(ben), [{ text: 'first' }, 'second', ...Array(12).fill('later') as string[]])
})

t.test('whoever switches the camera off while its failure is being explained has it off, and is told of no failure', async t => {
  const world = new World()
  const [anna] = await world.call(t)
  await anna.adaptor.turnOffLocalCamera()
  await world.whenIdle()
  const other = world.page(t)
  const letThrough = hold(t)
  other.open({ mediaConstraints: { audio: true, video: false } })
  await world.whenIdle()
  other.devices.fail = () => 'NotReadableError'
  const on = other.adaptor.turnOnLocalCamera()
  await world.whenIdle()
  const off = other.adaptor.turnOffLocalCamera()
  letThrough()
  await arrived(world)
  await Promise.all([on, off])
  t.same([other.errorNames, other.adaptor.cameraOn], [[], false])
  other.devices.fail = () => null
  await world.pass(10_000)
  t.equal(other.adaptor.cameraOn, false, 'and it does not come on by itself')
})

t.test('the other side is seen and heard without the guard, and does not go dark for a moment when that comes', async t => {
  const world = new World()
  const letThrough = hold(t)
  const [anna, ben] = await world.call(t)
  const told = () => anna.payloads.filter(([info]) => info === 'remote_media_changed').map(([, payload]) => (payload as { video: string }).video)
  t.same(told().at(-1), 'live')
  const before = told().length
  letThrough()
  await arrived(world)
  await world.pass(1_500)
  t.equal(told().length, before)
  await ben.adaptor.close()
  await world.whenIdle()
  t.equal(told().at(-1), 'off')
})

t.test('a way that is interrupted when the guard comes gets the time that it gets otherwise', async t => {
  const world = new World()
  const letThrough = hold(t)
  const [anna, ben] = await world.call(t)
  for (const { connection } of [anna, ben]) connection?.become('disconnected')
  letThrough()
  await arrived(world)
  await world.pass(2_500)
  t.equal(restarts(anna, ben), 0)
  await world.pass(1_000)
  t.equal(restarts(anna, ben), 1)
})
