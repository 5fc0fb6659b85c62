import t, { type Test } from 'tap'
import { event, pair, SignallingClient, talks } from '../helpers/signalling-client.js'
import { startServer, type SignallingServer } from '../helpers/signalling-server.js'
import { Proxy } from '../helpers/proxy.js'
import { timer } from '../helpers/timer.js'

const { connect } = SignallingClient

/** A client whose socket stands while it answers nothing any more, as of a phone in a tunnel. */
const deaf = async (t: Test, address: string) => connect(t, address, { autoPong: false })

/** Waits until so many joiners of room1 wait. */
async function waiting ({ app }: SignallingServer, many: number): Promise<void> {
  while ((await app.rooms.get('app', 'room1'))?.waiting !== many) await new Promise(setImmediate)
}

t.test('A joiner gets the seat of a client whose network swallows everything, within the 2 s of the default and a little', async t => {
  const server = await startServer(t)
  const proxy = await Proxy.start(t, server.http)
  const dead = await connect(t, `${proxy.origin.replace('http', 'ws')}/app`)
  const sitter = await connect(t, server.address)
  await dead.join('room1')
  await sitter.join('room1')
  proxy.swallow()

  const again = await connect(t, server.address)
  const [early, late] = [timer(1_900), timer(4_000)]
  t.match(await again.join('room1'), { peers: 1, resumed: false })
  t.ok(early.fired && !late.fired)
  t.same(await sitter.heard(), ['stop', 'peerLeft', 'peerJoined', 'start'])
  await talks(t, [sitter, again], 'room1', 'afterwards')
})

t.test('Both sitters dead: the joiner gets one place, the next joiner the other', async t => {
  const server = await startServer(t, { probeTimeout: 50 })
  const dead = [await deaf(t, server.address), await deaf(t, server.address)]
  for (const client of dead) await client.join('room1')
  const [first, second] = [await connect(t, server.address), await connect(t, server.address)]
  await first.join('room1')
  for (const client of dead) t.equal((await client.closed).code, 1006, 'the dead are cut off')
  // The first came in when one of them was found dead; the other may have been, the next moment.
  t.same((await first.heard()).filter(name => name !== 'stop' && name !== 'peerLeft'), [])
  t.match(await second.join('room1'), { peers: 1 })
  t.same(await first.heard(), ['peerJoined', 'start'])
  await talks(t, [first, second], 'room1', 'the living')
})

t.test('A live room refuses at once, long before the probe would be over, and its sitters notice nothing', async t => {
  const server = await startServer(t, { probeTimeout: 60_000 })
  const sitters = await pair(t, server.address, 'room1')
  for (let i = 0; i < 5; i++) {
    const joiner = await connect(t, server.address)
    joiner.send({ command: 'join', streamId: 'room1' })
    t.same(await joiner.heard(), ['error: NoSpaceForNewPeer'])
  }
  for (const sitter of sitters) t.same(await sitter.heard(), [])
})

t.test('Only the pong to its own ping answers a probe: any other frame may have been on its way when its sender died', async t => {
  const server = await startServer(t, { probeTimeout: 300 })
  const [one, other] = [await deaf(t, server.address), await connect(t, server.address)]
  await one.join('room1')
  await other.join('room1')
  await one.hears('start')
  const joiner = await connect(t, server.address)
  joiner.send({ command: 'join', streamId: 'room1' })
  await waiting(server, 1)
  t.same(await one.heard(), [], 'it is heard, and its question answered')
  await joiner.hears('joined')
  await other.hears('stop')
  t.equal((await one.closed).code, 1006, 'and it is cut off all the same')
})

t.test('A sitter that joins again while it is probed, and does not answer, is dead all the same: its new seat goes to the joiner', async t => {
  const server = await startServer(t, { probeTimeout: 300 })
  const [one, other] = [await deaf(t, server.address), await connect(t, server.address)]
  await one.join('room1')
  await other.join('room1')
  const joiner = await connect(t, server.address)
  joiner.send({ command: 'join', streamId: 'room1' })
  await waiting(server, 1)
  await one.join('room1')
  t.same(await joiner.heard(), ['joined'])
  t.equal((await one.closed).code, 1006, 'and it is cut off')
})

