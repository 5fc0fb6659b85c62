import t from 'tap'
import { inCall, World, type FakePage } from '../helpers/fakes/client-world.js'

/** How long the SDK looks for a server that is gone before it gives up. */
const GIVEN_UP = 11 * 60_000

const heard = (page: FakePage): unknown[] => page.payloads
  .filter(([info]) => info === 'peerMessageCommand')
  .map(([, message]) => (message as { data: unknown }).data)

for (const [name, code] of [['it is put out (1008)', 1008], ['its seat lives on elsewhere (4001)', 4001], ['the server is gone for ten minutes', null]] as const) {
  t.test(`when ${name}, a page whose connection has ended sends and shows nothing any more, and is heard by nobody`, async t => {
    const world = new World()
    const [anna, ben] = await world.call(t)
    t.ok(inCall(anna, ben))
    const connection = anna.connection
    if (code === null) {
      anna.network.reachable = false
      anna.socket.cut()
      await world.pass(9 * 60_000)
      t.equal(anna.count('closed'), 0)
      t.equal(anna.connection, connection, 'until then the call goes on')
      await world.pass(GIVEN_UP - 9 * 60_000)
    } else {
      anna.socket.end(code)
      await world.whenIdle()
    }
    t.equal(anna.count('closed'), 1)
    t.equal(connection?.connectionState, 'closed')
    t.equal(anna.connection, null)
    t.same(anna.remote, [])
    t.equal(anna.adaptor.remoteStream, null)
    t.equal(anna.adaptor.roomName, null)
    t.ok(anna.adaptor.cameraOn, 'the preview stays, as after leave')
    const ended = anna.told.indexOf('closed')
    t.ok(anna.told.lastIndexOf('remote_stream') < ended && ended !== -1, 'and the call is over when closed is told')
    // The browser at the other side sees that nobody answers any more (RFC 7675, section 5.1).
    ben.connection?.become('failed')
    await world.pass(60_000)
    t.same(ben.remote, [])
    t.equal(ben.connection, null, 'the other side ends it as well')
    anna.network.reachable = true
    await Promise.all([anna.adaptor.join('room1'), world.pass(30_000)])
    t.ok(inCall(anna, ben), 'whoever joins again is called again')
  })
}

for (const first of [0, 1]) {
  t.test(`after a restart of the server, what waited arrives once, ${first === 0 ? 'its sender' : 'the other'} coming back first`, async t => {
    const world = new World()
    const pages = await world.call(t)
    const [anna, ben] = pages
    world.server.restart()
    for (const { network } of pages) {
      network.reachable = false
      network.last.cut()
    }
    await world.whenIdle()
    let sent = 0
    for (let data = 0; data < 5; data++) void anna.adaptor.sendPeerMessage('n', data).then(() => { sent++ })
    for (const side of [first, 1 - first]) {
      (pages[side] as FakePage).network.reachable = true
      t.equal(sent, 0)
      await world.pass(8_000)
      if (side === 0 && first === 0) {
        void anna.adaptor.sendPeerMessage('n', 5)
        await world.whenIdle()
        t.equal(sent, 0, 'nothing is said to be sent while nobody is there to have it')
      } else if (side === 0) {
        void anna.adaptor.sendPeerMessage('n', 5)
      }
    }
    await world.whenIdle()
    t.same(heard(ben), [0, 1, 2, 3, 4, 5])
    t.equal(sent, 5)
    t.same([...anna.errorNames, ...ben.errorNames], [])
  })
}

t.test('what waits for one who does not come back after a restart is given up, and told once', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  world.server.restart()
  ben.network.reachable = false
  for (const { network } of [anna, ben]) network.last.cut()
  await world.whenIdle()
  const all = Promise.allSettled([1, 2, 3].map(async data => await anna.adaptor.sendPeerMessage('n', data)))
  await world.pass(70_000)
  t.same((await all).map(each => each.status === 'rejected' && (each.reason as Error).name), Array.from({ length: 3 }, () => 'no_peer_associated_before'))
  t.same(anna.errorNames, ['no_peer_associated_before'])
  await t.rejects(anna.adaptor.sendPeerMessage('n', 4), { name: 'no_peer_associated_before' })
  ben.network.reachable = true
  await world.pass(8_000)
  const again = anna.adaptor.sendPeerMessage('n', 5)
  await world.whenIdle()
  await again
  t.same(heard(ben), [5])
})

t.test('a message to nobody is refused, once, and none is kept for whoever comes later', async t => {
  const world = new World()
  const [anna, ben] = [world.page(t), world.page(t)]
  anna.open()
  void anna.adaptor.join('room1')
  const early = anna.adaptor.sendPeerMessage('n', 1)
  await world.whenIdle()
  await t.rejects(early, { name: 'no_peer_associated_before' })
  await t.rejects(anna.adaptor.sendPeerMessage('n', 2), { name: 'no_peer_associated_before', streamId: 'room1' })
  t.same(anna.errorNames, ['no_peer_associated_before', 'no_peer_associated_before'])
  ben.open()
  void ben.adaptor.join('room1')
  await world.whenIdle()
  void anna.adaptor.sendPeerMessage('n', 3)
  await world.whenIdle()
  t.same(heard(ben), [3])
  void ben.adaptor.leave()
  await world.whenIdle()
  await t.rejects(anna.adaptor.sendPeerMessage('n', 4), { name: 'no_peer_associated_before' })
})

