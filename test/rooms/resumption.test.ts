import t from 'tap'
import { back, cut, scene } from '../helpers/resumption.js'
import { event, pair, SignallingClient, talks } from '../helpers/signalling-client.js'
import { startServer } from '../helpers/signalling-server.js'

const { connect } = SignallingClient

t.test('A token works once: each `joined` bears another, and a used one is a plain join', async t => {
  const here = await scene(t)
  await cut(here, here.ours)
  const first = await back(t, here, { resumeToken: here.joined.resumeToken })
  t.not(first.joined.resumeToken, here.joined.resumeToken)
  const thief = await connect(t, here.address)
  thief.send({ command: 'join', streamId: 'room1', resume: true, resumeToken: here.joined.resumeToken })
  t.same(await thief.heard(), ['error: NoSpaceForNewPeer'], 'and the room is full')
  t.same(await first.client.heard(), [], 'the owner hears nothing of it')
  await talks(t, [first.client, here.other], 'room1', 'afterwards')
  await cut(here, first.client)
  t.match((await back(t, here, { resumeToken: first.joined.resumeToken })).joined, { resumed: true }, 'the new one still works')
})

t.test('A token of another room, another application, of nobody, or changed in one letter is a plain join, and frees nobody', async t => {
  const here = await scene(t)
  const stranger = await connect(t, here.address)
  const foreign = await stranger.join('room2', { resume: true })
  const abroad = await (await connect(t, here.address.replace(/app$/, 'other'))).join('room1', { resume: true })
  const good = String(here.joined.resumeToken)
  const [id = '', secret = ''] = good.split('.')
  await cut(here, here.ours)
  const flipped = `${secret.startsWith('A') ? 'B' : 'A'}${secret.slice(1)}`
  for (const token of [foreign.resumeToken, abroad.resumeToken, '', '.', id, `${id}.`, `.${secret}`, `${id}.${flipped}`, `${id}.${secret.slice(0, -4)}`, `${id}.${secret}AAAA`, `${id}.${secret}${secret}`, '__proto__.x', 'x'.repeat(256)]) {
    const other = await connect(t, here.address)
    other.send({ command: 'join', streamId: 'room1', resume: true, resumeToken: token })
    t.match(await other.news(), [{ command: 'error', definition: 'NoSpaceForNewPeer', retryAfter: Number }], String(token).slice(0, 50))
    other.send({ command: 'join', streamId: 'room3', resume: true, resumeToken: token })
    t.match(await other.news(), [{ definition: 'joined', resumed: false }])
    other.send({ command: 'leave' })
    await other.hears('leaved')
  }
  t.same(await here.other.heard(), [])
  t.match((await back(t, here, { resumeToken: good })).joined, { resumed: true }, 'its owner comes back')
})

t.test('The old socket, where it still lives, is closed with 4001 and has no part in the room any more', async t => {
  const here = await scene(t)
  const { client, joined } = await back(t, here, { resumeToken: here.joined.resumeToken })
  t.match(joined, { resumed: true })
  t.equal((await here.ours.closed).code, 4001)
  t.same(await here.other.heard(), [], 'the close of the old one takes nothing from the new one')
  await talks(t, [client, here.other], 'room1', 'afterwards')
})

t.test('A client with seats in several rooms takes each back by its token, though the first resumption closed the old socket', async t => {
  const server = await startServer(t)
  const ours = await connect(t, server.address)
  const tokens: Record<string, unknown> = {}
  const others: SignallingClient[] = []
  for (const room of ['a', 'b', 'c']) {
    tokens[room] = (await ours.join(room, { resume: true })).resumeToken
    const other = await connect(t, server.address)
    await other.join(room)
    await ours.hears('start')
    others.push(other)
  }
  const client = await connect(t, server.address)
  for (const [i, room] of ['a', 'b', 'c'].entries()) {
    t.match(await client.join(room, { resume: true, resumeToken: tokens[room] }), { resumed: true, streamId: room })
    await talks(t, [client, others[i] as SignallingClient], room, room)
  }
  t.equal((await ours.closed).code, 4001)
  for (const other of others) t.same(await other.heard(), [])
})

t.test('A clean close frees a resumable seat at once, and so does `leave`; the token is worth nothing then', async t => {
  for (const end of [(c: SignallingClient) => c.socket.close(1000), (c: SignallingClient) => c.socket.close(1001), (c: SignallingClient) => c.send({ command: 'leave' })]) {
    const here = await scene(t)
    end(here.ours)
    t.match(await here.other.hears('stop'), { reason: 'left' })
    t.same(await here.other.heard(), ['peerLeft'])
    const { joined } = await back(t, here, { resumeToken: here.joined.resumeToken })
    t.match(joined, { resumed: false, peers: 1 })
  }
})

