import t from 'tap'
import { inCall, World, type FakePage } from '../helpers/fakes/client-world.js'
import { turn } from '../helpers/fakes/pending.js'

t.test('two who join the same room are called together, and see and hear each other', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  t.ok(inCall(anna, ben))
  for (const page of [anna, ben]) {
    t.same(page.remote, ['audio', 'video'])
    t.same(page.errorNames, [])
    t.ok(page.warmedUp, 'the browser was got ready ahead of time')
    t.equal(page.elements.localVideo?.muted, true, 'nobody wants to hear the preview')
    t.equal(page.adaptor.remoteStream, page.elements.remoteVideo?.srcObject)
  }
  t.same(anna.told.filter(info => info !== 'local_media_changed'), ['initialized', 'joined', 'peerJoined', 'ice_connection_state_changed', 'remote_stream', 'remote_media_changed', 'ice_connection_state_changed', 'data_channel_opened'])
  t.equal(ben.sent.filter(({ type }) => type === 'offer').length, 0, 'only the one who sat there first has offered')
  t.same(world.ice.faults, [])
})

t.test('every candidate bears a string id and an integer label, and the end of them is told once', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  for (const page of [anna, ben]) {
    const candidates = page.sent.filter(({ command }) => command === 'takeCandidate')
    t.ok(candidates.every(({ id, label }) => typeof id === 'string' && Number.isInteger(label)))
    t.same(candidates.map(({ candidate }) => candidate === ''), [false, true])
  }
})

t.test('an answer does not wait until the senders have their tracks', async t => {
  const world = new World()
  const [anna, ben] = [world.page(t), world.page(t)]
  const { RTCPeerConnection } = ben.environment
  ben.environment.RTCPeerConnection = function (configuration: RTCConfiguration) {
    const connection = new RTCPeerConnection(configuration)
    const set = connection.setRemoteDescription.bind(connection) as (description: RTCSessionDescriptionInit) => Promise<void>
    connection.setRemoteDescription = async (description: RTCSessionDescriptionInit) => {
      await set(description)
      for (const { sender } of connection.getTransceivers()) sender.replaceTrack = () => new Promise(() => {})
    }
    return connection
  } as unknown as typeof RTCPeerConnection
  for (const page of [anna, ben]) {
    void page.open().join('room1')
    await world.whenIdle()
  }
  t.equal(ben.sent.filter(({ type }) => type === 'answer').length, 1)
})

t.test('when one leaves, the other\'s picture is cleared and the next joiner is called', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  for (const [goes, stays] of [[anna, ben], [ben, anna]] as const) {
    const left = goes.adaptor.leave('room1')
    t.equal(goes.elements.remoteVideo?.srcObject, null, 'at once')
    await world.whenIdle()
    await left
    t.equal(goes.told.at(-1), 'leaved')
    t.equal(stays.elements.remoteVideo?.srcObject, null)
    t.same(goes.devices.live, ['audio', 'video'], 'the preview stays')
    void goes.adaptor.join('room1')
    await world.whenIdle()
    t.ok(inCall(anna, ben))
  }
})

t.test('leave and join in one tick make a new call', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  for (const page of [anna, ben]) {
    void page.adaptor.leave()
    const joined = page.adaptor.join('room1')
    await world.whenIdle()
    t.match(await joined, { definition: 'joined', resumed: false })
    t.ok(inCall(anna, ben))
  }
  t.same(world.ice.connections.filter(({ closed }) => !closed).length, 2, 'nothing is left of the calls before')
})

t.test('to join another room is to leave the one before', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  const joined = anna.adaptor.join('room2')
  await world.whenIdle()
  t.match(await joined, { streamId: 'room2' })
  t.equal(anna.adaptor.roomName, 'room2')
  t.equal(ben.connection, null)
})

t.test('to join twice is to join once', async t => {
  const world = new World()
  const anna = world.page(t)
  anna.open()
  const both = [anna.adaptor.join('room1'), anna.adaptor.join('room1')]
  await world.whenIdle()
  t.match(await Promise.all([...both, anna.adaptor.join('room1')]), [{ definition: 'joined' }, { definition: 'joined' }, { definition: 'joined' }])
  t.equal(anna.sent.filter(({ command }) => command === 'join').length, 1)
})

