import t from 'tap'
import type { RoomEvents } from '../../lib/index.js'
import { host, pair } from '../helpers/host.js'
import { record } from '../helpers/record-events.js'

// The events of fastify.rooms: what they tell, to whom, and what a listener may do.

t.test('Events tell what happens, in order, with where and who', async t => {
  const server = await host(t)
  const told = record(server)
  const first = await server.connect()
  const { peerId: a } = await first.join('room')
  const second = await server.connect()
  const { peerId: b } = await second.join('room')
  const frame = { command: 'takeConfiguration', streamId: 'room', type: 'offer', sdp: 'v=0' }
  first.send(frame)
  await second.hears('takeConfiguration')
  second.send({ command: 'dance' })
  second.send({ command: 'takeCandidate', streamId: 'other', label: 0, id: '0', candidate: '' })
  await second.hears('error: notInRoom')
  second.send({ command: 'leave', streamId: 'room' })
  await second.hears('leaved')
  const last = new Promise(resolve => server.app.rooms.once('left', resolve))
  first.socket.terminate()
  await last
  const at = { app: 'app', room: 'room' }
  t.match(told, [
    { event: 'joined', ...at, peer: a, peers: 1 },
    { event: 'joined', ...at, peer: b, peers: 2 },
    { event: 'started', ...at, peer: a },
    { event: 'relayed', ...at, peer: a, command: 'takeConfiguration', bytes: JSON.stringify(frame).length },
    { event: 'refused', app: 'app', definition: 'unknownCommand' },
    { event: 'refused', app: 'app', room: 'other', definition: 'notInRoom' },
    { event: 'left', ...at, peer: b, reason: 'left', peers: 1 },
    { event: 'left', ...at, peer: a, reason: 'lost', peers: 0 }
  ])
  t.equal(told.length, 8)
})

t.test('once() tells once, off() stops it, and all three can be chained', async t => {
  const server = await host(t)
  const { rooms } = server.app
  let on = 0
  let once = 0
  const count = () => { on++ }
  t.equal(rooms.on('joined', count).once('joined', () => { once++ }), rooms)
  const [first] = await pair(server)
  t.same([on, once], [2, 1])
  t.equal(rooms.off('joined', count), rooms)
  await first.join('another')
  t.same([on, once], [2, 1])
})

t.test('A listener that throws is logged and disturbs nobody', async t => {
  const server = await host(t)
  const names: Array<keyof RoomEvents> = ['joined', 'left', 'started', 'relayed', 'refused']
  for (const name of names) server.app.rooms.on(name, () => { throw new Error(`Oops at ${name}.`) })
  const [first, second] = await pair(server)
  first.send({ command: 'peerMessageCommand', streamId: 'room', definition: 'chat', data: 1 })
  t.match(await second.hears('peerMessageCommand'), { data: 1 })
  first.send({ command: 'dance' })
  await first.hears('error: unknownCommand')
  second.send({ command: 'leave' })
  await second.hears('leaved')
  t.match(await first.hears('stop'), { streamId: 'room' })
  const errors = server.log.lines.filter(line => line.level === 50).map(line => (line.err as Error).message)
  t.same(new Set(errors), new Set(names.map(name => `Oops at ${name}.`)))
})

t.test('A listener that throws keeps nothing from the others, and one that rejects does not end the process', async t => {
  const server = await host(t)
  const { rooms } = server.app
  const heard: string[] = []
  rooms.once('joined', () => { throw new Error('The first throws.') })
  rooms.on('joined', async () => { throw new Error('The second rejects.') })
  rooms.on('joined', () => { heard.push('third') })
  await pair(server)
  t.same(heard, ['third', 'third'])
  const errors = server.log.lines.filter(line => line.level === 50).map(line => (line.err as Error).message)
  t.same(errors.sort(), ['The first throws.', 'The second rejects.', 'The second rejects.'])
})

t.test('A listener may put a peer out in the middle of what it listens to', async t => {
  const server = await host(t)
  const { rooms } = server.app
  rooms.on('started', ({ peer }) => { void rooms.remove(peer, 'because') })
  const first = await server.connect()
  await first.join('room')
  const second = await server.connect()
  await second.join('room')
  t.match(await first.hears('leaved'), { reason: 'because' })
  await second.hears('stop')
  t.equal((await rooms.peers('app', 'room')).length, 1)
})