t.test('Who did not declare resumption is gone at once, and so is everybody where the window is 0', async t => {
  const here = await scene(t)
  here.other.raw.destroy()
  t.match(await here.ours.hears('stop'), { reason: 'lost' })
  t.match(await here.app.rooms.peers('app', 'room1'), [{ state: 'present' }])

  const never = await startServer(t, { resume: { window: 0 } })
  const [first, second] = await pair(t, never.address, 'room1', { resume: true })
  first.raw.destroy()
  t.match(await second.hears('stop'), { reason: 'lost' })
})

t.test('When the window is over the other is told `stop` with reason `lost`, and the token is worth nothing', async t => {
  const here = await scene(t, { resume: { window: 40 } })
  t.equal(here.joined.resumeWindow, 40)
  await cut(here, here.ours)
  t.match(await here.other.hears('stop'), { streamId: 'room1', reason: 'lost' })
  t.match(await here.other.news(), [{ definition: 'peerLeft', streamId: 'room1', reason: 'lost' }])
  const { joined } = await back(t, here, { resumeToken: here.joined.resumeToken })
  t.match(joined, { resumed: false, peers: 1 })
  t.same(await here.other.heard(), ['peerJoined', 'start'])
})

t.test('Who is back within the window is not thrown out when it would have been over', async t => {
  const here = await scene(t, { resume: { window: 1_000 } })
  await cut(here, here.ours)
  const { client } = await back(t, here, { resumeToken: here.joined.resumeToken })
  // Another seat whose window begins later: when it is over, the first one's would have been for long.
  const witness = await connect(t, here.address)
  await witness.join('room2', { resume: true })
  await cut(here, witness)
  t.match(await event(here.app, 'left'), { room: 'room2' })
  await talks(t, [client, here.other], 'room1', 'still there')
})

t.test('Resuming a seat that sits alone works as well, and the next joiner finds it in the same room', async t => {
  const server = await startServer(t)
  for (const received of [undefined, 0, 5]) {
    const room = `room${received}`
    const client = await connect(t, server.address)
    const { resumeToken } = await client.join(room, { resume: true })
    await cut(server, client)
    const again = await connect(t, server.address)
    t.match(await again.join(room, { resume: true, resumeToken, received }), { resumed: received !== 5, peers: 0 })
    const next = await connect(t, server.address)
    t.match(await next.join(room), { peers: 1 })
    await again.hears('start')
    await talks(t, [again, next], room, room)
  }
})

t.test('A `claim` takes back the seat whose `joined`, and token, never arrived; another claim does not', async t => {
  const here = await startServer(t)
  const claim = 'c'.repeat(32)
  const first = await connect(t, here.address)
  const second = await connect(t, here.address)
  await first.join('room1')
  // This client is cut before it has read anything.
  await second.join('room1', { resume: true, claim })
  await cut(here, second)
  const stranger = await connect(t, here.address)
  stranger.send({ command: 'join', streamId: 'room1', resume: true, claim: 'd'.repeat(32) })
  t.same(await stranger.heard(), ['error: NoSpaceForNewPeer'])
  const { client, joined } = await back(t, here, { claim, received: 0 })
  t.match(joined, { resumed: true })
  await first.hears('start')
  await talks(t, [first, client], 'room1', 'afterwards')
})

t.test('Who lost the `joined` of a new seat, and still has the token of the one before, comes to it by its claim as to a new one', async t => {
  const here = await startServer(t)
  const claim = 'c'.repeat(32)
  const lost = await connect(t, here.address)
  await lost.join('room1', { resume: true, claim })
  await cut(here, lost)
  const other = await connect(t, here.address)
  await other.join('room1')
  other.send({ command: 'peerMessageCommand', streamId: 'room1', definition: 'chat', data: 'hello' })
  // The messages that it has received were of the seat before.
  const { client, joined } = await back(t, here, { claim, resumeToken: 'before.secret', received: 2 })
  t.match(joined, { resumed: false, peers: 0 })
  t.notOk('received' in joined, 'what it said on the seat before does not count here')
  t.same(await client.heard(), ['peerJoined', 'start', 'peerMessageCommand'], 'everything that came of the new seat')
  await talks(t, [client, other], 'room1', 'afterwards')
})
