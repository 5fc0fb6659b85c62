import t, { type Test } from 'tap'
import { World, type FakePage } from '../helpers/fakes/client-world.js'

/** A page whose server the test plays itself: what the SDK says is in `page.sent`. */
interface Alone {
  world: World
  page: FakePage
  push: (frame: object) => Promise<void>
  end: (code: number, reason?: string) => Promise<void>
}

async function alone (t: Test, options = {}): Promise<Alone> {
  const world = new World()
  const page = world.page(t)
  page.network.listener = () => ({ receive: () => {}, ended: () => {} })
  page.open(options)
  await world.whenIdle()
  return {
    world,
    page,
    push: async frame => {
      page.socket.push(JSON.stringify(frame))
      await world.whenIdle()
    },
    end: async (code, reason) => {
      page.socket.end(code, reason)
      await world.whenIdle()
    }
  }
}

const joined = { command: 'notification', definition: 'joined', streamId: 'room1', resumed: false, polite: false, peers: 0, resumeToken: 'token 1', resumeWindow: 20_000 }
const joins = (page: FakePage) => page.sent.filter(({ command }) => command === 'join')

t.test('close codes', async t => {
  for (const [code, reason] of [[1008, 'Too fast.'], [4001, 'The seat was resumed elsewhere.']] as const) {
    t.test(`${code} is the end: closed, and no other connection`, async t => {
      const { world, page, push, end } = await alone(t)
      void page.adaptor.join('room1')
      await push(joined)
      await end(code, reason)
      await world.pass(60_000)
      t.equal(page.network.sockets.length, 1)
      t.equal(page.count('closed'), 1)
      t.equal(page.count('reconnecting'), 0)
      t.same(page.errorNames, code === 1008 ? ['WebSocketNotConnected'] : [])
      if (code === 1008) t.equal(page.errors[0]?.message, 'Too fast.')
      t.equal(page.adaptor.roomName, null)
      t.equal(page.adaptor.connectionState, 'closed')
      void page.adaptor.join('room1')
      await world.whenIdle()
      t.equal(page.network.sockets.length, 2, 'until somebody joins again')
      t.notOk('resumeToken' in (joins(page).at(-1) ?? {}))
    })
  }

  for (const code of [1000, 1001, 1005, 1006, 1011, 1012, 1015, 3000, 4999]) {
    t.test(`${code} is a reason to come back at once, with the token`, async t => {
      const { world, page, push, end } = await alone(t)
      void page.adaptor.join('room1')
      await push(joined)
      await end(code)
      await world.pass(0)
      t.equal(page.network.sockets.length, 2)
      t.match(joins(page).at(-1), { streamId: 'room1', resume: true, resumeToken: 'token 1', received: 0 })
      t.equal(page.count('reconnecting'), 1)
    })
  }

  t.test('1013 while a room is wanted is tried again; while none is, it is left at that until somebody joins', async t => {
    const { world, page, push, end } = await alone(t)
    await end(1013)
    await world.pass(60_000)
    t.equal(page.network.sockets.length, 1)
    t.same(page.told.filter(info => info === 'closed' || info === 'reconnecting'), ['closed'])
    t.match(page.payloads.at(-1), ['closed', { code: 1013 }])
    t.same(page.errorNames, [], 'that nobody used it is no error')
    t.equal(page.adaptor.connectionState, 'closed')
    void page.adaptor.join('room1')
    await world.whenIdle()
    t.equal(page.network.sockets.length, 2)
    await push(joined)
    t.equal(page.count('joined'), 1)
    await end(1013)
    await world.pass(1_000)
    t.equal(page.network.sockets.length, 3)
  })

  t.test('1009 drops the message that was too large, tells so, and sends the others after the resumption', async t => {
    const { world, page, push, end } = await alone(t)
    void page.adaptor.join('room1')
    await push({ ...joined, peers: 1 })
    for (const data of ['a', 'x'.repeat(500), 'b']) void page.adaptor.sendPeerMessage('n', data)
    await world.whenIdle()
    await end(1009)
    await world.pass(1_000)
    await push({ ...joined, peers: 1, resumed: true, received: 1, resumeToken: 'token 2' })
    t.same(page.errorNames, ['tooLarge'])
    t.same(page.socket.sent.filter(text => text.includes('peerMessageCommand')).map(text => JSON.parse(text) as object), [
      { command: 'peerMessageCommand', streamId: 'room1', definition: 'n', data: 'b' }
    ])
  })

  t.test('1001 after server_will_stop comes back when it was told to, and not before', async t => {
    const { world, page, push, end } = await alone(t)
    void page.adaptor.join('room1')
    await push(joined)
    await push({ command: 'notification', definition: 'server_will_stop', retryAfter: 4_000 })
    t.equal(page.count('server_will_stop'), 1)
    await end(1001)
    await world.pass(3_900)
    page.window.fire('online')
    await world.whenIdle()
    t.equal(page.network.sockets.length, 1)
    await world.pass(200)
    t.equal(page.network.sockets.length, 2)
  })
})