t.test('Joiners are served in the order in which they came', async t => {
  // Long enough for four to come while one probe goes on, on a busy machine too.
  const server = await startServer(t, { probeTimeout: 3_000 })
  const dead = await deaf(t, server.address)
  const sitter = await connect(t, server.address)
  await dead.join('room1')
  await sitter.join('room1')
  const joiners = []
  for (let i = 0; i < 4; i++) joiners.push(await connect(t, server.address))
  for (const [i, joiner] of joiners.entries()) {
    joiner.send({ command: 'join', streamId: 'room1' })
    await waiting(server, i + 1)
  }
  const heard = await Promise.all(joiners.map(joiner => joiner.heard()))
  t.same(heard, [['joined'], ['error: NoSpaceForNewPeer'], ['error: NoSpaceForNewPeer'], ['error: NoSpaceForNewPeer']])
  t.same(await sitter.heard(), ['stop', 'peerLeft', 'peerJoined', 'start'])
})

t.test('A sitter that leaves while others wait gives its place to the first of them, at once', async t => {
  const server = await startServer(t, { probeTimeout: 60_000 })
  const [one, other] = [await deaf(t, server.address), await deaf(t, server.address)]
  await one.join('room1')
  await other.join('room1')
  const [first, second] = [await connect(t, server.address), await connect(t, server.address)]
  first.send({ command: 'join', streamId: 'room1' })
  await waiting(server, 1)
  second.send({ command: 'join', streamId: 'room1' })
  await waiting(server, 2)
  one.socket.close()
  t.match(await first.hears('joined'), { peers: 1 })
  t.equal((await server.app.rooms.get('app', 'room1'))?.waiting, 1)
  other.send({ command: 'leave' })
  t.match(await second.hears('joined'), { peers: 1 })
  t.same(await first.heard(), ['stop', 'peerLeft', 'peerJoined', 'start'])
  t.same(await other.heard(), ['stop', 'peerLeft', 'peerJoined', 'start', 'leaved'])
})

t.test('A joiner that goes while it waits is forgotten, and the next gets the place', async t => {
  const server = await startServer(t, { probeTimeout: 200 })
  const dead = await deaf(t, server.address)
  const sitter = await connect(t, server.address)
  await dead.join('room1')
  await sitter.join('room1')
  const [goes, stays] = [await connect(t, server.address), await connect(t, server.address)]
  goes.send({ command: 'join', streamId: 'room1' })
  await waiting(server, 1)
  stays.send({ command: 'join', streamId: 'room1' })
  await waiting(server, 2)
  goes.raw.destroy()
  await waiting(server, 1)
  t.match(await stays.hears('joined'), { peers: 1 })
  t.same(await sitter.heard(), ['stop', 'peerLeft', 'peerJoined', 'start'])
  t.equal((await server.app.rooms.get('app', 'room1'))?.peers.length, 2)
})

t.test('What a joiner says while it waits takes effect afterwards, in order: a `leave` gives the place up again', async t => {
  const server = await startServer(t, { probeTimeout: 50 })
  const dead = await deaf(t, server.address)
  const sitter = await connect(t, server.address)
  await dead.join('room1')
  await sitter.join('room1')
  const joiner = await connect(t, server.address)
  const offer = { command: 'takeConfiguration', streamId: 'room1', type: 'offer', sdp: 'v=0' }
  for (const message of [{ command: 'join', streamId: 'room1' }, offer, { command: 'leave' }, { command: 'join', streamId: 'room1' }]) joiner.send(message)
  t.same(await joiner.heard(), ['joined', 'leaved', 'joined'])
  t.same(await sitter.heard(), ['stop', 'peerLeft', 'peerJoined', 'start', 'takeConfiguration', 'stop', 'peerLeft', 'peerJoined', 'start'])
})

