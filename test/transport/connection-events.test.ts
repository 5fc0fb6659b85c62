import { once } from 'node:events'
import t from 'tap'
import { WebSocket } from 'ws'
import type { DisconnectReason, RoomEvents, WebrtcSignallingOptions } from '../../lib/index.js'
import { host, type Host } from '../helpers/host.js'
import type { SignallingClient } from '../helpers/signalling-client.js'

// What fastify.rooms tells of connections: opened, closed and refused.

type Refused = RoomEvents['upgradeRefused'][0]

function told<E extends keyof RoomEvents> ({ app }: Pick<Host, 'app'>, event: E): Promise<RoomEvents[E][0]> {
  return new Promise(resolve => app.rooms.once(event, (about: RoomEvents[E][0]) => resolve(about)))
}

/** What the event tells of a handshake that gets an HTTP answer. */
async function refused (server: Host, path: string): Promise<Refused> {
  const event = told(server, 'upgradeRefused')
  const socket = new WebSocket(server.origin.replace(/^http/, 'ws') + path)
  const [error] = await once(socket, 'error')
  const about = await event
  if (!String(error).includes(String(about.status))) throw error
  return about
}

t.test('connected and disconnected name the same connection as the events of its peer', async t => {
  const server = await host(t)
  const [connected, joined, disconnected] = [told(server, 'connected'), told(server, 'joined'), told(server, 'disconnected')]
  const client = await server.connect()
  const { app, connection } = await connected
  t.equal(app, 'app')
  await client.join('room')
  t.equal((await joined).connection, connection)
  client.socket.close(4321)
  const { duration, ...end } = await disconnected
  t.same(end, { app: 'app', connection, code: 4321, reason: 'client' })
  t.ok(Number.isInteger(duration) && duration >= 0)
})

type Act = (client: SignallingClient, server: Host) => unknown
const FAST = { messagesPerSecond: 1e6, messageBurst: 1e6, bytesPerSecond: 1e9, byteBurst: 1e9 }

const ENDS: Array<[string, WebrtcSignallingOptions, Act, number, DisconnectReason]> = [
  ['A client that closes with a code of the server is still the one that closed', {}, client => client.socket.close(1001), 1001, 'client'],
  ['A client that closes without a code is the one that closed', {}, client => client.socket.close(), 1005, 'client'],
  ['A socket that is cut off without a close frame is lost', {}, client => client.socket.terminate(), 1006, 'lost'],
  ['A connection that joins nothing in time ends with tryLater', { limits: { joinTimeout: 20 } }, () => {}, 1013, 'tryLater'],
  ['A connection ends with goingAway where the server drains', {}, (_client, { app }) => app.rooms.drain(), 1001, 'goingAway'],
  ['A frame that is too large ends it with tooLarge', { limits: { frameBytes: 2_048 } }, client => client.send('x'.repeat(2_049)), 1009, 'tooLarge'],
  ['A frame that is too large to be read ends it with tooLarge', { limits: { frameBytes: 2_048 } }, client => client.send('x'.repeat(200_000)), 1009, 'tooLarge'],
  ['Bytes that are no frame end it with protocolError', {}, client => client.raw.write(Buffer.from('838000000000', 'hex')), 1002, 'protocolError'],
  ['A text that is no UTF-8 ends it with invalidText', {}, client => client.send(Buffer.from([0x22, 0xff, 0xfe, 0x22])), 1007, 'invalidText'],
  ['A message of more fragments than are read ends it with policy', {}, client => {
    const fragment = Buffer.from('008000000000', 'hex')
    client.raw.write(Buffer.concat([Buffer.from('018000000000', 'hex'), ...Array<Buffer>(5_000).fill(fragment)]))
  }, 1008, 'policy'],
  ['A client that does not stop sending too fast ends with policy', { limits: { messagesPerSecond: 1, messageBurst: 1 } }, client => {
    for (let n = 0; n < 100; n++) client.send({ command: 'ping' })
  }, 1008, 'policy'],
  ['A client that does not read is cut off as notReading', { bufferedBytes: 100_000, limits: FAST }, async (client, { app }) => {
    await client.join('room')
    client.raw.pause()
    const ends: unknown[] = []
    app.rooms.once('disconnected', event => ends.push(event))
    while (ends.length === 0) {
      await app.rooms.send('app', 'room', 'news', 'x'.repeat(50_000))
      await new Promise(setImmediate)
    }
  }, 1006, 'notReading'],
  ['A client that answers no ping is unresponsive', { heartbeat: { interval: 20, timeout: 20 } }, ({ socket }) => {
    (socket as unknown as { _autoPong: boolean })._autoPong = false
  }, 1006, 'unresponsive'],
  ['A connection whose only seat was resumed on another one ends with seatResumed', {}, async (client, { connect }) => {
    const { resumeToken } = await client.join('room', { resume: true })
    const next = await connect()
    await next.join('room', { resume: true, resumeToken: String(resumeToken) })
  }, 4001, 'seatResumed'],
  ['A client whose close frame came before the server drained is the one that closed', { drain: { grace: 50 } }, async (client, { app }) => {
    await client.join('room')
    const left = told({ app }, 'left')
    // The close frame alone: its TCP stays open, and the server has to cut it off.
    client.raw.removeAllListeners('data').pause()
    client.raw.write(Buffer.from('88820000000003e8', 'hex'))
    await left
    await app.rooms.drain()
  }, 1000, 'client']
]

for (const [what, options, act, code, reason] of ENDS) {
  t.test(what, async t => {
    const server = await host(t, options)
    const client = await server.connect()
    const disconnected = told(server, 'disconnected')
    await act(client, server)
    t.match(await disconnected, { app: 'app', code, reason })
  })
}

t.test('upgradeRefused tells the status of a handshake that is refused, and the code of the error', async t => {
  const server = await host(t, { apps: ['app'], limits: { connectionsPerAddress: 1 } })
  const first = await server.connect()
  await first.join('room')
  t.same(await refused(server, '/app'), { app: 'app', status: 429, code: 'FST_WEBRTC_TOO_MANY_CONNECTIONS' })
  await server.app.rooms.drain()
  t.same(await refused(server, '/app'), { app: 'app', status: 503, code: 'FST_WEBRTC_DRAINING' })
})

t.test('upgradeRefused tells of a hook of the host that answers by itself, and of none that lets the client in', async t => {
  let isLetIn = false
  const server = await host(t, { onRequest: async (_request, reply) => isLetIn ? undefined : reply.code(401).send({}) })
  t.same(await refused(server, '/app'), { app: 'app', status: 401 })
  const more: Refused[] = []
  server.app.rooms.on('upgradeRefused', event => more.push(event))
  isLetIn = true
  const client = await server.connect()
  const disconnected = told(server, 'disconnected')
  client.socket.close(1000)
  await disconnected
  t.same(more, [])
})

t.test('A listener of a connection that throws is logged, and one that drains leaves nobody behind', async t => {
  const server = await host(t, { drain: { grace: 200 } })
  const { rooms } = server.app
  for (const event of ['connected', 'disconnected'] as const) rooms.on(event, () => { throw new Error(`Oops at ${event}.`) })
  rooms.on('connected', () => { void rooms.drain() })
  const client = await server.connect()
  t.equal((await client.closed).code, 1001)
  await rooms.drain()
  t.equal((await rooms.dump()).connections, 0)
  const errors = server.log.lines.filter(line => line.level === 50).map(line => (line.err as Error).message)
  t.same(errors, ['Oops at connected.', 'Oops at disconnected.'])
})