t.test('a resumption counts nobody twice: who left meanwhile is gone, and who came is there', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  anna.network.reachable = false
  anna.socket.cut()
  await world.whenIdle()
  void ben.adaptor.leave()
  await world.pass(2_000)
  void ben.adaptor.join('room1')
  await world.pass(2_000)
  anna.network.reachable = true
  await world.pass(8_000)
  t.equal(anna.count('peerLeft'), 1)
  const sent = anna.adaptor.sendPeerMessage('n', 1)
  await world.whenIdle()
  await sent
  void ben.adaptor.leave()
  await world.whenIdle()
  await t.rejects(anna.adaptor.sendPeerMessage('n', 2), { name: 'no_peer_associated_before' })
})

t.test('a late answer to the camera prompt finds a connection that was closed as idle, and opens another', async t => {
  const world = new World()
  const page = world.page(t)
  page.devices.slow = true
  page.open()
  await world.whenIdle()
  page.socket.end(1013)
  await world.pass(60_000)
  t.equal(page.network.sockets.length, 1, 'nobody needs one yet')
  t.equal(page.count('closed'), 1)
  t.equal(page.adaptor.connectionState, 'closed')
  page.devices.answer()
  await world.pass(1_000)
  t.equal(page.network.sockets.length, 2)
  t.equal(page.count('initialized'), 1)
  t.same(page.errorNames, [])
  page.socket.end(1013)
  await world.pass(60_000)
  t.equal(page.network.sockets.length, 2, 'and is not kept open for nothing')
  const joined = page.adaptor.join('room1')
  await world.whenIdle()
  t.match(await joined, { streamId: 'room1' })
})

t.test('a late answer reaches no adaptor that was closed', async t => {
  const world = new World()
  const page = world.page(t)
  page.devices.slow = true
  page.open()
  await world.whenIdle()
  await page.adaptor.close()
  page.devices.answer()
  await world.pass(1_000)
  t.equal(page.network.sockets.length, 1)
  t.equal(page.count('initialized'), 0)
})

t.test('what cannot be written as JSON is a TypeError, told once', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  const circle: { own?: unknown } = {}
  circle.own = circle
  const bad: unknown[] = [() => {}, Symbol('s'), circle, 1n, { toJSON: () => undefined }]
  for (const data of bad) await t.rejects(anna.adaptor.sendPeerMessage('n', data), { name: 'TypeError' })
  await t.rejects(anna.adaptor.sendPeerMessage(7 as unknown as string, 1), { name: 'TypeError' })
  t.same(anna.errorNames, Array.from({ length: bad.length + 1 }, () => 'TypeError'))
  void anna.adaptor.sendPeerMessage('n')
  await world.whenIdle()
  t.same(heard(ben), [null])
})

t.test('promises that wait when the connection ends reject with its error, which is told once', async t => {
  for (const code of [1008, 4001]) {
    const world = new World()
    const page = world.page(t)
    page.network.listener = () => ({ receive: () => {}, ended: () => {} })
    page.open()
    await world.whenIdle()
    const all = Promise.allSettled([page.adaptor.join('room1'), page.adaptor.sendPeerMessage('n', 1), page.adaptor.sendPeerMessage('n', 2)])
    await world.whenIdle()
    page.socket.end(code, 'Enough.')
    await world.whenIdle()
    t.same((await all).map(each => each.status === 'rejected' && (each.reason as Error).name), Array.from({ length: 3 }, () => 'WebSocketNotConnected'))
    t.same(page.errorNames, ['WebSocketNotConnected'])
  }
})

t.test('leave resolves, whatever becomes of the connection, and what it gives up rejects with AbortError, which nobody is told', async t => {
  for (const fate of ['answered', 'cut', 'closed', 'away'] as const) {
    const world = new World()
    const page = world.page(t)
    page.open()
    await world.whenIdle()
    if (fate === 'away') {
      page.network.reachable = false
      page.socket.cut()
      await world.whenIdle()
    }
    const given = Promise.allSettled([page.adaptor.join('room1'), page.adaptor.sendPeerMessage('n', 1)])
    const left = page.adaptor.leave()
    if (fate === 'cut') page.socket.cut()
    if (fate === 'closed') page.socket.end(1008)
    await world.whenIdle()
    await left
    t.same((await given).map(each => each.status === 'rejected' && (each.reason as Error).name), ['AbortError', 'AbortError'], fate)
    t.same(page.errorNames, fate === 'closed' ? ['WebSocketNotConnected'] : [], fate)
  }
})