t.test('An absent seat inside its window stays its owner\'s: the joiner is told when to come back, and the owner resumes', async t => {
  const server = await startServer(t, { resume: { window: 5_000 } })
  const owner = await connect(t, server.address)
  const sitter = await connect(t, server.address)
  const { resumeToken } = await owner.join('room1', { resume: true })
  await sitter.join('room1')
  const absent = event(server.app, 'absent')
  owner.raw.destroy()
  await absent
  const stranger = await connect(t, server.address)
  stranger.send({ command: 'join', streamId: 'room1' })
  const [refused] = await stranger.news()
  t.match(refused, { command: 'error', definition: 'NoSpaceForNewPeer', streamId: 'room1', retryAfter: Number })
  t.ok(Number(refused?.retryAfter) > 0 && Number(refused?.retryAfter) <= 5_000)
  t.same(await sitter.heard(), [])
  const again = await connect(t, server.address)
  t.match(await again.join('room1', { resume: true, resumeToken }), { resumed: true })
  await talks(t, [again, sitter], 'room1', 'afterwards')
})

t.test('A sitter that could resume and does not answer becomes absent, not free; its owner comes back to what was said', async t => {
  const server = await startServer(t, { probeTimeout: 50, resume: { window: 5_000 } })
  const owner = await deaf(t, server.address)
  const sitter = await connect(t, server.address)
  const { resumeToken } = await owner.join('room1', { resume: true })
  await sitter.join('room1')
  await owner.hears('start')
  const stranger = await connect(t, server.address)
  stranger.send({ command: 'join', streamId: 'room1' })
  t.match(await stranger.news(), [{ definition: 'NoSpaceForNewPeer', retryAfter: Number }])
  t.equal((await owner.closed).code, 1006)
  sitter.send({ command: 'peerMessageCommand', streamId: 'room1', definition: 'chat', data: 'are you there?' })
  t.same(await sitter.heard(), [])
  const again = await connect(t, server.address)
  t.match(await again.join('room1', { resume: true, resumeToken, received: 2 }), { resumed: true })
  t.same(await again.heard(), ['peerMessageCommand'])
})

t.test('Who was told `retryAfter` and comes back by then gets the place of an owner who did not', async t => {
  const server = await startServer(t, { resume: { window: 60 } })
  const owner = await connect(t, server.address)
  const sitter = await connect(t, server.address)
  await owner.join('room1', { resume: true })
  await sitter.join('room1')
  const left = event(server.app, 'left')
  owner.raw.destroy()
  await left
  t.match(await (await connect(t, server.address)).join('room1'), { peers: 1 })
})

t.test('With `resume.hold: false` a stranger gets the place of an absent peer, whose token is worth nothing then', async t => {
  const server = await startServer(t, { probeTimeout: 50, resume: { hold: false } })
  for (const how of ['absent', 'unanswered']) {
    const room = `room-${how}`
    const owner = how === 'absent' ? await connect(t, server.address) : await deaf(t, server.address)
    const sitter = await connect(t, server.address)
    const { resumeToken } = await owner.join(room, { resume: true })
    await sitter.join(room)
    if (how === 'absent') {
      const absent = event(server.app, 'absent')
      owner.raw.destroy()
      await absent
    }
    const stranger = await connect(t, server.address)
    t.match(await stranger.join(room), { peers: 1 }, how)
    t.same(await sitter.heard(), ['stop', 'peerLeft', 'peerJoined', 'start'], how)
    await talks(t, [sitter, stranger], room, how)
    const again = await connect(t, server.address)
    again.send({ command: 'join', streamId: room, resume: true, resumeToken })
    t.same(await again.heard(), ['error: NoSpaceForNewPeer'], how)
  }
})

t.test('A sitter whose socket is closing is no reason to wait', async t => {
  const server = await startServer(t, { probeTimeout: 60_000 })
  const sitter = await connect(t, server.address)
  const closing = await connect(t, server.address)
  await sitter.join('room1')
  await closing.join('room1')
  // Its close frame is under way while it keeps its side of TCP open and reads nothing.
  closing.raw.removeAllListeners('data').pause()
  closing.raw.write(Buffer.from('88820000000003e9', 'hex'))
  await sitter.hears('start')
  const joiner = await connect(t, server.address)
  t.match(await joiner.join('room1'), { peers: 1 })
  t.same(await sitter.heard(), ['stop', 'peerLeft', 'peerJoined', 'start'])
})
