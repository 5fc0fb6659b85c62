import Fastify, { type FastifyInstance } from 'fastify'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import webrtcSignalling, { type WebrtcSignallingOptions } from '../../lib/index.js'
import { refusal, SignallingClient, type Message } from '../helpers/signalling-client.js'
import { start } from '../helpers/start.js'
import { timer } from '../helpers/timer.js'

const CROWD = fileURLToPath(new URL('../helpers/crowd.js', import.meta.url))
const HANDSHAKE = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
/** What a busy machine may add to a deadline, ms. */
const SLACK = 2_000

async function serve (t: Test, options: WebrtcSignallingOptions): Promise<{ app: FastifyInstance, address: string }> {
  const app = Fastify()
  app.get('/health', async () => 'fine')
  await app.register(webrtcSignalling, options)
  return { app, address: (await start(t, app)).replace('http', 'ws') }
}

/** A client that has joined. */
async function join (t: Test, address: string, room: string): Promise<SignallingClient> {
  const client = await SignallingClient.connect(t, address)
  await client.join(room)
  return client
}

const lastOf = ({ frames }: SignallingClient): Message => JSON.parse(frames.at(-1) ?? '{}') as Message

/** A TCP connection that has sent `head` to the server, and nothing else. */
async function say (t: Test, address: string, head: string): Promise<Socket> {
  const { hostname, port } = new URL(address)
  const socket = connect({ host: hostname, port: Number(port) })
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(head)
  return socket
}

/** An open WebSocket that answers nothing, not even a close frame. */
async function mute (t: Test, address: string): Promise<Socket> {
  const socket = await say(t, address, `GET ${new URL(address).pathname} HTTP/1.1\r\nHost: localhost\r\n${HANDSHAKE}\r\n`)
  await once(socket, 'data')
  return socket
}

