import t from 'tap'
import { back, count, cut, said, scene } from '../helpers/resumption.js'
import { SignallingClient, talks } from '../helpers/signalling-client.js'
import { startServer } from '../helpers/signalling-server.js'

const { connect } = SignallingClient

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
