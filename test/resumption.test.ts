import t, { type Test } from 'tap'
import { event, pair, SignallingClient, talks, type Message } from './helpers/signalling-client.js'
import { startServer, type SignallingServer } from './helpers/signalling-server.js'

const { connect } = SignallingClient

const said = (data: unknown) => JSON.stringify({ command: 'peerMessageCommand', streamId: 'room1', definition: 'chat', data })
const count = (n: number) => Array.from({ length: n }, (_, i) => said(i))

interface Scene extends SignallingServer {
  /** Can resume, and sat there first. */
  ours: SignallingClient
  /** Knows nothing of resumption. */
  other: SignallingClient
  joined: Message
}

/** A call between one that can resume and one that cannot. */
async function scene (t: Test, options: Parameters<typeof startServer>[1] = {}): Promise<Scene> {
  const server = await startServer(t, options)
  const ours = await connect(t, server.address)
  const other = await connect(t, server.address)
  const joined = await ours.join('room1', { resume: true })
  await other.join('room1')
  await ours.hears('start')
  return { ...server, ours, other, joined }
}

/** Cuts a connection without a close frame, and waits until the server knows. */
async function cut ({ app }: SignallingServer, client: SignallingClient): Promise<void> {
  const absent = event(app, 'absent')
  client.raw.destroy()
  await absent
}

/** Comes back on a new connection; what is heard behind `joined` is left to read. */
async function back (t: Test, { address }: SignallingServer, fields: Record<string, unknown>): Promise<{ client: SignallingClient, joined: Message }> {
  const client = await connect(t, address)
  return { client, joined: await client.join('room1', { resume: true, ...fields }) }
}

t.test('A cut goes unnoticed: the other hears nothing, what it says is kept in order, and comes once behind `joined`', async t => {
  const here = await scene(t)
  const { ours, other, app } = here
  await cut(here, ours)
  const frames = count(20)
  for (const frame of frames) other.send(frame)
  t.same(await other.heard(), [], 'no stop, no error')
  t.match(await app.rooms.peers('app', 'room1'), [{ state: 'absent', kept: 20, resumable: true }, { state: 'present', kept: 0 }])

  const { client, joined } = await back(t, here, { resumeToken: here.joined.resumeToken })
  t.match(joined, { resumed: true, peers: 1, polite: here.joined.polite, peerId: here.joined.peerId, received: 0 })
  t.same(await client.newFrames(), frames, 'each once, byte for byte, and no second start')
  t.same(await other.heard(), [])
  t.match(await app.rooms.peers('app', 'room1'), [{ state: 'present', kept: 0 }, { state: 'present' }])
  await talks(t, [client, other], 'room1', 'afterwards')
})

t.test('With `received`, what was lost on the way is sent again, also where it was sent before the cut', async t => {
  const here = await scene(t)
  const { ours, other } = here
  const [before, during] = [count(5), count(3)]
  for (const frame of before) other.send(frame)
  await other.heard()
  await cut(here, ours)
  for (const frame of during) other.send(frame)
  await other.heard()
  // peerJoined, start and the first two of five have arrived.
  const { client } = await back(t, here, { resumeToken: here.joined.resumeToken, received: 4 })
  t.same(await client.newFrames(), [...before.slice(2), ...during])
})

t.test('`received` counts on over several resumptions, and a resumption without it brings what came since the cut', async t => {
  const here = await scene(t)
  let { ours: client, joined } = here
  const { other } = here
  let received = 2
  for (let round = 0; round < 4; round++) {
    await cut(here, client)
    const frames = count(round + 1)
    for (const frame of frames) other.send(frame)
    await other.heard()
    ;({ client, joined } = await back(t, here, { resumeToken: joined.resumeToken, ...(round % 2 === 0 && { received }) }))
    t.same(await client.newFrames(), frames, `round ${round}`)
    received += frames.length
  }
})

t.test('`joined` tells the returning client how many of its messages were relayed, over all its connections', async t => {
  const here = await scene(t)
  const { ours, other } = here
  for (const frame of count(7)) ours.send(frame)
  ours.send({ command: 'ping' })
  ours.send('garbage')
  await ours.heard()
  await cut(here, ours)
  const { client, joined } = await back(t, here, { resumeToken: here.joined.resumeToken })
  t.equal(joined.received, 7)
  client.send(said('more'))
  await client.heard()
  await cut(here, client)
  const again = await back(t, here, { resumeToken: joined.resumeToken })
  t.equal(again.joined.received, 8)
  t.equal((await other.newFrames()).length, 8)
})