/** Fifty clients in a process of their own, which is stopped where it stands. */
async function stoppedCrowd (t: Test, address: string, prefix: string): Promise<void> {
  const child = spawn(process.execPath, [CROWD, address, '50', prefix], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(async () => {
    child.kill('SIGKILL')
    if (child.signalCode === null) await once(child, 'exit')
  })
  await once(child.stdout, 'data')
  child.kill('SIGSTOP')
}

/** Whether the work is over before a second grace period would be; a timer in the same event loop is as late as the work on a busy machine. */
async function withinOne (grace: number, work: () => Promise<unknown>): Promise<boolean> {
  const second = timer(2 * grace + SLACK)
  await work()
  return !second.fired
}

t.test('close tells a thousand clients, of which two hundred do not listen, and ends within the grace period', async t => {
  const grace = 3_000
  const { app, address } = await serve(t, {
    drain: { grace },
    bufferedBytes: 16 * 1_048_576,
    limits: { connectionsPerAddress: 2_000, joinsPerMinute: 2_000 }
  })
  const url = `${address}/app`
  await Promise.all([stoppedCrowd(t, url, 'stopped-a'), stoppedCrowd(t, url, 'stopped-b')])
  const before = process.getActiveResourcesInfo().sort()

  const deaf: SignallingClient[] = []
  const fine: SignallingClient[] = []
  for (let i = 0; i < 900; i += 50) {
    const clients = await Promise.all(Array.from({ length: 50 }, (_, j) => join(t, url, i < 100 ? `deaf-${i + j}` : `room-${(i + j) >> 1}`)))
    ;(i < 100 ? deaf : fine).push(...clients)
  }
  for (const { socket } of deaf) socket.pause()
  const much = 'x'.repeat(262_144)
  for (let i = 0; i < deaf.length; i++) {
    // More than the kernel takes, for some of them: what waits then waits in the process.
    for (let times = i < 5 ? 24 : 2; times > 0; times--) await app.rooms.send('app', `deaf-${i}`, 'much', much)
  }
  t.equal((await app.rooms.dump()).connections, 1_000)

  t.ok(await withinOne(grace, async () => {
    const closing = app.close()
    const codes = await Promise.all(fine.map(({ closed }) => closed))
    t.ok(codes.every(({ code }) => code === 1001), 'everybody who listens is closed with 1001')
    await closing
  }))
  const told = fine.map(lastOf)
  t.ok(told.every(message => message.definition === 'server_will_stop'), 'everybody who listens was told')
  t.ok(new Set(told.map(message => message.retryAfter)).size > 100, 'and they are not asked to come back all at once')
  t.notOk(fine.some(({ frames }) => frames.some(frame => frame.includes('"command":"stop"'))), 'nobody is told to end a call because the server goes')
  for (const { socket } of deaf) socket.resume()
  await Promise.all(deaf.map(({ closed }) => closed))
  await turn()

  // The listening socket was there before, and is gone now; nothing else may have changed.
  const after = process.getActiveResourcesInfo().sort()
  const expected = before.filter(name => name !== 'TCPServerWrap' && name !== 'TCPSocketWrap')
  t.same(after.filter(name => name !== 'Immediate'), expected.filter(name => name !== 'Immediate'), 'no handle is left')
})

t.test('close ends within the grace period with a handshake that never finishes, half a request and a client that ignores the close frame', async t => {
  const grace = 500
  const { app, address } = await serve(t, { drain: { grace } })
  const sockets = [
    await say(t, address, `GET /app HTTP/1.1\r\nHost: localhost\r\n${HANDSHAKE}`),
    await say(t, address, 'GET /app/peer.html HTTP/1.1\r\nHo'),
    await say(t, address, 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf'),
    await say(t, address, ''),
    await mute(t, `${address}/app`)
  ]
  const ended = Promise.all(sockets.map(socket => once(socket.resume(), 'close')))
  t.ok(await withinOne(grace, () => app.close()))
  await ended
})

t.test('close takes one grace period where the plugin is registered twice, and tells the clients of both at once', async t => {
  const grace = 3_000
  const app = Fastify()
  await app.register(webrtcSignalling, { prefix: '/one', drain: { grace } })
  await app.register(webrtcSignalling, { prefix: '/two', drain: { grace } })
  await app.register(async scope => {
    await scope.register(webrtcSignalling, { drain: { grace } })
  }, { prefix: '/three' })
  const address = (await start(t, app)).replace('http', 'ws')
  const paths = ['one', 'two', 'three']
  await Promise.all(paths.map(path => mute(t, `${address}/${path}/app`)))
  const clients = await Promise.all(paths.map(path => join(t, `${address}/${path}/app`, 'room')))
  let closed = false
  t.ok(await withinOne(grace, async () => {
    const closing = app.close().then(() => { closed = true })
    t.same((await Promise.all(clients.map(({ closed }) => closed))).map(({ code }) => code), [1001, 1001, 1001])
    t.notOk(closed, 'nobody has to wait for those that do not go')
    await closing
  }))
})

t.test('a handshake that a hook holds up until the server drains is refused with 503 and Retry-After', async t => {
  let reached = (): void => {}
  let goOn = (): void => {}
  const held = new Promise<void>(resolve => { reached = resolve })
  const released = new Promise<void>(resolve => { goOn = resolve })
  const { app, address } = await serve(t, {
    drain: { grace: 500 },
    preHandler: async () => {
      reached()
      await released
    }
  })
  const socket = await say(t, address, `GET /app HTTP/1.1\r\nHost: localhost\r\n${HANDSHAKE}\r\n`)
  const answer = once(socket, 'data')
  await held
  await app.rooms.drain()
  goOn()
  const text = String((await answer)[0])
  t.match(text, /^HTTP\/1\.1 503 /)
  t.match(text, /\r\nretry-after: \d+\r\n/i)
  t.ok(await withinOne(500, () => app.close()))
})

t.test('drain, on demand and twice, refuses newcomers with 503 while the host goes on', async t => {
  const { app, address } = await serve(t, { drain: { grace: 2_000, retryAfter: 4_000 } })
  const client = await join(t, `${address}/app`, 'room')
  const first = app.rooms.drain()
  const second = app.rooms.drain()
  t.equal((await client.closed).code, 1001)
  await Promise.all([first, second])
  const told = lastOf(client)
  t.equal(told.definition, 'server_will_stop')
  t.ok(Number(told.retryAfter) >= 2_000 && Number(told.retryAfter) <= 6_000)
  t.match(await app.rooms.dump(), { draining: true, connections: 0, rooms: [] })

  t.match(await refusal(`${address}/app`), { status: 503, headers: { 'retry-after': /^[2-6]$/ } })
  t.equal((await fetch(`${address.replace('ws', 'http')}/health`)).status, 200, 'the host\'s own routes still answer')
  await app.rooms.drain()
})

t.test('The app closes also where a client takes the whole grace period, and all of Fastify\'s pluginTimeout but half a second is for it', async t => {
  const app = Fastify({ pluginTimeout: 1_000 })
  await app.register(webrtcSignalling, { drain: { grace: 500 } })
  const address = (await start(t, app)).replace('http', 'ws')
  await mute(t, `${address}/app`)
  await t.resolves(app.close())
})

t.test('The start fails where Fastify would give up before the grace period is over, and says what may be', async t => {
  for (const [pluginTimeout, grace, most] of [[1_000, 501, 500], [10_000, 10_000, 9_500]] as const) {
    const app = Fastify({ pluginTimeout })
    t.teardown(() => app.close())
    await t.rejects(async () => app.register(webrtcSignalling, { drain: { grace } }), {
      code: 'FST_WEBRTC_BAD_OPTION', message: new RegExp(`'drain.grace' must not be more than ${most}: .*'pluginTimeout' is ${pluginTimeout} ms`)
    })
  }
  for (const pluginTimeout of [0, 3_000]) {
    const app = Fastify({ pluginTimeout })
    t.teardown(() => app.close())
    await app.register(webrtcSignalling, pluginTimeout === 0 ? { drain: { grace: 60_000 } } : {})
  }
})

t.test('close twice is close once', async t => {
  const { app, address } = await serve(t, { drain: { grace: 1_000 } })
  const client = await join(t, `${address}/app`, 'room')
  await Promise.all([app.close(), app.close()])
  t.equal((await client.closed).code, 1001)
  t.equal(client.frames.filter(frame => frame.includes('"server_will_stop"')).length, 1)
  await app.close()
})

t.test('An upgrade that a hook of the host never answers holds up close() for no longer than the grace period', async t => {
  const app = Fastify()
  let asked = () => {}
  const hooked = new Promise<void>(resolve => { asked = resolve })
  await app.register(webrtcSignalling, {
    drain: { grace: 200 },
    preValidation: async () => {
      asked()
      await new Promise(() => {})
    }
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const client = new WebSocket(`ws://127.0.0.1:${(app.server.address() as { port: number }).port}/app`)
  const refused = once(client, 'error')
  client.on('error', () => {})
  await hooked
  t.ok(await withinOne(200, () => app.close()))
  await t.resolves(refused, 'and the client is cut off')
})
