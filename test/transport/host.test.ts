import Fastify, { type FastifyInstance } from 'fastify'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import webrtcSignalling from '../../lib/index.js'
import { host, listen, Log, pair } from '../helpers/host.js'
import { refusal, SignallingClient } from '../helpers/signalling-client.js'
import { start } from '../helpers/start.js'

// Every way of registering the plugin. What else may live in the same app is in neighbours.test.ts.

t.test('Both addresses of an application are WebSocket addresses, whatever the query string', async t => {
  const { connect } = await host(t)
  for (const path of ['/app', '/app/websocket', '/app?target=origin', '/app/websocket?target=origin&target=origin']) {
    const client = await connect(path)
    t.match(await client.join(`room${path.length}`), { definition: 'joined' }, path)
  }
})

t.test('The two addresses of an application lead into the same rooms', async t => {
  const { connect } = await host(t)
  const first = await connect('/app')
  await first.join('room')
  const second = await connect('/app/websocket')
  await second.join('room')
  t.match(await first.hears('start'), { streamId: 'room' })
})

t.test('Rooms of the same name in two applications never meet', async t => {
  const { app, connect } = await host(t)
  const one = await connect('/one')
  await one.join('room')
  const other = await connect('/other')
  t.match(await other.join('room'), { peers: 0 })
  t.same(await one.heard(), [])
  t.same((await app.rooms.apps()).sort(), ['one', 'other'])
})

t.test('Under a prefix of its own the plugin leaves the root alone', async t => {
  const { app, origin, connect } = await host(t, { prefix: '/calls' })
  await (await connect('/calls/app')).join('room')
  t.equal(app.rooms.prefix, '/calls')
  t.equal((await refusal(`${origin}/app`)).status, 404)
})

t.test('A prefix may end in a slash', async t => {
  const { connect, app } = await host(t, { prefix: '/calls/' })
  await (await connect('/calls/app')).join('room')
  t.equal(app.rooms.prefix, '/calls')
})

t.test('Inside an encapsulated scope the routes get its prefix, and only the scope has rooms', async t => {
  const app = Fastify()
  let inside: FastifyInstance | undefined
  await app.register(async scope => {
    inside = scope
    await scope.register(webrtcSignalling, { prefix: '/calls' })
  }, { prefix: '/v1' })
  const { connect } = await listen(t, app)
  await (await connect('/v1/calls/app')).join('room')
  t.equal(app.hasDecorator('rooms'), false)
  t.equal(inside?.rooms.prefix, '/v1/calls')
  t.equal(inside?.rooms.under('/v1/calls'), inside?.rooms)
})

t.test('A hook of the encapsulated scope guards the plugin inside it', async t => {
  const app = Fastify()
  await app.register(async scope => {
    scope.addHook('onRequest', async () => { throw Object.assign(new Error('Nobody.'), { statusCode: 401 }) })
    await scope.register(webrtcSignalling)
  })
  const { origin } = await listen(t, app)
  t.equal((await refusal(`${origin}/app`)).status, 401)
})

t.test('Twice on one server, under different prefixes, the rooms are apart', async t => {
  const app = Fastify()
  await app.register(webrtcSignalling, { prefix: '/a' })
  await app.register(webrtcSignalling, { prefix: '/b' })
  const { connect } = await listen(t, app)
  const a = await connect('/a/app')
  await a.join('room')
  const b = await connect('/b/app')
  t.match(await b.join('room'), { peers: 0 }, 'the other room of that name is another room')
  t.same(await a.heard(), [])
  t.equal(app.rooms, app.rooms.under('/a'), 'the first registration is what fastify.rooms is')
  t.equal(app.rooms.under('/b').prefix, '/b')
  t.equal(app.rooms.under('/b').under('/a'), app.rooms, 'each knows the other')
  const peersOf = async (prefix: string) => (await app.rooms.under(prefix).peers('app', 'room')).map(peer => peer.id)
  t.equal((await peersOf('/a')).length, 1)
  t.equal((await peersOf('/b')).length, 1)
  t.notSame(await peersOf('/a'), await peersOf('/b'))
})

t.test('rooms.under() names the prefixes that there are where asked for another', async t => {
  const app = Fastify()
  await app.register(webrtcSignalling, { prefix: '/a' })
  await app.register(webrtcSignalling, { prefix: '/b' })
  t.throws(() => app.rooms.under('/c'), { code: 'FST_WEBRTC_NO_SUCH_PREFIX', message: /'\/c'.*'\/a', '\/b'/ })
  await app.close()
})

t.test('A child scope reaches its parent\'s rooms, and the parent does not see the child\'s', async t => {
  const app = Fastify()
  await app.register(webrtcSignalling, { prefix: '/a' })
  let inside: FastifyInstance | undefined
  await app.register(async scope => {
    inside = scope
    await scope.register(webrtcSignalling, { prefix: '/b' })
  })
  await app.ready()
  t.equal(inside?.rooms.prefix, '/b')
  t.equal(inside?.rooms.under('/a'), app.rooms)
  t.throws(() => app.rooms.under('/b'), { code: 'FST_WEBRTC_NO_SUCH_PREFIX' })
  await app.close()
})

