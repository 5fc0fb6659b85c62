import t from 'tap'
import { pair, SignallingClient, talks } from '../helpers/signalling-client.js'
import { startServer } from '../helpers/signalling-server.js'

const { connect } = SignallingClient

const LEAVED = { command: 'notification', definition: 'leaved', streamId: 'room1' }
const JOIN = { command: 'join', streamId: 'room1' }
const OFFER = { command: 'takeConfiguration', streamId: 'room1', type: 'offer', sdp: 'v=0\r\n' }
const CANDIDATE = { command: 'takeCandidate', streamId: 'room1', label: 0, id: '0', candidate: 'candidate:1' }

/** Sends frames so that they leave in one piece, as a client does that says them in one tick. */
function burst (client: SignallingClient, frames: object[]): void {
  client.raw.cork()
  for (const frame of frames) client.send(JSON.stringify(frame))
  client.raw.uncork()
}

for (const command of ['leave', 'stop']) {
  for (const streamId of ['room1', undefined]) {
    t.test(`\`${command}\` ${streamId === undefined ? 'without' : 'with'} streamId: the one hears \`leaved\`, the other \`stop\` and \`peerLeft\`, each with the room`, async t => {
      const { app, address } = await startServer(t)
      const [first, second] = await pair(t, address, 'room1')
      const id = (await app.rooms.peers('app', 'room1'))[0]?.id
      first.send({ command, streamId })
      t.same(await first.news(), [LEAVED], 'never `stop` to the one that left')
      t.same(await second.news(), [
        { command: 'stop', streamId: 'room1', reason: 'left' },
        { command: 'notification', definition: 'peerLeft', streamId: 'room1', peerId: id, reason: 'left' }
      ], 'never `leaved` to the one who stays')

      second.send({ command })
      t.same(await second.news(), [LEAVED])
      t.same(await app.rooms.list(), [], 'nobody is left')

      // The connections are as good as new.
      await second.join('room1')
      await first.join('room1')
      t.same(await second.heard(), ['peerJoined', 'start'])
      await talks(t, [first, second], 'room1', 'again')
    })
  }

  t.test(`\`${command}\` without a seat, or twice, is answered by \`leaved\`; by an error where it names no room`, async t => {
    const { address } = await startServer(t)
    const [first, second] = await pair(t, address, 'room1')
    const other = await connect(t, address)
    other.send({ command, streamId: 'room1' })
    other.send({ command })
    t.match(await other.news(), [LEAVED, { command: 'error', definition: 'notInRoom' }])
    burst(first, [{ command, streamId: 'room1' }, { command, streamId: 'room1' }, { command }])
    t.match(await first.news(), [LEAVED, LEAVED, { definition: 'notInRoom' }])
    t.same(await second.heard(), ['stop', 'peerLeft'], 'the other side hears of it once')
  })

  t.test(`\`${command}\` that names no room is an error where the connection sits in several`, async t => {
    const { app, address } = await startServer(t)
    const client = await connect(t, address)
    await client.join('room1')
    await client.join('room2')
    client.send({ command })
    t.match(await client.news(), [{ command: 'error', definition: 'noStreamNameSpecified' }])
    t.equal((await app.rooms.list()).length, 2)
  })

  t.test(`\`${command}\` and the socket's end in one burst: the other hears of it once`, async t => {
    const { address } = await startServer(t)
    for (const end of ['close', 'terminate'] as const) {
      const [first, second] = await pair(t, address, end)
      first.send({ command, streamId: end })
      if (end === 'close') first.socket.close()
      else first.raw.end()
      await second.hears('stop')
      await first.closed
      t.same(await second.heard(), ['peerLeft'], end)
    }
  })
}

const ends: Record<string, { end: (client: SignallingClient) => void, reason: string }> = {
  'a close with 1000': { end: client => client.socket.close(1000), reason: 'left' },
  'a close with 1001, as of a tab': { end: client => client.socket.close(1001), reason: 'left' },
  'a close that gives no code': { end: client => client.socket.close(), reason: 'left' },
  'a close with an application code': { end: client => client.socket.close(4999, 'whatever'), reason: 'lost' },
  'a connection that ends without a close frame': { end: client => { client.raw.end() }, reason: 'lost' },
  'a connection that is reset': { end: client => { client.raw.resetAndDestroy() }, reason: 'lost' }
}