t.test('a server that closes at once, again and again, is left more and more alone', async t => {
  const { world, page } = await alone(t)
  page.network.listener = socket => {
    socket.end(1011)
    return { receive: () => {}, ended: () => {} }
  }
  page.socket.cut()
  await world.pass(16_000)
  t.ok(page.network.sockets.length <= 8, `${page.network.sockets.length} connections in 16 s`)
})

t.test('there are never two sockets at once, and the events of an old one reach nobody', async t => {
  const { world, page, push } = await alone(t)
  void page.adaptor.join('room1')
  await push(joined)
  const old = page.socket
  const { onmessage, onclose } = old
  old.cut()
  await world.pass(0)
  onmessage?.({ data: JSON.stringify({ ...joined, definition: 'peerJoined' }) })
  onclose?.({ code: 4001, reason: '' })
  await world.whenIdle()
  t.equal(page.count('peerJoined'), 0)
  t.equal(page.count('closed'), 0)
  t.equal(page.network.open.length, 1)
})

t.test('a socket that does not open in time is given up for another', async t => {
  const world = new World()
  const page = world.page(t)
  page.open()
  page.socket.connect = () => {}
  await world.clock.advanceSlowly(9_999, async () => {})
  t.equal(page.socket.readyState === 0 && page.network.sockets.length, 1)
  await world.clock.advanceSlowly(2, async () => {})
  t.equal(page.network.sockets.length, 2)
  t.equal(page.network.sockets[0]?.closedWith, 4000)
})

t.test('a server that cannot be reached is told once; a join that waits for it is kept, or refused when the policy stops', async t => {
  const world = new World()
  const page = world.page(t)
  page.network.reachable = false
  page.open()
  const joining = page.adaptor.join('room1')
  await world.pass(10_000)
  t.same(page.errorNames, ['WebSocketNotConnected'])
  t.same(page.told.filter(info => info === 'reconnecting'), [], 'nothing was connected that could be reconnected')
  page.network.reachable = true
  await world.pass(8_000)
  t.match(await joining, { definition: 'joined' })

  const other = world.page(t)
  other.network.reachable = false
  other.open({ reconnect: () => null })
  const refused = other.adaptor.join('room1')
  await world.whenIdle()
  await t.rejects(refused, { name: 'WebSocketNotConnected' })
  t.same(other.errorNames, ['WebSocketNotConnected'])
  t.equal(other.count('closed'), 1)
  await t.rejects(Promise.all([other.adaptor.join('room1'), world.whenIdle()]), { name: 'WebSocketNotConnected' })
})

t.test('what the server refuses reaches callbackError and the promise, by its definition', async t => {
  for (const definition of ['NoSpaceForNewPeer', 'unauthorized_access', 'invalidStreamName', 'tooManyRooms', 'rateExceeded', 'serverDraining', 'internalError', 'somethingNew']) {
    const { page, push } = await alone(t)
    const joining = page.adaptor.join('room1')
    await push({ command: 'iceServerConfig', iceServers: [] })
    await push({ command: 'error', definition, streamId: definition === 'invalidStreamName' ? undefined : 'room1', message: 'Because.', retryAfter: 1_500 })
    await t.rejects(joining, { name: definition, message: 'Because.', retryAfter: 1_500 })
    t.same(page.errorNames, [definition])
    t.equal(page.adaptor.roomName, null)
    const again = page.adaptor.join('room1')
    await push(joined)
    t.match(await again, { definition: 'joined' })
  }
})

