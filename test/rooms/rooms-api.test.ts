import t from 'tap'
import type { Place } from '../../lib/index.js'
import { RESERVED_DEFINITIONS } from '../../lib/protocol/server-messages.js'
import { host, pair } from '../helpers/host.js'
import { record } from '../helpers/record-events.js'

// fastify.rooms: what the application on the server sees and does.

t.test('list, get, peers and peer show who sits where', async t => {
  const server = await host(t, { authorize: (_request, { token }) => ({ metadata: { name: token }, role: 'guest' }) })
  const { rooms } = server.app
  const ann = await server.connect('/one')
  const { peerId } = await ann.join('room', { token: 'ann', resume: true })
  const ben = await server.connect('/one')
  await ben.join('room', { token: 'ben' })
  const cleo = await server.connect('/two')
  await cleo.join('den', { token: 'cleo' })

  t.same((await rooms.apps()).sort(), ['one', 'two'])
  t.same((await rooms.list()).map(room => `${room.app}/${room.name}`).sort(), ['one/room', 'two/den'])
  t.same((await rooms.list('one')).map(room => room.name), ['room'])
  t.same(await rooms.list('three'), [])
  const room = await rooms.get('one', 'room')
  t.match(room, { app: 'one', name: 'room', capacity: 2, waiting: 0 })
  t.same(await rooms.peers('one', 'room'), room?.peers)
  t.same(room?.peers.map(peer => peer.metadata), [{ name: 'ann' }, { name: 'ben' }], 'in the order in which they sat down')
  t.same(await rooms.peer(String(peerId)), {
    id: peerId, state: 'present', absentFor: null, resumable: true, polite: false, relayed: 0, kept: 0, role: 'guest', metadata: { name: 'ann' }
  })
  t.not(room?.peers[0]?.polite, room?.peers[1]?.polite, 'one of the two is polite')
  t.equal(await rooms.get('one', 'den'), undefined)
  t.same(await rooms.peers('one', 'den'), [])
  t.equal(await rooms.peer('nobody'), undefined)
})

t.test('dump() is plain data, and shows the truth after people have gone', async t => {
  const server = await host(t)
  const [first, second] = await pair(server)
  const dump = await server.app.rooms.dump()
  t.same(JSON.parse(JSON.stringify(dump)), dump)
  t.match(dump, { prefix: '', draining: false, connections: 2, rooms: [{ app: 'app', name: 'room' }] })
  t.equal(dump.rooms[0]?.peers.length, 2)
  for (const client of [first, second]) {
    client.send({ command: 'leave', streamId: 'room' })
    await client.hears('leaved')
  }
  t.match(await server.app.rooms.dump(), { connections: 2, rooms: [] })
  t.same(await server.app.rooms.apps(), [])
})

t.test('A snapshot cannot be used to change a room', async t => {
  const server = await host(t)
  await pair(server)
  const room = await server.app.rooms.get('app', 'room')
  room?.peers.splice(0)
  t.equal((await server.app.rooms.peers('app', 'room')).length, 2)
})

t.test('An absent peer is shown as absent, for how long, and with what waits for it', async t => {
  const server = await host(t, { resume: { window: 60_000 } })
  const told = record(server)
  const first = await server.connect()
  const { peerId, resumeToken } = await first.join('room', { resume: true })
  const second = await server.connect()
  await second.join('room')
  await first.hears('start')
  const gone = new Promise<Place & { window: number }>(resolve => server.app.rooms.once('absent', resolve))
  first.socket.terminate()
  const { connection, ...absence } = await gone
  t.same(absence, { app: 'app', room: 'room', peer: peerId, window: 60_000 })
  t.equal(connection, told[0]?.connection, 'it is named after the connection that it lost')
  second.send({ command: 'peerMessageCommand', streamId: 'room', definition: 'chat', data: 1 })
  t.same(await second.heard(), [])
  const absent = await server.app.rooms.peer(String(peerId))
  t.match(absent, { state: 'absent', resumable: true, kept: 1 })
  t.ok(absent?.absentFor != null && absent.absentFor > 0 && absent.absentFor <= 60_000)

  const back = await server.connect()
  t.match(await back.join('room', { resumeToken }), { resumed: true, peerId })
  t.match(told.filter(({ event }) => event === 'resumed'), [{ app: 'app', room: 'room', peer: peerId, replayed: 1 }])
  t.match(await server.app.rooms.peer(String(peerId)), { state: 'present', absentFor: null, kept: 0 })
})