t.test('Twice under the same prefix is refused', async t => {
  for (const [first, second] of [['', ''], ['/a', '/a'], ['/a', '/a/']] as const) {
    const app = Fastify()
    await app.register(webrtcSignalling, { prefix: first })
    await t.rejects(async () => await app.register(webrtcSignalling, { prefix: second }), { code: 'FST_WEBRTC_PREFIX_TAKEN', message: `'${first}'` })
    await app.close()
  }
})

t.test('Twice under the same prefix is refused from an encapsulated scope too', async t => {
  const app = Fastify()
  await app.register(webrtcSignalling, { prefix: '/a' })
  await t.rejects(async () => {
    await app.register(async scope => { await scope.register(webrtcSignalling, { prefix: '/a' }) })
    await app.ready()
  }, { code: 'FST_WEBRTC_PREFIX_TAKEN' })
  await app.close()
})

t.test('Each upgrade of a server with two registrations is routed once, and nothing is logged about it', async t => {
  const log = new Log()
  const app = Fastify({ logger: log.logger })
  let requests = 0
  app.addHook('onRequest', async () => { requests++ })
  await app.register(webrtcSignalling, { prefix: '/a' })
  await app.register(webrtcSignalling, { prefix: '/b' })
  const { connect } = await listen(t, app, log)
  await pair({ app, log, connect, origin: '' }, '/a/app')
  await pair({ app, log, connect, origin: '' }, '/b/app')
  t.equal(requests, 4)
  t.same(log.from(40), [])
})

t.test('Two servers in one process share nothing', async t => {
  const one = await host(t)
  const other = await host(t)
  const client = await one.connect()
  await client.join('room')
  t.not(one.app.rooms, other.app.rooms)
  t.same((await other.app.rooms.dump()).rooms, [])
  const stranger = await other.connect()
  t.match(await stranger.join('room'), { peers: 0 })
  await other.app.close()
  t.equal((await stranger.closed).code, 1001)
  t.same(await client.heard(), [], 'the one goes on when the other closes')
})

t.test('The rooms are there as soon as the plugin is registered', async t => {
  const app = Fastify()
  await app.register(webrtcSignalling)
  t.same(await app.rooms.dump(), { prefix: '', draining: false, connections: 0, replayBytes: 0, rooms: [] })
  await app.close()
})

t.test('An app that never listened closes at once', async t => {
  const app = Fastify()
  await app.register(webrtcSignalling)
  await app.ready()
  await app.close()
  t.pass('closed')
})

t.test('fastify.close() tells every client when to come back, and closes with 1001', async t => {
  const one = await host(t, { drain: { retryAfter: 1000 } })
  const clients = await pair(one)
  const closing = one.app.close()
  for (const client of clients) {
    const { retryAfter } = await client.hears('server_will_stop')
    t.ok(typeof retryAfter === 'number' && retryAfter >= 500 && retryAfter <= 1500, `${retryAfter} ms`)
    t.equal((await client.closed).code, 1001)
  }
  await closing
})

t.test('rooms.drain() refuses whoever comes from now on with 503 and Retry-After, and the rest of the app goes on', async t => {
  const app = Fastify()
  app.get('/health', async () => 'ok')
  await app.register(webrtcSignalling, { drain: { retryAfter: 4000 } })
  const origin = await start(t, app)
  const client = await SignallingClient.connect(t, `${origin}/app`)
  await client.join('room')
  await app.rooms.drain()
  t.equal((await client.closed).code, 1001)
  t.equal(app.rooms.draining, true)
  const { status, headers, body } = await refusal(`${origin}/app`)
  t.equal(status, 503)
  t.equal(body.code, 'FST_WEBRTC_DRAINING')
  t.ok(Number(headers['retry-after']) >= 2 && Number(headers['retry-after']) <= 6, `Retry-After: ${headers['retry-after']}`)
  t.equal(await (await fetch(`${origin}/health`)).text(), 'ok')
})

t.test('An upgrade of ours that was refused leaves no open socket behind; any other is answered as if nobody took upgrades', async t => {
  const app = Fastify()
  app.get('/health', async () => 'ok')
  await app.register(webrtcSignalling, { apps: name => name === 'app' })
  const origin = await start(t, app)
  const ask = (path: string): Socket => {
    const socket = connect(Number(new URL(origin).port), 'localhost')
    socket.setEncoding('utf8')
    // RFC 6455 section 1.3 has this key.
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`)
    return socket
  }
  for (const [path, status] of [['/other', 404], ['/not%20a%20name', 400]] as const) {
    // Reads to the end: it is the server that ends it.
    t.match((await ask(path).toArray()).join(''), `HTTP/1.1 ${status}`, path)
  }
  for (const [path, status] of [['/health', 200], ['/nothing/of/ours', 404], ['/app/peer.html', 200], ['/app/js/webrtc_adaptor.js', 200]] as const) {
    const socket = ask(path)
    const [text] = await once(socket, 'data') as [string]
    t.match(text, `HTTP/1.1 ${status}`, path)
    t.match(text.toLowerCase(), 'connection: keep-alive', 'and the connection is kept, as without the plugin')
    socket.destroy()
  }
})
