import t from 'tap'
import type { WebrtcSignallingOptions } from '../../lib/index.js'
import { RoomRegistry } from '../../lib/rooms/room-registry.js'
import { FakeLink } from '../helpers/fakes/fake-link.js'
import { host, type Host } from '../helpers/host.js'
import type { SignallingClient } from '../helpers/signalling-client.js'
import { TestClock } from '../helpers/fakes/test-clock.js'

// What `authorize` says of a room's capacity counts when, and only when, the joiner gets in; and a resumption that is
// being considered does not lose the race against its window.

const byToken: WebrtcSignallingOptions['authorize'] = (_request, { token }) => ({ ...(token === undefined ? {} : { capacity: Number(token) }), role: token ?? 'none' })

const capacity = async ({ app }: Host): Promise<number | undefined> => (await app.rooms.get('app', 'room'))?.capacity

async function cut ({ app }: Host, client: SignallingClient): Promise<void> {
  const absent = new Promise(resolve => app.rooms.once('absent', resolve))
  client.socket.terminate()
  await absent
}

t.test('the capacity of a joiner that is refused is forgotten', async t => {
  const server = await host(t, { authorize: byToken })
  const first = await server.connect()
  await first.join('room')
  const strict = await server.connect()
  strict.send({ command: 'join', streamId: 'room', token: '1' })
  await strict.hears('error: NoSpaceForNewPeer')
  t.equal(await capacity(server), 2)
  t.match(await (await server.connect()).join('room'), { peers: 1 })
})

t.test('the capacity of a joiner that gets in holds from then on, also where the room was full for others', async t => {
  const server = await host(t, { authorize: byToken })
  await (await server.connect()).join('room', { token: '1' })
  t.equal(await capacity(server), 1)
  const plain = await server.connect()
  plain.send({ command: 'join', streamId: 'room' })
  await plain.hears('error: NoSpaceForNewPeer')
  await (await server.connect()).join('room', { token: '2' })
  t.equal(await capacity(server), 2)
})

t.test('of those who wait for a probe, one that the room is full for does not hold up the next, which fits', async t => {
  const server = await host(t, { authorize: byToken, probeTimeout: 60_000 })
  const [sitter, single, double] = [await server.connect(), await server.connect(), await server.connect()]
  await sitter.join('room', { token: '1' })
  // It does not read, so that it answers no ping.
  sitter.socket.pause()
  for (const [client, token] of [[single, '1'], [double, '2']] as const) {
    client.send({ command: 'join', streamId: 'room', token })
    client.socket.ping()
    await new Promise(resolve => client.socket.once('pong', resolve))
  }
  t.match(await server.app.rooms.get('app', 'room'), { waiting: 2, capacity: 1 })
  sitter.socket.resume()
  await double.hears('joined')
  await single.hears('error: NoSpaceForNewPeer')
  t.equal(await capacity(server), 2)
})

t.test('at a resumption the capacity counts as the role does', async t => {
  const server = await host(t, { authorize: byToken })
  const client = await server.connect()
  const { resumeToken } = await client.join('room', { resume: true })
  await cut(server, client)
  const back = await server.connect()
  t.match(await back.join('room', { resume: true, resumeToken, token: '1' }), { resumed: true })
  t.match(await server.app.rooms.get('app', 'room'), { capacity: 1, peers: [{ role: '1' }] })
})

t.test('a room that was made smaller lets nobody take an absent seat beyond its capacity', async t => {
  const server = await host(t, { authorize: byToken, resume: { hold: false } })
  const [first, second] = [await server.connect(), await server.connect()]
  await first.join('room', { resume: true })
  await second.join('room')
  await cut(server, first)
  const third = await server.connect()
  third.send({ command: 'join', streamId: 'room', token: '1' })
  await third.hears('error: NoSpaceForNewPeer')
  t.match(await server.app.rooms.get('app', 'room'), { capacity: 2, peers: [{ state: 'absent' }, { state: 'present' }] })
  await third.join('room')
})

interface Slow {
  server: Host
  resumeToken: unknown
  back: SignallingClient
  asked: Promise<unknown>
  answer: (error?: Error) => void
  window: number
  other: SignallingClient
}