t.test('a server that has not looked for the seat of somebody who comes back is given the same proof of it again, and one that has is not', async t => {
  for (const definition of ['serverBusy', 'serverDraining', 'rateExceeded', 'internalError', 'NoSpaceForNewPeer']) {
    const { world, page, push, end } = await alone(t)
    void page.adaptor.join('room1')
    await push(joined)
    await end(1006)
    await world.pass(0)
    const first = joins(page).at(-1)
    t.match(first, { resumeToken: 'token 1' })
    await push({ command: 'error', definition, streamId: 'room1', message: '', retryAfter: 2_000 })
    await world.pass(2_100)
    t.equal(joins(page).length, 3)
    if (definition === 'NoSpaceForNewPeer') t.notHas(joins(page).at(-1), { resumeToken: 'token 1' })
    else t.same(joins(page).at(-1), first, definition)
  }
})

t.test('a room that is full when the SDK comes back by itself is tried again until it is not', async t => {
  const { world, page, push, end } = await alone(t)
  void page.adaptor.join('room1')
  await push(joined)
  await end(1006)
  await world.pass(0)
  await push({ command: 'error', definition: 'NoSpaceForNewPeer', streamId: 'room1', message: '', retryAfter: 2_000 })
  t.equal(joins(page).length, 2)
  await world.pass(1_900)
  t.equal(joins(page).length, 2, 'not before the server said')
  await world.pass(200)
  t.equal(joins(page).length, 3)
  t.same(page.errorNames, [])
  await push(joined)
  t.same(page.payloads.find(([info]) => info === 'reconnected')?.[1], { resumed: false, peers: 0 })
  t.equal(page.count('joined'), 1)
})

t.test('a seat that is refused for good when the SDK comes back is told as an error and as left', async t => {
  const { world, page, push, end } = await alone(t)
  void page.adaptor.join('room1')
  await push(joined)
  await end(1006)
  await world.pass(0)
  await push({ command: 'error', definition: 'unauthorized_access', streamId: 'room1', message: '' })
  t.same(page.errorNames, ['unauthorized_access'])
  t.match(page.payloads.find(([info]) => info === 'leaved')?.[1], { streamId: 'room1', reason: 'unauthorized_access' })
  t.equal(page.adaptor.roomName, null)
})

t.test('a seat that the server does not know any more is taken anew', async t => {
  const { page, push } = await alone(t)
  void page.adaptor.join('room1')
  await push(joined)
  await push({ command: 'error', definition: 'notInRoom', streamId: 'room1', message: '' })
  t.equal(joins(page).length, 2)
  t.notOk('resumeToken' in (joins(page)[1] ?? {}))
  t.same(page.errorNames, [])
})

t.test('who is put out by the server is told why, and joins again if it likes', async t => {
  const { page, push } = await alone(t)
  void page.adaptor.join('room1')
  await push(joined)
  await push({ command: 'notification', definition: 'leaved', streamId: 'room1', reason: 'for being loud' })
  t.match(page.payloads.find(([info]) => info === 'leaved')?.[1], { reason: 'for being loud' })
  t.equal(page.adaptor.roomName, null)
  const again = page.adaptor.join('room1')
  await push(joined)
  await again
})

t.test('nobody to talk to is an error for an application that talks, and none for candidates that crossed a leave', async t => {
  const { page, push } = await alone(t)
  void page.adaptor.join('room1')
  await push({ ...joined, peers: 1 })
  await push({ command: 'error', definition: 'no_peer_associated_before', streamId: 'room1', message: '' })
  t.same(page.errorNames, [])
  await page.adaptor.sendPeerMessage('n', 1)
  await push({ command: 'error', definition: 'no_peer_associated_before', streamId: 'room1', message: '' })
  t.same(page.errorNames, ['no_peer_associated_before'])
})