t.test('close() puts everybody out with the reason, and the room may be joined anew', async t => {
  const server = await host(t)
  const { rooms } = server.app
  const clients = await pair(server)
  t.equal(await rooms.close('app', 'room', 'over'), true)
  for (const client of clients) {
    t.match(await client.hears('stop'), { streamId: 'room', reason: 'removed' })
    t.match(await client.hears('leaved'), { streamId: 'room', reason: 'over' })
  }
  t.equal(await rooms.get('app', 'room'), undefined)
  t.match(await clients[0].join('room'), { peers: 0 })
  t.equal(await rooms.close('app', 'nowhere'), false)
})

t.test('remove() puts one peer out, and the other one is told', async t => {
  const server = await host(t)
  const { rooms } = server.app
  const told = record(server)
  const [first, second] = await pair(server)
  const [, peer] = await rooms.peers('app', 'room')
  t.equal(await rooms.remove(String(peer?.id), 'rude'), true)
  t.match(await second.hears('leaved'), { streamId: 'room', reason: 'rude' })
  t.match(await first.hears('stop'), { streamId: 'room', reason: 'removed' })
  t.match(told.at(-1), { event: 'left', reason: 'removed', peers: 1 })
  t.equal(second.socket.readyState, second.socket.OPEN, 'its connection stays open')
  t.equal(await rooms.remove(String(peer?.id)), false)
  t.same(await first.heard(), ['peerLeft'])
})

t.test('send() reaches everybody in the room and nobody else', async t => {
  const server = await host(t)
  const { rooms } = server.app
  const clients = await pair(server)
  const stranger = await server.connect('/other')
  await stranger.join('room')
  const data = { text: 'five minutes left', list: [1, null], nested: { deep: true } }
  t.equal(await rooms.send('app', 'room', 'countdown', data), true)
  for (const client of clients) {
    t.same(await client.hears('countdown'), { command: 'notification', definition: 'countdown', streamId: 'room', data })
  }
  t.same(await stranger.heard(), [])
  t.equal(await rooms.send('app', 'nowhere', 'countdown'), false)
  await rooms.send('app', 'room', 'bare')
  t.same(await clients[0].hears('bare'), { command: 'notification', definition: 'bare', streamId: 'room' })
})

t.test('sendToPeer() reaches that one alone', async t => {
  const server = await host(t)
  const { rooms } = server.app
  const [first, second] = await pair(server)
  const [peer] = await rooms.peers('app', 'room')
  t.equal(await rooms.sendToPeer(String(peer?.id), 'psst', 1), true)
  t.match(await first.hears('psst'), { data: 1, streamId: 'room' })
  t.same(await second.heard(), [])
  t.equal(await rooms.sendToPeer('nobody', 'psst'), false)
})

t.test('The definitions of the protocol are not for the application\'s messages', async t => {
  const server = await host(t)
  const { rooms } = server.app
  const [first] = await pair(server)
  const [peer] = await rooms.peers('app', 'room')
  const error = { code: 'FST_WEBRTC_RESERVED_DEFINITION' }
  for (const definition of RESERVED_DEFINITIONS) {
    await t.rejects(rooms.send('app', 'room', definition), error, definition)
    await t.rejects(rooms.send('app', 'nowhere', definition), error, definition)
    await t.rejects(rooms.sendToPeer(String(peer?.id), definition), error, definition)
  }
  t.same((await first.heard()).filter(name => name !== 'start'), [])
})

t.test('Everything that may be elsewhere one day is a promise today', async t => {
  const { app: { rooms } } = await host(t)
  const answers = [
    rooms.apps(), rooms.list(), rooms.get('a', 'r'), rooms.peers('a', 'r'), rooms.peer('p'), rooms.dump(), rooms.close('a', 'r'),
    rooms.remove('p'), rooms.send('a', 'r', 'd'), rooms.sendToPeer('p', 'd'), rooms.drain()
  ]
  for (const answer of answers) t.type(answer, Promise)
  await Promise.all(answers)
})