t.test('one who only watches gets the call, and asks for no camera', async t => {
  for (const options of [{ isPlayMode: true }, { mediaConstraints: { video: false, audio: false } }]) {
    for (const first of [true, false]) {
      const world = new World()
      const [watcher, other] = [world.page(t), world.page(t)]
      watcher.open(options)
      other.open()
      for (const page of first ? [watcher, other] : [other, watcher]) {
        void page.adaptor.join('room1')
        await world.whenIdle()
      }
      t.ok(inCall(watcher, other))
      t.same(watcher.remote, ['audio', 'video'])
      t.same(other.remote, [])
      t.same(watcher.devices.requests, [])
      t.equal(watcher.count('initialized'), 1)
      t.match(watcher.sent.find(({ command }) => command === 'join'), { mode: 'play' })
    }
  }
})

t.test('sdp_constraints say what is received', async t => {
  const world = new World()
  const [anna, ben] = [world.page(t), world.page(t)]
  anna.open({ sdp_constraints: { OfferToReceiveAudio: true, OfferToReceiveVideo: false } })
  ben.open()
  for (const page of [anna, ben]) {
    void page.adaptor.join('room1')
    await world.whenIdle()
  }
  t.same(anna.remote, ['audio'])
  t.same(ben.remote, ['audio', 'video'])
})

t.test('a side without the camera that the other has not asked for offers it itself', async t => {
  const world = new World()
  const [anna, ben] = [world.page(t), world.page(t)]
  anna.open({ mediaConstraints: { audio: true, video: false }, sdp_constraints: { OfferToReceiveVideo: false } })
  ben.open()
  for (const page of [anna, ben]) {
    void page.adaptor.join('room1')
    await world.whenIdle()
  }
  t.ok(inCall(anna, ben))
  t.same(ben.connection?.getTransceivers().map(({ currentDirection }) => currentDirection), ['sendrecv', 'inactive'])
})

/** Runs a call's set-up on and on, one carried frame at a time, cuts it after `step` of them, and gives back how many there were. */
async function setUp (world: World, pages: FakePage[], step: number, cut: FakePage[]): Promise<number> {
  let carried = 0
  for (const { network } of pages) network.last.connect()
  do {
    for (const page of pages) {
      for (const socket of [...page.network.sockets]) {
        socket.connect()
        for (const carry of [() => socket.carryUp(), () => socket.carryDown()]) {
          if (!carry()) continue
          if (++carried !== step) continue
          for (const { network } of cut) network.last.cut()
        }
      }
    }
    await turn()
  } while (world.busy)
  await world.whenIdle()
  return carried
}

t.test('cut at every step of the set-up, at either side or at both, the call is up within the first steps of the policy', async t => {
  const steps = await (async () => {
    const world = new World()
    const [anna, ben] = [world.page(t), world.page(t)]
    for (const page of [anna, ben]) void page.open().join('room1')
    return setUp(world, [anna, ben], 0, [])
  })()
  t.ok(steps > 20, `${steps} frames make a call`)
  for (let step = 1; step <= steps; step++) {
    for (const sides of [[0], [1], [0, 1]]) {
      const world = new World()
      const pages = [world.page(t), world.page(t)] as const
      for (const page of pages) void page.open().join('room1')
      await setUp(world, [...pages], step, sides.map(side => pages[side] as FakePage))
      await world.pass(2_000)
      const [anna, ben] = pages
      if (!inCall(anna, ben) || anna.remote.length !== 2 || ben.remote.length !== 2) {
        t.fail(`cut after frame ${step} at ${sides.join(' and ')}`)
      }
      t.same([...anna.errorNames, ...ben.errorNames, ...world.ice.faults], [], `cut after frame ${step} at ${sides.join(' and ')}`)
      for (const page of pages) await page.adaptor.close()
      t.equal(world.ice.connections.filter(({ closed }) => !closed).length, 0)
    }
  }
})