/** One seat is absent, and its owner waits for an `authorize` that has not answered. */
async function considered (t: Parameters<typeof host>[0], early = false): Promise<Slow> {
  let [answer, asked] = [(_error?: Error) => {}, () => {}]
  const begun = new Promise<void>(resolve => { asked = resolve })
  const window = 150
  const server = await host(t, {
    resume: { window },
    authorize: async (_request, { token }) => {
      if (token !== 'slow') return
      asked()
      await new Promise<void>((resolve, reject) => { answer = error => error === undefined ? resolve() : reject(error) })
    }
  })
  const [ours, other] = [await server.connect(), await server.connect()]
  const { resumeToken } = await ours.join('room', { resume: true })
  await other.join('room')
  const back = await server.connect()
  if (!early) await cut(server, ours)
  back.send({ command: 'join', streamId: 'room', resume: true, resumeToken, token: 'slow' })
  await begun
  if (early) await cut(server, ours)
  return { server, resumeToken, back, asked: begun, answer: error => answer(error), window, other }
}

/** The window of a seat that was lost later ends, so that the first one's would have ended long ago. */
async function windowEnds ({ server }: Slow): Promise<void> {
  const witness = await server.connect()
  await witness.join('elsewhere', { resume: true })
  await cut(server, witness)
  await new Promise<void>(resolve => {
    server.app.rooms.on('left', ({ room }) => { if (room === 'elsewhere') resolve() })
  })
}

for (const early of [false, true]) {
  t.test(`an owner does not lose its seat while authorize considers its resumption${early ? ', though its old socket is found dead only then' : ''}`, async t => {
    const slow = await considered(t, early)
    await windowEnds(slow)
    slow.answer()
    t.match(await slow.back.hears('joined'), { resumed: true })
    t.same(await slow.other.heard(), [])
  })
}

t.test('a resumption that is refused, or given up, lets the window go on from where it stood', async t => {
  for (const end of [(slow: Slow) => slow.answer(new Error('No.')), (slow: Slow) => slow.back.socket.terminate()]) {
    const slow = await considered(t)
    await windowEnds(slow)
    const left = new Promise(resolve => slow.server.app.rooms.once('left', resolve))
    end(slow)
    slow.answer(new Error('No.'))
    t.match(await left, { room: 'room', reason: 'lost' })
    await slow.other.hears('stop')
  }
})

t.test('a token that is wrong stops no window', async t => {
  const slow = await considered(t)
  await windowEnds(slow)
  slow.answer()
  await slow.back.hears('joined')
  await cut(slow.server, slow.back)
  const stranger = await slow.server.connect()
  const left = new Promise(resolve => slow.server.app.rooms.once('left', resolve))
  stranger.send({ command: 'join', streamId: 'room', resume: true, resumeToken: slow.resumeToken, token: 'slow' })
  t.match(await left, { room: 'room', reason: 'lost' })
  slow.answer()
  t.match(await stranger.hears('joined'), { resumed: false })
})

t.test('who is refused again and again cannot hold its seat for ever', async t => {
  const clock = new TestClock()
  const rooms = new RoomRegistry({ window: 1_000, hold: true, messages: 10, bytes: 10_000 }, clock)
  const link = new FakeLink({ rooms, clock, probeTimeout: 2_000 })
  link.say({ command: 'join', streamId: 'room', resume: true })
  let resumeToken = ''
  link.read(Infinity, message => { if ('resumeToken' in message) resumeToken = String(message.resumeToken) }, () => {})
  link.lose(false)
  const room = rooms.find('app', 'room')
  clock.advance(900)
  for (const each of [1, 2]) {
    const done = room?.pauseWindow({ resumeToken })
    clock.advance(500)
    t.equal(room?.seats.length, 1, `the window stands still, ${each}`)
    done?.()
  }
  t.equal(room?.pauseWindow({ resumeToken }), undefined, 'but no longer than one window in all')
  clock.advance(99)
  t.equal(room?.seats.length, 1, 'what was left of it is left')
  clock.advance(1)
  t.equal(room?.seats.length, 0)
  t.equal(clock.pending, 0)
})
