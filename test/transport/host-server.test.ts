import Fastify from 'fastify'
import { once } from 'node:events'
import { createServer, request as ask } from 'node:http'
import { connect as connectSession } from 'node:http2'
import { connect, type AddressInfo } from 'node:net'
import t from 'tap'
import { WebSocket } from 'ws'
import webrtcSignalling from '../../lib/index.js'
import { host, pair } from '../helpers/host.js'
import { refusal, SignallingClient } from '../helpers/signalling-client.js'
import { start } from '../helpers/start.js'

// The host's server stays the host's: what the plugin takes of it, and what becomes of the rest when it closes.

t.test('Only the two signalling routes answer an upgrade by 101, all other addresses by an HTTP status', async t => {
  const { origin } = await host(t)
  for (const path of ['peer.html', 'peer.js', 'js/webrtc_adaptor.js', 'js/adapter-latest.js']) {
    t.equal((await refusal(`${origin}/app/${path}`)).status, 200, path)
  }
  t.equal((await refusal(`${origin}/app/other`)).status, 404)
  await SignallingClient.connect(t, `${origin}/app`)
  await SignallingClient.connect(t, `${origin}/app/websocket`)
})

t.test('A file of ours answers an upgrade by an HTTP status beside a @fastify/websocket of the host too', async t => {
  const { default: websocket } = await import('@fastify/websocket')
  const app = Fastify()
  await app.register(websocket)
  await app.register(webrtcSignalling)
  const origin = await start(t, app)
  t.equal((await refusal(`${origin}/app/peer.html`)).status, 200)
})

t.test('A plain GET of a signalling route over HTTP/2 is answered by 426 without the headers that HTTP/2 forbids', async t => {
  const app = Fastify({ http2: true })
  await app.register(webrtcSignalling, { apps: ['app'] })
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const session = connectSession(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`)
  const stream = session.request({ ':path': '/app' })
  stream.resume()
  const [headers] = await once(stream, 'response')
  t.equal(headers[':status'], 426)
  t.equal(headers.upgrade, undefined)
  session.close()
})

t.test('An idle HTTP/2 session, and one with half a request, do not hold up close() beyond the grace period', async t => {
  const app = Fastify({ http2: true })
  await app.register(webrtcSignalling, { drain: { grace: 200 } })
  app.post('/body', async () => 'never')
  await app.listen({ port: 0, host: '127.0.0.1' })
  const origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const sessions = [connectSession(origin), connectSession(origin)]
  for (const session of sessions) session.on('error', () => {})
  await Promise.all(sessions.map(session => once(session, 'remoteSettings')))
  const half = sessions[1]?.request({ ':method': 'POST', ':path': '/body', 'content-type': 'application/json' }, { endStream: false })
  half?.on('error', () => {})
  half?.write('{')
  await once(app.server, 'stream')
  await app.close()
  t.pass('closed')
})

t.test('A request of the host that is being worked on at close() is answered, however long that takes', async t => {
  const app = Fastify()
  await app.register(webrtcSignalling, { drain: { grace: 50 } })
  let begun = () => {}
  let goOn = () => {}
  const reached = new Promise<void>(resolve => { begun = resolve })
  const released = new Promise<void>(resolve => { goOn = resolve })
  app.get('/slow', async () => {
    begun()
    await released
    return 'done'
  })
  const origin = await start(t, app)
  const answer = fetch(`${origin}/slow`)
  const half = connect(Number(new URL(origin).port), 'localhost')
  half.write('POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf')
  half.on('error', () => {})
  await reached
  const closing = app.close()
  // When this is cut off the grace period is over.
  await once(half.resume(), 'close')
  goOn()
  t.equal(await (await answer).text(), 'done')
  await closing
})

t.test('The end of a request that comes while a closing server stands still for longer than the grace period is read before its client is cut off', async t => {
  const app = Fastify()
  await app.register(webrtcSignalling, { drain: { grace: 500 } })
  app.post('/echo', async ({ body }) => body)
  const origin = await start(t, app)
  const client = connect(Number(new URL(origin).port), 'localhost')
  const answer = once(client, 'data')
  client.write('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 8\r\n\r\nhalf')
  await once(app.server, 'request')
  const closing = app.close()
  while (app.server.listening) await new Promise(resolve => { setImmediate(resolve) })
  client.write('half')
  const end = performance.now() + 2_000
  while (performance.now() < end);
  t.match(String((await answer)[0]), /^HTTP\/1\.1 200 [^]*halfhalf$/)
  await closing
})

t.test('Of two apps on one HTTP server, the one that closes does not drain the other', async t => {
  const server = createServer((request, response) => { (request.url?.startsWith('/b') === true ? b : a).routing(request, response) })
  const a = Fastify({ serverFactory: () => server })
  const b = Fastify({ serverFactory: () => server })
  await a.register(webrtcSignalling, { prefix: '/a', drain: { grace: 50 } })
  await b.register(webrtcSignalling, { prefix: '/b', drain: { grace: 50 } })
  await b.ready()
  const origin = await start(t, a)
  const client = await SignallingClient.connect(t, `${origin}/b/app`)
  await client.join('room')
  const other = await SignallingClient.connect(t, `${origin}/a/app`)
  await other.join('room')
  await b.close()
  t.equal((await client.closed).code, 1001)
  t.same(await other.heard(), [], 'the other app goes on')
  await pair({ app: a, origin, log: undefined as never, connect: (path = '/a/app') => SignallingClient.connect(t, origin + path) }, '/a/app', 'more')
})

t.test('Invalid UTF-8 from one peer ends that connection alone', async t => {
  const { default: websocket } = await import('@fastify/websocket')
  const app = Fastify()
  await app.register(websocket, { options: { skipUTF8Validation: true } })
  await app.register(webrtcSignalling)
  const origin = await start(t, app)
  const [one, other] = await pair({ app, origin, log: undefined as never, connect: (path = '/app') => SignallingClient.connect(t, origin + path) })
  one.socket.send(Buffer.from([0x7b, 0xff, 0x7d]), { binary: false })
  t.equal((await one.closed).code, 1007)
  t.equal(other.socket.readyState, WebSocket.OPEN)
})

t.test('injectWS of the host reaches its own routes', async t => {
  const { default: websocket } = await import('@fastify/websocket')
  const app = Fastify()
  await app.register(webrtcSignalling)
  await app.register(websocket)
  app.register(async scope => { scope.get('/own/echo', { websocket: true }, socket => { socket.send('hello') }) })
  t.teardown(() => app.close())
  await app.ready()
  let heard: Promise<unknown[]> = Promise.resolve([])
  const socket = await app.injectWS('/own/echo', {}, { onInit: socket => { heard = once(socket, 'message') } })
  t.equal(String((await heard)[0]), 'hello')
  socket.terminate()
})

t.test('An upgrade that nobody wants leaves the connection as it was, for the next request', async t => {
  const { origin } = await host(t, { apps: ['app'] })
  const socket = connect(Number(new URL(origin).port), 'localhost')
  const status = async (path: string, headers: Record<string, string>): Promise<number> => {
    const request = ask(`${origin}${path}`, { headers, createConnection: () => socket })
    request.end()
    const [response] = await once(request, 'response')
    response.resume()
    await once(response, 'end')
    return response.statusCode
  }
  t.equal(await status('/nothing', { connection: 'Upgrade', upgrade: 'websocket' }), 404)
  t.notOk(socket.readableEnded)
  socket.destroy()
})