t.test('What a pong proves to have arrived is not kept, and what came after it is', async t => {
  const here = await scene(t, { resume: { messages: 4 }, heartbeat: { interval: 30, timeout: 5_000 } })
  const { ours, other } = here
  // Far more than the bounds, each confirmed by a ping before the next.
  for (const frame of count(8)) {
    other.send(frame)
    await ours.hears('peerMessageCommand')
    await new Promise(resolve => ours.socket.once('ping', resolve))
  }
  await ours.heard()
  await cut(here, ours)
  other.send(said('away'))
  await other.heard()
  const { client, joined } = await back(t, here, { resumeToken: here.joined.resumeToken, received: 10 })
  t.equal(joined.resumed, true)
  t.same(await client.newFrames(), [said('away')])
})

t.test('A `received` that the log does not reach, or that was never sent, makes it a plain join: the other is called anew', async t => {
  for (const received of [1, 100]) {
    const here = await scene(t, { resume: { messages: 3 } })
    const { ours, other, app } = here
    for (const frame of count(6)) other.send(frame)
    await other.heard()
    await cut(here, ours)
    const { client, joined } = await back(t, here, { resumeToken: here.joined.resumeToken, received })
    t.match(joined, { resumed: false, peers: 1 })
    t.not(joined.peerId, here.joined.peerId)
    t.same(await other.heard(), ['stop', 'peerLeft', 'peerJoined', 'start'])
    t.same(await client.heard(), [])
    t.equal((await app.rooms.get('app', 'room1'))?.peers.length, 2)
    await talks(t, [client, other], 'room1', 'anew')
  }
})

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

t.test('Both away at once: each finds what the other had said, and the call goes on', async t => {
  const server = await startServer(t)
  const [first, second] = [await connect(t, server.address), await connect(t, server.address)]
  const one = await first.join('room1', { resume: true })
  const two = await second.join('room1', { resume: true })
  await first.hears('start')
  await cut(server, first)
  second.send(said('for the first'))
  await second.heard()
  await cut(server, second)
  const { client: firstAgain } = await back(t, server, { resumeToken: one.resumeToken })
  t.same(await firstAgain.newFrames(), [said('for the first')])
  firstAgain.send(said('for the second'))
  t.same(await firstAgain.heard(), [], 'an absent peer is somebody to relay to')
  const { client: secondAgain } = await back(t, server, { resumeToken: two.resumeToken })
  t.same(await secondAgain.newFrames(), [said('for the second')])
  await talks(t, [firstAgain, secondAgain], 'room1', 'afterwards')
})

const overflows: Record<string, [bounds: { messages?: number, bytes?: number }, frames: string[]]> = {
  'more messages than are kept': [{ messages: 5 }, count(6)],
  'more bytes than are kept': [{ bytes: 2_000 }, [said('x'.repeat(1_000)), said('x'.repeat(1_000))]],
  'one message larger than all that is kept': [{ bytes: 100 }, [said('x'.repeat(200))]]
}

for (const [what, [resume, frames]] of Object.entries(overflows)) {
  t.test(`After ${what}, the absent peer's seat is given up and the other is told; what was within bounds cost nothing`, async t => {
    const here = await scene(t, { resume })
    await cut(here, here.ours)
    const last = frames.at(-1) ?? ''
    for (const frame of frames.slice(0, -1)) here.other.send(frame)
    t.same(await here.other.heard(), [])
    t.equal((await here.app.rooms.peers('app', 'room1'))[0]?.kept, frames.length - 1)
    here.other.send(last)
    t.match(await here.other.news(), [{ command: 'stop', streamId: 'room1', reason: 'lost' }, { definition: 'peerLeft' }])
    t.equal((await here.app.rooms.get('app', 'room1'))?.peers.length, 1)
    const { client, joined } = await back(t, here, { resumeToken: here.joined.resumeToken })
    t.match(joined, { resumed: false, peers: 1 })
    t.same(await client.heard(), [], 'nothing of the old seat')
    t.same(await here.other.heard(), ['peerJoined', 'start'])
  })
}

t.test('What an absent peer must know besides is kept too: a new peer, and messages of the application', async t => {
  const here = await scene(t)
  await cut(here, here.ours)
  here.other.send({ command: 'leave' })
  t.same(await here.other.heard(), ['leaved'])
  t.ok(await here.app.rooms.send('app', 'room1', 'news', { x: 1 }))
  const next = await connect(t, here.address)
  t.match(await next.join('room1'), { peers: 1 })
  const { client } = await back(t, here, { resumeToken: here.joined.resumeToken })
  t.same(await client.heard(), ['stop', 'peerLeft', 'news', 'peerJoined', 'start'])
  await talks(t, [client, next], 'room1', 'afterwards')
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
