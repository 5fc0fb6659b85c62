import t from 'tap'
import { agree, World, type FakePage } from '../helpers/fakes/client-world.js'
import { FakePlainClient } from '../helpers/fakes/fake-plain-client.js'

async function call (t: Parameters<World['page']>[0], first: 'ours' | 'plain'): Promise<{ world: World, page: FakePage, plain: FakePlainClient }> {
  const world = new World()
  const page = world.page(t)
  page.open()
  const plain = new FakePlainClient(world)
  if (first === 'plain') await plain.join()
  void page.adaptor.join('room1')
  await world.whenIdle()
  if (first === 'ours') await plain.join()
  return { world, page, plain }
}

function together (page: FakePage, plain: FakePlainClient): boolean {
  const [a, b] = [page.connection, plain.connection]
  return a !== null && b !== null && a.connectionState === 'connected' && b.connectionState === 'connected' && agree(a, b)
}

const offers = (page: FakePage) => page.sent.filter(({ type }) => type === 'offer').length

for (const first of ['ours', 'plain'] as const) {
  t.test(`a client of another make is called or answered, ${first} being first in the room; either leaves and joins again`, async t => {
    const { world, page, plain } = await call(t, first)
    t.ok(together(page, plain))
    t.same(page.remote, ['audio', 'video'])
    if (first === 'plain') t.ok(page.connection?.getTransceivers().every(({ sender }) => sender.streams.length === 1), 'it shows streams, not tracks')
    void page.adaptor.leave()
    await world.whenIdle()
    t.equal(plain.connection, null)
    void page.adaptor.join('room1')
    await world.whenIdle()
    t.ok(together(page, plain))
    plain.say({ command: 'leave' })
    plain.connection?.close()
    plain.connection = null
    await plain.join()
    t.ok(together(page, plain))
    await plain.reload()
    t.ok(together(page, plain))
    t.same([...page.errorNames, ...world.ice.faults], [])
    t.notOk(plain.heard.some(({ type }) => type === 'rollback'), 'it is never sent what it cannot understand')
  })

  t.test(`cameras go off and on without a collision, ${first} being first in the room`, async t => {
    const { world, page, plain } = await call(t, first)
    const before = offers(page)
    for (const toggle of ['turnOffLocalCamera', 'turnOnLocalCamera', 'muteLocalMic', 'unmuteLocalMic'] as const) {
      await page.adaptor[toggle]()
      await world.whenIdle()
      const sender = page.connection?.getTransceivers().find(({ receiver }) => receiver.track.kind === (toggle.includes('Mic') ? 'audio' : 'video'))?.sender
      t.equal(sender?.track === null, toggle === 'turnOffLocalCamera' || toggle === 'muteLocalMic', toggle)
    }
    void page.adaptor.negotiate()
    await world.whenIdle()
    t.equal(offers(page) > before, first === 'ours', 'only who made the first offer makes any')
    t.ok(together(page, plain))
    t.same(world.ice.faults, [])
  })
}

t.test('a camera that was off when the other called can be switched on, although this side never offers', async t => {
  const world = new World()
  const plain = new FakePlainClient(world)
  await plain.join()
  const page = world.page(t)
  page.open()
  await page.adaptor.turnOffLocalCamera()
  void page.adaptor.join('room1')
  await world.whenIdle()
  await page.adaptor.turnOnLocalCamera()
  await world.whenIdle()
  const video = page.connection?.getTransceivers().find(({ receiver }) => receiver.track.kind === 'video')
  t.equal(video?.currentDirection, 'sendrecv')
  t.equal(video?.sender.track?.readyState, 'live')
})

t.test('a second offer on the standing call is answered by the same connection, one from another connection by a fresh one', async t => {
  const { world, page, plain } = await call(t, 'plain')
  const first = page.connection
  const again = plain.connection
  await again?.setLocalDescription()
  plain.say({ command: 'takeConfiguration', type: 'offer', sdp: again?.localDescription?.sdp })
  await world.whenIdle()
  t.equal(page.connection, first)
  t.ok(together(page, plain))
  plain.connection = null
  plain.say({ command: 'ping' })
  const fresh = new world.ice.RTCPeerConnection() as unknown as NonNullable<typeof first>
  fresh.addTransceiver('audio', { direction: 'sendrecv' })
  await fresh.setLocalDescription()
  plain.connection = fresh
  plain.say({ command: 'takeConfiguration', type: 'offer', sdp: fresh.localDescription?.sdp })
  await world.whenIdle()
  t.not(page.connection, first)
  t.ok(first?.closed)
  t.ok(page.connection !== null && agree(page.connection, fresh))
})

t.test('candidates that come before the offer are kept for it, and empty ids and ends of candidates do no harm', async t => {
  const world = new World()
  const plain = new FakePlainClient(world)
  await plain.join()
  const page = world.page(t)
  void page.open().join('room1')
  for (let step = 0; step < 3; step++) page.network.step()
  plain.network.listener = () => null
  plain.socket.onmessage = null
  await world.whenIdle()
  const connection = new world.ice.RTCPeerConnection() as unknown as NonNullable<FakePage['connection']>
  connection.addTransceiver('audio', { direction: 'sendrecv' })
  await connection.setLocalDescription()
  plain.say({ command: 'takeCandidate', label: 0, id: '', candidate: 'candidate:1' })
  plain.say({ command: 'takeCandidate', label: 0, id: '0', candidate: '' })
  await world.whenIdle()
  t.equal(page.connection, null)
  plain.say({ command: 'takeConfiguration', type: 'offer', sdp: connection.localDescription?.sdp })
  await world.whenIdle()
  t.equal(page.connection?.candidates.length, 1)
  t.same(page.errorNames, [])
})

t.test('one that comes back with the connection it had is called by a fresh one', async t => {
  const { world, page, plain } = await call(t, 'ours')
  const first = page.connection
  plain.socket.cut()
  await world.whenIdle()
  t.equal(page.connection, first, 'its media may flow')
  plain.connection?.close()
  plain.connection = null
  await plain.reconnect()
  t.not(page.connection, first)
  t.ok(together(page, plain))
})
