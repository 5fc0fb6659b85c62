import t from 'tap'
import { pair, SignallingClient, talks } from '../helpers/signalling-client.js'
import { startServer } from '../helpers/signalling-server.js'

const { connect } = SignallingClient

t.test('The first to join gets `joined` and the second too; only the first is asked for an offer', async t => {
  const { address } = await startServer(t)
  const first = await connect(t, address)
  const second = await connect(t, address)
  first.send({ command: 'join', streamId: 'room1' })
  const [joined, ...rest] = await first.news()
  t.match(joined, { command: 'notification', definition: 'joined', streamId: 'room1', peers: 0, polite: false, resumed: false })
  t.same(rest, [])

  second.send({ command: 'join', streamId: 'room1' })
  const [joinedToo, ...restToo] = await second.news()
  t.match(joinedToo, { command: 'notification', definition: 'joined', streamId: 'room1', peers: 1, polite: true, resumed: false })
  t.same(restToo, [], 'no start to the second, and nothing else')
  t.same(await first.news(), [
    { command: 'notification', definition: 'peerJoined', streamId: 'room1', peerId: joinedToo?.peerId },
    { command: 'start', streamId: 'room1' }
  ])
})

t.test('A client that did not declare resumption gets no token, and one that did gets a new one with its window', async t => {
  const { address } = await startServer(t, { resume: { window: 1_234 } })
  const [plain, declared] = [await connect(t, address), await connect(t, address)]
  const without = await plain.join('room1')
  t.notOk('resumeToken' in without)
  t.notOk('resumeWindow' in without)
  const one = await declared.join('room1', { resume: true })
  const other = await declared.join('room2', { resume: true })
  t.equal(one.resumeWindow, 1_234)
  t.not(one.resumeToken, other.resumeToken)
  // A v4 UUID bears 122 random bits by itself; the secret behind the dot is what must have 128 or more.
  const secret = String(one.resumeToken).split('.')[1] ?? ''
  t.ok(Buffer.from(secret, 'base64url').length * 8 >= 128, 'the secret has 128 bits or more')
})

const joins: Record<string, Record<string, unknown>> = {
  'browser, v2.4 and later': { streamId: 'room1', multiPeer: false, mode: 'play or both' },
  'browser with a null token': { streamId: 'room1', token: null, multiPeer: null, mode: null },
  'empty token': { streamId: 'room1', token: '' },
  'a token of some kind': { streamId: 'room1', token: 'eyJhbGciOiJIUzI1NiJ9.e30.x' },
  '2017 browser': { streamName: 'room1' },
  '2017 browser that says both': { streamName: 'elsewhere', streamId: 'room1' },
  iOS: { streamId: 'room1', token: '', video: true, audio: true, trackList: [], multiPeer: false },
  Android: { streamId: 'room1', token: '', multiPeer: false, mode: 'both', video: true, audio: true },
  Flutter: { streamId: 'room1', token: '', mode: 'legacy', multiPeer: false, linkSession: '' },
  'one that only watches': { streamId: 'room1', mode: 'play' },
  ours: { streamId: 'room1', resume: true, token: 'abc' },
  'ours with a token of a seat that is long gone': { streamId: 'room1', resume: true, resumeToken: 'x.y', received: 12 }
}

for (const [client, frame] of Object.entries(joins)) {
  t.test(`A join as it comes from ${client} takes a seat, first or second, and the call comes up`, async t => {
    const { app, address } = await startServer(t)
    for (const place of ['first', 'second']) {
      const [one, other] = [await connect(t, address), await connect(t, address)]
      const [first, second] = place === 'first' ? [one, other] : [other, one]
      first.send({ command: 'join', ...(place === 'first' ? frame : { streamId: 'room1' }) })
      t.same(await first.heard(), ['joined'], place)
      second.send({ command: 'join', ...(place === 'second' ? frame : { streamId: 'room1' }) })
      t.same(await second.heard(), ['joined'], place)
      t.same(await first.heard(), ['peerJoined', 'start'], place)
      await talks(t, [first, second], 'room1', place)
      first.send({ command: 'leave', streamId: 'room1' })
      second.send({ command: 'leave', streamId: 'room1' })
      await first.hears('leaved')
      await second.hears('leaved')
      t.same(await app.rooms.list(), [], 'the room is gone with its last peer')
    }
  })
}

