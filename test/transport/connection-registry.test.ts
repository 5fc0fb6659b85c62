import { EventEmitter } from 'node:events'
import Fastify, { type FastifyRequest } from 'fastify'
import t from 'tap'
import type { WebSocket } from 'ws'
import { resolveOptions } from '../../lib/config/settings.js'
import { Connection } from '../../lib/transport/connection.js'
import { ConnectionRegistry } from '../../lib/transport/connection-registry.js'
import { TestClock } from '../helpers/fakes/test-clock.js'

// What all connections share: one timer, and what is remembered of addresses. On a clock that the test moves.

/** What a connection needs of a socket that never answers. */
class DeafSocket extends EventEmitter {
  readonly OPEN = 1
  readonly bufferedAmount = 0
  readyState = 1
  pings = 0

  send (): void {}
  ping (): void { this.pings++ }
  close (): void { this.readyState = 2 }
  terminate (): void { this.readyState = 3 }
}

const { log } = Fastify()

function setUp () {
  const clock = new TestClock()
  const settings = resolveOptions({})
  const registry = new ConnectionRegistry(settings, clock)
  const connect = (address: string) => {
    const socket = new DeafSocket()
    const group = registry.groupOf('app')
    group.take(address, clock.now())
    const connection = new Connection(registry, group, socket as unknown as WebSocket, 'app', address, { log } as FastifyRequest)
    registry.add(connection)
    return {
      socket,
      connection,
      say: (message: object) => connection.handleMessage(Buffer.from(JSON.stringify(message)), false),
      go: () => {
        socket.readyState = 3
        connection.handleClose(1000)
      }
    }
  }
  return { clock, registry, connect, book: registry.groupOf('app').addresses }
}

t.test('However many are connected, whatever they send and however long they sit, there is one timer', async t => {
  const { clock, registry, connect } = setUp()
  const all = Array.from({ length: 200 }, (_, index) => ({ ...connect(`address ${index}`), room: `room-${index >> 1}` }))
  for (const { say, room } of all) say({ command: 'join', streamId: room, resume: true })
  for (const { say, room } of all) {
    for (let n = 0; n < 20; n++) say({ command: 'takeCandidate', streamId: room, label: 0, id: '0', candidate: '' })
  }
  t.equal(registry.rooms.in('app').length, 100)
  t.equal(clock.pending, 1)
  clock.advance(26_000)
  t.same(all.map(({ socket }) => socket.pings), Array(200).fill(1), 'and each has been pinged')
  t.equal(clock.pending, 1)
})

t.test('An address that has gone quiet is forgotten, though nobody else comes, and then no timer is left', async t => {
  const { clock, connect, book } = setUp()
  for (let index = 0; index < 1_000; index++) {
    const { say, go } = connect(`address ${index}`)
    say({ command: 'join', streamId: 'room' })
    say({ command: 'leave', streamId: 'room' })
    go()
  }
  t.equal(book.size, 1_000, 'their joins count until the minute is over')
  clock.advance(121_000)
  t.equal(book.size, 0)
  t.equal(clock.pending, 0)
  connect('somebody')
  t.equal(clock.pending, 1, 'and the next connection finds the timer again')
})

t.test('An address that has joined nothing is forgotten as it goes', async t => {
  const { clock, connect, book } = setUp()
  for (let index = 0; index < 1_000; index++) connect(`address ${index}`).go()
  t.equal(book.size, 0)
  clock.advance(2_000)
  t.equal(clock.pending, 0)
})

t.test('A drain leaves no timer behind, whether its clients go or not', async t => {
  for (const polite of [true, false]) {
    const { clock, registry, connect } = setUp()
    const clients = Array.from({ length: 10 }, (_, index) => connect(`address ${index}`))
    for (const { say } of clients) say({ command: 'join', streamId: 'room' })
    const drained = registry.drain()
    if (polite) {
      for (const { go } of clients) go()
    } else {
      clock.advance(5_000)
      t.same(clients.map(({ socket }) => socket.readyState), Array(10).fill(3), 'who has not gone is cut off')
      for (const { go } of clients) go()
    }
    await drained
    t.equal(clock.pending, 0)
    t.equal(registry.connections, 0)
  }
})