for (const [what, { end, reason }] of Object.entries(ends)) {
  t.test(`After ${what} the other is told at once, and the place is free`, async t => {
    const { app, address } = await startServer(t)
    const [first, second] = await pair(t, address, 'room1')
    end(first)
    t.same(await second.hears('stop'), { command: 'stop', streamId: 'room1', reason })
    t.match(await second.news(), [{ definition: 'peerLeft', streamId: 'room1', reason }])
    t.equal((await app.rooms.get('app', 'room1'))?.peers.length, 1)
    const next = await connect(t, address)
    await next.join('room1')
    t.same(await second.heard(), ['peerJoined', 'start'])
    await talks(t, [second, next], 'room1', 'with the next')
  })
}

t.test('`leave` and `join` in one burst: the other is called anew, whatever it says meanwhile and whenever that arrives', async t => {
  const { address } = await startServer(t)
  for (const leave of ['leave', 'stop']) {
    for (const leaver of [0, 1] as const) {
      for (const when of ['before', 'between', 'after']) {
        const room = `${leave}-${leaver}-${when}`
        const peers = await pair(t, address, room)
        const [mover, stayer] = [peers[leaver], peers[1 - leaver] as SignallingClient]
        const at = (frames: object[]) => frames.map(frame => ({ ...frame, streamId: room }))
        const said = at([OFFER, CANDIDATE])
        if (when === 'before') burst(stayer, said)
        if (when === 'before') t.same(await stayer.heard(), [])
        burst(mover, when === 'between' ? at([{ command: leave }]) : at([{ command: leave }, JOIN]))
        const heard = await mover.heard()
        const toStayer = []
        if (when === 'between') {
          burst(stayer, said)
          toStayer.push(...await stayer.heard())
          burst(mover, at([JOIN]))
          heard.push(...await mover.heard())
        }
        if (when === 'after') burst(stayer, said)
        toStayer.push(...await stayer.heard())
        heard.push(...await mover.heard())
        const relayed = ['takeConfiguration', 'takeCandidate']
        t.same(heard, [...when === 'before' ? relayed : [], 'leaved', 'joined', ...when === 'after' ? relayed : []], room)
        t.same(toStayer, ['stop', 'peerLeft', 'peerJoined', 'start'], room)
        await talks(t, [mover, stayer], room, room)
      }
    }
  }
})

t.test('`leave` and `join` of both at once, again and again: always two seats, and the one of them who sat first is called', async t => {
  const { app, address } = await startServer(t)
  const peers = await pair(t, address, 'room1')
  for (let round = 0; round < 30; round++) {
    const [one, other] = round % 2 === 0 ? peers : [peers[1], peers[0]]
    burst(one, [{ command: 'leave', streamId: 'room1' }, JOIN])
    burst(other, [OFFER, { command: 'leave', streamId: 'room1' }, JOIN, CANDIDATE])
    // Twice round, so that each has heard what the other's last frame caused.
    const heard = [[...await one.heard()], [...await other.heard()]]
    heard[0]?.push(...await one.heard())
    heard[1]?.push(...await other.heard())
    t.equal((await app.rooms.get('app', 'room1'))?.peers.length, 2)
    const calls = heard.map(names => names.lastIndexOf('start') > names.lastIndexOf('joined'))
    t.equal(calls.filter(Boolean).length, 1, `round ${round}: one is asked for an offer`)
  }
  await talks(t, peers, 'room1', 'in the end')
})

t.test('A new connection that begins with `leave`, as reconnecting clients do, joins all the same', async t => {
  const { address } = await startServer(t)
  const [first, second] = await pair(t, address, 'room1')
  first.raw.destroy()
  await second.hears('peerLeft')
  const again = await connect(t, address)
  burst(again, [{ command: 'leave', streamId: 'room1' }, JOIN])
  t.same(await again.heard(), ['leaved', 'joined'])
  t.same(await second.heard(), ['peerJoined', 'start'])
  await talks(t, [again, second], 'room1', 'again')
})