t.test('received counts the messages of the seat and nothing else', async t => {
  const { world, page, push, end } = await alone(t)
  void page.adaptor.join('room1')
  await push(joined)
  const counted = [
    { command: 'notification', definition: 'peerJoined', streamId: 'room1' },
    { command: 'start', streamId: 'room1' },
    { command: 'peerMessageCommand', streamId: 'room1', definition: 'n', data: 1 },
    { command: 'takeCandidate', streamId: 'room1', label: 0, id: '0', candidate: '' },
    { command: 'stop', streamId: 'room1', reason: 'left' },
    { command: 'notification', definition: 'of my own', streamId: 'room1', text: 'hello' }
  ]
  const uncounted = [
    { command: 'pong' },
    { command: 'iceServerConfig', iceServers: [] },
    { command: 'error', definition: 'rateExceeded', message: '' },
    { command: 'notification', definition: 'server_will_stop', retryAfter: 0 },
    { command: 'peerMessageCommand', streamId: 'room2', definition: 'n', data: 1 }
  ]
  for (const frame of [...counted, ...uncounted]) await push(frame)
  await end(1006)
  await world.pass(0)
  t.match(joins(page).at(-1), { resumeToken: 'token 1', received: counted.length })
  await push({ ...joined, resumed: true, received: 0, resumeToken: 'token 2' })
  await push({ command: 'peerMessageCommand', streamId: 'room1', definition: 'n', data: 2 })
  await end(1006)
  await world.pass(300)
  t.match(joins(page).at(-1), { resumeToken: 'token 2', received: counted.length + 1 })
  t.equal(page.count('of my own'), 1)
})

t.test('a notification of the application\'s own server reaches callback by its definition, and whoever listens', async t => {
  const { page, push } = await alone(t)
  const heard: unknown[] = []
  page.adaptor.on('notification', notification => heard.push(notification.definition))
  void page.adaptor.join('room1')
  await push(joined)
  await push({ command: 'notification', definition: 'tea', streamId: 'room1', when: 'now' })
  t.match(page.payloads.at(-1), ['tea', { when: 'now' }])
  t.same(heard, ['tea'])
  await push({ command: 'notification', definition: 'closed', streamId: 'room1' })
  t.equal(page.count('closed'), 0, 'but none passes for one of the SDK\'s own')
})

t.test('frames that are none are overlooked', async t => {
  const { world, page } = await alone(t)
  for (const text of ['', 'nonsense', '[]', 'null', '1', '{}', '{"command":1}', '{"command":"unheard_of"}', '{"command":"notification"}', '{"command":"takeConfiguration"}']) page.socket.push(text)
  page.socket.onmessage?.({ data: new ArrayBuffer(1) as unknown as string })
  await world.whenIdle()
  t.same(page.errorNames, [])
  t.equal(page.network.sockets.length, 1)
})

t.test('while it is quiet the server is asked every 20 s, and not while it speaks', async t => {
  const { world, page, push } = await alone(t)
  const pings = () => page.sent.filter(({ command }) => command === 'ping').length
  await world.pass(19_000)
  await push({ command: 'iceServerConfig', iceServers: [] })
  await world.pass(19_000)
  t.equal(pings(), 0)
  await world.pass(1_100)
  t.equal(pings(), 1)
  await push({ command: 'pong' })
  await world.pass(20_000)
  t.equal(pings(), 2)
})

t.test('where the server says nothing of politeness, whoever is told to start is the impolite one', async t => {
  const plain = { command: 'notification', definition: 'joined', streamId: 'room1' }
  const { page, push } = await alone(t, { peerconnection_config: { iceServers: [] } })
  void page.adaptor.join('room1')
  await push(plain)
  await push({ command: 'start', streamId: 'room1' })
  const fresh = (session: string) => ({ command: 'takeConfiguration', streamId: 'room1', type: 'offer', sdp: 'v=0\r\no=- 99 1 IN IP4 127.0.0.1', session, fresh: true })
  const first = page.connection
  await push(fresh('crossing'))
  t.equal(page.connection, first, 'its own fresh offer stands')
  void page.adaptor.leave()
  await push({ command: 'notification', definition: 'leaved', streamId: 'room1' })
  void page.adaptor.join('room1')
  await push({ ...plain, peers: 1 })
  await push(fresh('theirs'))
  t.ok(page.sent.some(({ type, session }) => type === 'answer' && session === 'theirs'))
})

t.test('a leave that the server answers with notInRoom is over as well', async t => {
  const { page, push } = await alone(t)
  void page.adaptor.join('room1')
  await push(joined)
  const left = page.adaptor.leave()
  await push({ command: 'error', definition: 'NoSpaceForNewPeer', streamId: 'room1', message: '' })
  t.equal(page.count('leaved'), 0)
  await push({ command: 'error', definition: 'notInRoom', streamId: 'room1', message: '' })
  await left
  t.equal(page.count('leaved'), 1)
  t.same(page.errorNames, [])
})
