import t from 'tap'
import { inCall, World, type FakePage } from '../helpers/fakes/client-world.js'
import { FakePlainClient } from '../helpers/fakes/fake-plain-client.js'

/** What a page was told of the other's picture and sound, in order. */
const told = (page: FakePage) => page.payloads.filter(([info]) => info === 'remote_media_changed')
  .map(([, payload]) => payload as { video: string, audio: string, streamId: string })
const pictures = (page: FakePage) => told(page).map(({ video }) => video)

/** The server cannot be reached by either side; the way between the two is as it was. */
function away (...pages: FakePage[]): void {
  for (const page of pages) {
    page.network.reachable = false
    page.socket.cut()
  }
}

t.test('a picture that moves is live, one of which no frame comes for two seconds is frozen, and none is off', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  await world.pass(1_000)
  for (const page of [anna, ben]) {
    t.same(told(page).at(-1), { streamId: 'room1', video: 'live', audio: 'live' })
    t.same(page.adaptor.remoteMedia, { video: 'live', audio: 'live' })
  }
  // The other browser is killed: nothing says so, nothing comes.
  world.ice.frames = false
  await world.pass(1_400)
  t.equal(pictures(ben).at(-1), 'live')
  await world.pass(1_200)
  t.equal(pictures(ben).at(-1), 'frozen')
  world.ice.frames = true
  await world.pass(600)
  t.equal(pictures(ben).at(-1), 'live')
  await anna.adaptor.turnOffLocalCamera()
  await world.whenIdle()
  t.same(told(ben).at(-1), { streamId: 'room1', video: 'off', audio: 'live' })
  await world.pass(10_000)
  t.equal(pictures(ben).at(-1), 'off', 'and not frozen')
  await anna.adaptor.turnOnLocalCamera()
  await world.pass(1_100)
  t.equal(pictures(ben).at(-1), 'live')
  void anna.adaptor.leave()
  await world.whenIdle()
  t.same(told(ben).at(-1), { streamId: 'room1', video: 'off', audio: 'off' })
  t.same(pictures(ben), ['off', 'live', 'frozen', 'live', 'off', 'live', 'off'])
})

t.test('a picture that never comes, though it was agreed on, is frozen', async t => {
  const world = new World()
  world.ice.frames = false
  const [anna] = await world.call(t)
  await world.pass(1_500)
  t.same(pictures(anna), ['off'])
  await world.pass(1_000)
  t.same(pictures(anna), ['off', 'frozen'])
})

t.test('a camera and a microphone that are switched while the server is away are known at the other side at once', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  await world.pass(1_000)
  away(anna, ben)
  await world.whenIdle()
  await anna.adaptor.turnOffLocalCamera()
  await world.whenIdle()
  t.same(told(ben).at(-1), { streamId: 'room1', video: 'off', audio: 'live' })
  await anna.adaptor.muteLocalMic()
  await world.whenIdle()
  t.same(told(ben).at(-1), { streamId: 'room1', video: 'off', audio: 'off' })
  await anna.adaptor.turnOnLocalCamera()
  await anna.adaptor.unmuteLocalMic()
  await world.pass(1_100)
  t.same(told(ben).at(-1), { streamId: 'room1', video: 'live', audio: 'live' })
  for (const page of [anna, ben]) page.network.reachable = true
  await world.pass(8_000)
  t.ok(inCall(anna, ben))
  t.same(told(ben).at(-1), { streamId: 'room1', video: 'live', audio: 'live' })
})

t.test('what else may come on the data channel changes nothing', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  await world.pass(1_000)
  const channel = anna.connection?.channels[0]
  t.equal(channel?.label, 'room1', 'as Ant Media\'s SDKs name it')
  const before = told(ben).length
  for (const text of ['', 'null', '{}', '{"command":"mediaState"}', '{"command":"mediaState","camera":0,"microphone":"no"}', '{"command":"other","camera":false}', ' '.repeat(1_000) + '{"command":"mediaState","camera":false,"microphone":false}']) channel?.send(text)
  channel?.twin?.onmessage?.({ data: new ArrayBuffer(3) })
  await world.whenIdle()
  t.equal(told(ben).length, before)
  t.same(ben.errorNames, [])
})

t.test('every connection that our SDK makes has a data channel, on which a client of another make is told nothing', async t => {
  for (const first of ['ours', 'plain'] as const) {
    const world = new World()
    const page = world.page(t)
    const plain = new FakePlainClient(world)
    page.open()
    if (first === 'plain') await plain.join()
    void page.adaptor.join('room1')
    await world.whenIdle()
    if (first === 'ours') await plain.join()
    await page.adaptor.turnOffLocalCamera()
    await world.whenIdle()
    t.equal(page.connection?.connectionState, 'connected')
    t.equal(page.connection?.channels.length, first === 'ours' ? 1 : 0)
    t.same(page.connection?.channels.flatMap(({ sent }) => sent), [])
  }
})

t.test('a client that keeps its peer connection over its own leave takes our fresh offer, whichever way round its sections are', async t => {
  for (const kinds of [['audio', 'video'], ['video', 'audio']] as const) {
    const world = new World()
    const keeper = new FakePlainClient(world, 'room1', { kinds, data: true })
    await keeper.join()
    const page = world.page(t)
    void page.open().join('room1')
    await world.whenIdle()
    const kept = keeper.connection
    for (const round of [1, 2]) {
      keeper.say({ command: 'leave' })
      await world.whenIdle()
      t.equal(page.connection, null)
      await keeper.join()
      t.equal(keeper.connection, kept)
      t.equal(page.connection?.connectionState, 'connected', `round ${round}, ${kinds.join()}`)
      t.same(page.remote, ['audio', 'video'])
    }
    t.same([page.errorNames, keeper.faults], [[], []])
  }
})