t.test('A third gets NoSpaceForNewPeer while both sitters live, and neither hears of it', async t => {
  const { app, address } = await startServer(t)
  const sitters = await pair(t, address, 'room1')
  const third = await connect(t, address)
  third.send({ command: 'join', streamId: 'room1' })
  const [refused, ...rest] = await third.news()
  t.match(refused, { command: 'error', definition: 'NoSpaceForNewPeer', streamId: 'room1', message: String })
  t.notOk('retryAfter' in (refused ?? {}), 'nobody is absent, so there is no time to name')
  t.same(rest, [])
  t.same(await sitters[0].heard(), [])
  t.same(await sitters[1].heard(), [])
  t.equal((await app.rooms.get('app', 'room1'))?.peers.length, 2)
  await talks(t, sitters, 'room1', 'afterwards')

  sitters[0].send({ command: 'leave' })
  await sitters[0].hears('leaved')
  t.match(await third.join('room1'), { peers: 1 }, 'and it may come in on the same connection when one has left')
})

t.test('Whoever stays is the one asked for the next offer, be it the first or the second', async t => {
  const { address } = await startServer(t)
  for (const leaves of [0, 1] as const) {
    const room = `room${leaves}`
    const sitters = await pair(t, address, room)
    const stayer = sitters[1 - leaves] as SignallingClient
    sitters[leaves].send({ command: 'leave', streamId: room })
    t.same(await sitters[leaves].heard(), ['leaved'])
    t.same(await stayer.heard(), ['stop', 'peerLeft'])
    const next = await connect(t, address)
    next.send({ command: 'join', streamId: room })
    const [joined, ...rest] = await next.news()
    t.same(rest, [])
    // The stayer was polite where it had come second, so the next joiner must not be.
    t.equal(joined?.polite, leaves === 1)
    t.same(await stayer.heard(), ['peerJoined', 'start'])
    await talks(t, [stayer, next], room, 'with the next')
  }
})

t.test('A socket that joins twice has one seat', async t => {
  const { app, address } = await startServer(t)
  const [first, second] = await pair(t, address, 'room1')
  first.send({ command: 'join', streamId: 'room1' })
  t.match(await first.news(), [{ definition: 'joined', streamId: 'room1', peers: 1, resumed: false }])
  // The offer that the first was asked for is still to come.
  t.same(await second.heard(), ['peerLeft', 'peerJoined'])
  t.equal((await app.rooms.get('app', 'room1'))?.peers.length, 2)
  first.send({ command: 'leave', streamId: 'room1' })
  await first.hears('leaved')
  t.equal((await app.rooms.get('app', 'room1'))?.peers.length, 1, 'one leave gives it up')
})

t.test('One socket sits in several rooms, which never hear each other', async t => {
  const { address } = await startServer(t)
  const middle = await connect(t, address)
  const rooms = ['a', 'b', 'c']
  const others = []
  for (const room of rooms) {
    await middle.join(room)
    const other = await connect(t, address)
    await other.join(room)
    others.push(other)
    t.match(await middle.hears('start'), { streamId: room })
  }
  for (const [i, room] of rooms.entries()) {
    await talks(t, [middle, others[i] as SignallingClient], room, `in ${room}`)
    for (const [j, other] of others.entries()) if (j !== i) t.same(await other.heard(), [])
  }
  middle.send({ command: 'leave', streamId: 'b' })
  t.match(await middle.news(), [{ definition: 'leaved', streamId: 'b' }])
  t.same(await others[0]?.heard(), [])
  t.match(await others[1]?.news(), [{ command: 'stop', streamId: 'b' }, { definition: 'peerLeft', streamId: 'b' }])
  t.same(await others[2]?.heard(), [])
  await talks(t, [middle, others[2] as SignallingClient], 'c', 'after leaving b')

  middle.socket.close(1001)
  await middle.closed
  t.match(await others[0]?.hears('stop'), { streamId: 'a' })
  t.match(await others[2]?.hears('stop'), { streamId: 'c' })
  t.same(await others[1]?.heard(), [], 'whom it left before hears nothing')
})

t.test('Rooms of one name in two applications never hear each other', async t => {
  const { app, address } = await startServer(t)
  const here = await pair(t, address, 'room1')
  const there = await pair(t, address.replace(/app$/, 'other'), 'room1')
  await talks(t, here, 'room1', 'here')
  t.same(await there[0].heard(), [])
  t.same(await there[1].heard(), [])
  await talks(t, there, 'room1', 'there')
  t.same(await here[0].heard(), [])
  t.same(await here[1].heard(), [])
  t.same((await app.rooms.list()).map(({ app, name, peers }) => [app, name, peers.length]).sort(), [['app', 'room1', 2], ['other', 'room1', 2]])
})

t.test('Every name of the rule is a room of its own, the names of Object.prototype among them', async t => {
  const { app, address } = await startServer(t, { limits: { roomsPerConnection: 100 } })
  const names = ['r', 'R', '.', '..', '-', '_', '__proto__', 'constructor', 'toString', 'hasOwnProperty', '0', '-0', 'x'.repeat(128)]
  const client = await connect(t, address)
  for (const name of names) t.match(await client.join(name), { streamId: name, peers: 0 })
  t.same((await app.rooms.list()).map(({ name }) => name).sort(), [...names].sort())
})
