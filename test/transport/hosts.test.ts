import compress from '@fastify/compress'
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import httpProxy from '@fastify/http-proxy'
import fastifyStatic from '@fastify/static'
import swagger from '@fastify/swagger'
import underPressure from '@fastify/under-pressure'
import websocket from '@fastify/websocket'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import fp from 'fastify-plugin'
import oldWebsocket from 'fastify-websocket-11-2-0'
import { once } from 'node:events'
import { createServer, request as plainRequest, type Server } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { request as secureRequest } from 'node:https'
import { connect as connectSocket } from 'node:net'
import { Server as SocketIoServer } from 'socket.io'
import { io } from 'socket.io-client'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import webrtcSignalling, { type WebrtcSignallingOptions } from '../../lib/index.js'
import { certificate } from '../helpers/certificate.js'
import { listen, Log } from '../helpers/host.js'
import { refusal, SignallingClient } from '../helpers/signalling-client.js'
import { CUT_OFF, passEverything, tlsProxy } from '../helpers/tls-proxy.js'

// What hosts have beside the plugin. For each: the host does what it does without the plugin, a call sets itself up, close() ends.

interface Running {
  app: FastifyInstance
  origin: string
  port: number
}

/** What a host does, as something that can be compared. */
type Observe = (running: Running, t: Test) => Promise<unknown>

interface HostCase {
  name: string
  server?: object
  options?: WebrtcSignallingOptions
  /** Puts the host together; `plugin` registers ours, or nothing. */
  build: (app: FastifyInstance, plugin: () => Promise<void>, t: Test) => Promise<void>
  observe: Observe
  /** Puts something before the host, and says where that is. */
  front?: (t: Test, origin: string) => Promise<string>
}

/** One echo over a WebSocket of the host's, or how it failed. */
async function echo (url: string, options = {}): Promise<string> {
  const socket = new WebSocket(url, { rejectUnauthorized: false, ...options })
  return await new Promise(resolve => {
    socket.on('open', () => socket.send('hello'))
    socket.on('message', data => {
      resolve(String(data))
      socket.close()
    })
    socket.on('unexpected-response', (_request, response) => {
      response.resume()
      resolve(`HTTP ${response.statusCode}`)
      socket.terminate()
    })
    socket.on('error', error => resolve(error.message))
    socket.on('close', code => resolve(`closed ${code}`))
  })
}

const toWs = (origin: string): string => origin.replace(/^http/, 'ws')

const answers = async (socket: WebSocket): Promise<void> => { socket.on('message', (data: Buffer) => socket.send(String(data))) }

type WebSocketPlugin = typeof websocket

/** A host with a WebSocket route of its own, by whatever copy of `@fastify/websocket`, before or after ours. */
function ownWebSockets (name: string, plugin: WebSocketPlugin, options: object, before: boolean): HostCase {
  return {
    name: `has ${name}, registered ${before ? 'before' : 'after'} the plugin`,
    async build (app, ours) {
      if (!before) await ours()
      await app.register(plugin as never, options as never)
      await app.register(async scope => { scope.get('/own', { websocket: true }, answers as never) })
      if (before) await ours()
    },
    observe: async ({ origin }) => ({
      own: await echo(`${toWs(origin)}/own`),
      nowhere: await echo(`${toWs(origin)}/no/where/at/all`)
    })
  }
}

const variants: Array<[string, object]> = [
  ['@fastify/websocket', {}],
  ['@fastify/websocket with clientTracking: false', { options: { clientTracking: false }, preClose: (done: () => void) => done() }],
  ['@fastify/websocket with perMessageDeflate', { options: { perMessageDeflate: true } }],
  ['@fastify/websocket with skipUTF8Validation', { options: { skipUTF8Validation: true } }],
  ['@fastify/websocket with a small maxPayload', { options: { maxPayload: 16 } }],
  ['@fastify/websocket that verifies clients', { options: { verifyClient: ({ req }: { req: { url: string } }) => req.url === '/own' } }],
  ['@fastify/websocket that refuses protocols', { options: { handleProtocols: () => false } }]
]

/** A body that comes with a request for HTTP/2, as Java's HttpClient sends it. */
async function postWithUpgrade ({ port }: Running): Promise<string> {
  const socket = connectSocket(port, 'localhost')
  socket.setEncoding('utf8')
  socket.write('POST /echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n' +
    'Content-Type: text/plain\r\nContent-Length: 10\r\n\r\nfirst')
  setImmediate(() => socket.write('-half'))
  let text = ''
  for await (const chunk of socket) {
    text += chunk
    if (text.endsWith('}')) break
  }
  socket.destroy()
  return text.split('\r\n\r\n')[1] ?? text
}

function echoBody (app: FastifyInstance): void {
  app.post('/echo', async request => ({ body: request.body, upgrade: request.headers.upgrade, connection: request.headers.connection }))
}

const cases: HostCase[] = [
  {
    name: 'has nothing else',
    async build (app, ours) {
      echoBody(app)
      await ours()
    },
    observe: async running => ({ body: await postWithUpgrade(running), nowhere: await echo(`${toWs(running.origin)}/nowhere/else`) })
  },
  ...variants.flatMap(([name, options]) => [true, false].map(before => ownWebSockets(name, websocket, options, before))),
  ...[true, false].map(before => ownWebSockets('@fastify/websocket 11.2.0', oldWebsocket as unknown as WebSocketPlugin, {}, before)),
  ...[true, false].map((before): HostCase => ({
    name: `has a plugin with a @fastify/websocket of its own, in a scope of its own, registered ${before ? 'before' : 'after'}`,
    async build (app, ours) {
      if (!before) await ours()
      await app.register(async scope => {
        await scope.register(oldWebsocket as never)
        scope.get('/own', { websocket: true }, answers as never)
      })
      if (before) await ours()
    },
    observe: async ({ origin }) => ({ own: await echo(`${toWs(origin)}/own`) })
  })),
  ...[true, false].map((before): HostCase => ({
    name: `passes WebSockets on by @fastify/http-proxy, registered ${before ? 'before' : 'after'}`,
    async build (app, ours, t) {
      const upstream = new WebSocketServer({ port: 0 })
      upstream.on('connection', answers as never)
      await once(upstream, 'listening')
      t.teardown(() => {
        for (const client of upstream.clients) client.terminate()
        upstream.close()
      })
      if (!before) await ours()
      await app.register(httpProxy, { upstream: `http://localhost:${(upstream.address() as { port: number }).port}`, prefix: '/proxied', websocket: true })
      if (before) await ours()
    },
    observe: async ({ origin }) => ({ proxied: await echo(`${toWs(origin)}/proxied`) })
  })),
  ...[true, false].map((before): HostCase => ({
    name: `has a ws server that listens to upgrades by itself, ${before ? 'before' : 'after'}`,
    async build (app, ours, t) {
      const own = new WebSocketServer({ noServer: true })
      own.on('connection', answers as never)
      const listen = (): void => {
        app.server.on('upgrade', (request, socket, head) => {
          if (request.url === '/raw') own.handleUpgrade(request, socket, head, client => own.emit('connection', client))
          else if (request.url === '/refused') socket.end('HTTP/1.1 418 No\r\nConnection: close\r\n\r\n')
        })
      }
      if (before) listen()
      await ours()
      if (!before) listen()
      t.teardown(() => { for (const client of own.clients) client.terminate() })
    },
    observe: async ({ origin }) => ({ raw: await echo(`${toWs(origin)}/raw`), refused: await echo(`${toWs(origin)}/refused`) })
  })),
  {
    name: 'has socket.io attached to its server',
    async build (app, ours) {
      const sockets = new SocketIoServer(app.server, { transports: ['websocket'] })
      sockets.on('connection', socket => socket.on('hello', (answer: (text: string) => void) => answer('hello')))
      app.addHook('preClose', async () => { sockets.disconnectSockets(true) })
      await ours()
    },
    async observe ({ origin }) {
      const client = io(origin, { transports: ['websocket'], reconnection: false })
      const answer = await client.emitWithAck('hello') as string
      client.close()
      return { answer }
    }
  },
  {
    name: 'serves files for a year, of allowed paths alone and without types',
    async build (app, ours, t) {
      const root = t.testdir({ 'own.txt': 'own' })
      await app.register(fastifyStatic, {
        root, prefix: '/files/', maxAge: '1y', immutable: true, contentType: false, allowedPath: (path: string) => path.endsWith('own.txt')
      })
      await ours()
    },
    async observe ({ origin }) {
      const file = await fetch(`${origin}/files/own.txt`)
      return { status: file.status, text: await file.text(), cache: file.headers.get('cache-control'), type: file.headers.get('content-type') }
    }
  },
  {
    name: 'has a page for everything, by a wildcard at the root',
    options: { apps: undefined as never },
    async build (app, ours) {
      app.get('/*', async request => `page ${request.url}`)
      app.setNotFoundHandler(async (request, reply) => reply.code(404).send(`lost ${request.url}`))
      await ours()
    },
    async observe ({ origin }) {
      const pages: string[] = []
      for (const path of ['/', '/about', '/about/us', '/app', '/app/websocket']) pages.push(await (await fetch(origin + path, { headers: { accept: 'text/html' } })).text())
      const lost = await fetch(`${origin}/app`, { method: 'DELETE' })
      return { pages, lost: await lost.text() }
    }
  },
  {
    name: 'has helmet, cors, compress and under-pressure',
    async build (app, ours) {
      await app.register(helmet)
      await app.register(cors, { origin: true })
      await app.register(compress)
      await app.register(underPressure, { maxEventLoopDelay: 0 })
      app.get('/own', async () => ({ text: 'x'.repeat(5_000) }))
      await ours()
    },
    async observe ({ origin }) {
      const own = await fetch(`${origin}/own`, { headers: { origin: 'https://else.where' } })
      return { status: own.status, encoding: own.headers.get('content-encoding'), cors: own.headers.get('access-control-allow-origin'), policy: own.headers.get('content-security-policy') }
    }
  },
  {
    name: 'documents its routes with @fastify/swagger',
    async build (app, ours) {
      await app.register(swagger)
      await ours()
      app.get('/own', async () => 'own')
    },
    observe: async ({ app }) => Object.keys(app.swagger().paths ?? {})
  },
  {
    name: 'has a decorator of our name',
    options: { decorator: 'callRooms' },
    async build (app, ours) {
      app.decorate('rooms' as never, 'a house has rooms' as never)
      await ours()
    },
    observe: async ({ app }) => app.rooms
  },
  {
    name: 'ignores slashes at the end, slashes that are doubled, and case',
    server: { routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, caseSensitive: false } },
    build: async (_app, ours) => { await ours() },
    observe: async ({ origin }) => (await fetch(`${origin}/nothing/`)).status
  },
  {
    name: 'rewrites addresses',
    server: { rewriteUrl: (request: { url?: string }) => (request.url ?? '').replace(/^\/v1/, '') },
    build: async (_app, ours) => { await ours() },
    observe: async ({ origin }) => (await fetch(`${origin}/v1/nothing`)).status
  },
  {
    name: 'speaks HTTPS, and HTTP/2 to those who can',
    server: { http2: true, https: { allowHTTP1: true, ...certificate } },
    async build (app, ours) {
      app.get('/own', async () => 'own')
      await ours()
    },
    async observe ({ origin }) {
      return { one: await secure(`${origin}/own`), two: await overHttp2(origin, '/own') }
    }
  },
  {
    name: 'speaks HTTPS',
    server: { https: certificate },
    async build (app, ours) {
      app.get('/own', async () => 'own')
      await ours()
    },
    observe: async ({ origin }) => await secure(`${origin}/own`)
  },
  {
    name: 'is behind a proxy with TLS that cuts a prefix off',
    server: { trustProxy: true },
    async build (app, ours) {
      app.get('/own', async ({ url, protocol, hostname }) => ({ url, protocol, hostname }))
      await app.register(websocket)
      await app.register(async scope => { scope.get('/echo', { websocket: true }, answers as never) })
      await ours()
    },
    front: (t, origin) => tlsProxy(t, origin, passEverything),
    observe: async ({ origin }) => ({
      own: await secure(`${origin}/own?a=b`),
      echo: await echo(`${toWs(origin)}/echo`),
      elsewhere: await secure(origin.replace(CUT_OFF, '/elsewhere'))
    })
  }
]

async function secure (url: string): Promise<string> {
  const [response] = await once(secureRequest(url, { rejectUnauthorized: false, agent: false }).end(), 'response')
  return (await response.setEncoding('utf8').toArray()).join('')
}

/** The status of a GET over a session of its own, which is left open where `keep` is set. */
async function overHttp2 (origin: string, path: string, keep?: (session: ReturnType<typeof connectHttp2>) => void): Promise<number> {
  const session = connectHttp2(origin, { rejectUnauthorized: false })
  session.on('error', () => {})
  const stream = session.request({ ':path': path })
  const [headers] = await once(stream, 'response')
  stream.resume()
  await once(stream, 'close')
  if (keep === undefined) session.close()
  else keep(session)
  return headers[':status'] as number
}

async function run (t: Test, { server = {}, options, build, observe, front }: HostCase, plugin: boolean): Promise<{ seen: unknown, running: Running }> {
  const app = Fastify(server as FastifyServerOptions) as unknown as FastifyInstance
  t.teardown(() => app.close())
  await build(app, async () => {
    if (plugin) await app.register(webrtcSignalling, { apps: ['app'], drain: { grace: 500 }, ...options })
  }, t)
  const address = await app.listen({ port: 0, host: 'localhost' })
  const { port } = new URL(address)
  const origin = `${'https' in server ? 'https' : 'http'}://localhost:${port}`
  const running = { app, origin: front === undefined ? origin : await front(t, origin), port: Number(port) }
  return { seen: await observe(running, t), running }
}

for (const each of cases) {
  t.test(`A host that ${each.name} does what it does without the plugin, calls are set up, and close() ends`, async t => {
    const without = await run(t, each, false)
    const { seen, running } = await run(t, each, true)
    t.same(seen, without.seen, 'the host is as it was')
    const address = `${toWs(running.origin)}/app`
    const first = await SignallingClient.connect(t, address, { rejectUnauthorized: false })
    const second = await SignallingClient.connect(t, address, { rejectUnauthorized: false })
    await first.join('room')
    await second.join('room')
    await first.hears('start')
    first.send({ command: 'takeConfiguration', streamId: 'room', type: 'offer', sdp: 'v=0'.padEnd(6_000, ' ') })
    t.match(await second.hears('takeConfiguration'), { type: 'offer' })
    await running.app.close()
    t.equal((await first.closed).code, 1001)
    await without.running.app.close()
  })
}

t.test('Bytes that are no UTF-8 end the connection of their sender alone, whatever the host\'s WebSocket server lets pass', async t => {
  const { running } = await run(t, ownWebSockets('', websocket, { options: { skipUTF8Validation: true } }, true), true)
  const address = `${toWs(running.origin)}/app`
  const [first, second] = [await SignallingClient.connect(t, address), await SignallingClient.connect(t, address)]
  await first.join('room')
  await second.join('room')
  first.send(Buffer.from('7b22ff227d', 'hex'))
  t.equal((await first.closed).code, 1007)
  t.match(await second.hears('peerLeft'), { reason: 'lost' })
  t.equal(second.socket.readyState, 1)
})

const http2Hosts: Array<[string, object]> = [['clear text', { http2: true }], ['TLS that allows HTTP/1', { http2: true, https: { allowHTTP1: true, ...certificate } }]]

for (const [name, server] of http2Hosts) {
  t.test(`A plain GET over HTTP/2 (${name}) is 426, an upgrade there is refused, and an idle session does not hold close() up`, async t => {
    const app = Fastify(server as never) as unknown as FastifyInstance
    t.teardown(() => app.close())
    await app.register(webrtcSignalling, { apps: ['app'], drain: { grace: 100 } })
    const origin = (await app.listen({ port: 0, host: 'localhost' })).replace(/\/\/[^:]+|\/\/\[.*\]/, '//localhost')
    let idle: ReturnType<typeof connectHttp2> | undefined
    t.equal(await overHttp2(origin, '/app', session => { idle = session }), 426)
    t.equal(await overHttp2(origin, '/app/peer.html'), 200)
    // RFC 8441: a client must not ask for it where the server's settings do not allow it.
    t.notOk(idle?.remoteSettings.enableConnectProtocol)
    const gone = once(idle!, 'close')
    await app.close()
    await gone
  })
}

t.test('A request that runs when the server closes is served to its end, however long after the grace', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  let finish: () => void = () => {}
  const running = new Promise<void>(resolve => {
    app.get('/slow', async () => {
      resolve()
      await new Promise<void>(_resolve => { finish = _resolve })
      return 'done'
    })
  })
  const begun = new Promise<void>(resolve => {
    app.post('/broken-off', { onRequest: async () => { resolve() } }, async () => 'never')
  })
  await app.register(webrtcSignalling, { apps: ['app'], drain: { grace: 20 } })
  const origin = await app.listen({ port: 0, host: 'localhost' })
  const answer = once(plainRequest(`${origin}/slow`, { agent: false }).end(), 'response')
  await running
  // A client that never ends its request is cut off by the look at what is stuck.
  const brokenOff = plainRequest(`${origin}/broken-off`, { agent: false, method: 'POST', headers: { 'content-type': 'application/json', 'content-length': 9 } })
  brokenOff.write('{')
  const cutOff = once(brokenOff, 'error')
  await begun
  const client = await SignallingClient.connect(t, `${toWs(origin)}/app`)
  const closed = app.close()
  await client.closed
  await cutOff
  finish()
  const [response] = await answer
  t.equal((await response.setEncoding('utf8').toArray()).join(''), 'done')
  await closed
})

t.test('Of two apps on one HTTP server the one that closes does not drain the other', async t => {
  let shared: Server | undefined
  const first = Fastify({ serverFactory: handler => (shared = createServer(handler)) })
  const second = Fastify({ serverFactory: () => shared as Server })
  await first.register(webrtcSignalling, { apps: ['one'], prefix: '/first' })
  await second.register(webrtcSignalling, { apps: ['two'], prefix: '/second' })
  await second.ready()
  const origin = await first.listen({ port: 0, host: '127.0.0.1' })
  const stays = await SignallingClient.connect(t, `${toWs(origin)}/first/one`)
  const goes = await SignallingClient.connect(t, `${toWs(origin)}/second/two`)
  await stays.join('room')
  await goes.join('room')
  // It ends when the server does, which is the other's too.
  const closed = second.close()
  t.equal((await goes.closed).code, 1001)
  t.equal(first.rooms.draining, false)
  t.same(await stays.heard(), [], 'and its clients have not heard of it')
  await Promise.all([first.close(), closed])
})

t.test('Each route has a config of its own, so that what a host marks on one holds for that one alone', async t => {
  const configs: unknown[] = []
  for (let i = 0; i < 2; i++) {
    const app = Fastify()
    app.addHook('onRoute', ({ url, config, method }) => {
      // Fastify's HEAD route of a GET one is the same route.
      if (method === 'HEAD') return
      if (url.endsWith('peer.html')) Object.assign(config as object, { public: true })
      configs.push(config)
    })
    await app.register(webrtcSignalling, { apps: ['one', 'two'] })
    await app.close()
  }
  t.equal(new Set(configs).size, configs.length)
  t.equal(configs.filter(config => (config as { public?: boolean }).public === true).length, 4)
})

for (const before of [true, false]) {
  for (const [name, options] of [['rooms', {}], ['calls', { decorator: 'calls' }]] as const) {
    t.test(`A host that decorates '${name}' ${before ? 'before' : 'after'} us is told which option helps`, async t => {
      const app = Fastify()
      const error = { code: 'FST_WEBRTC_DECORATOR_TAKEN', message: new RegExp(`'fastify.${name}'.*'decorator' option`) }
      if (before) app.decorate(name as never, {} as never)
      const registered = async (): Promise<void> => { await app.register(webrtcSignalling, options) }
      if (before) {
        await t.rejects(registered, error)
      } else {
        await registered()
        t.throws(() => app.decorate(name as never, {} as never), error)
        await t.rejects(async () => { await app.register(fp(async scope => { scope.decorate(name as never, {} as never) })) }, error, 'from a plugin of the host too')
      }
      await app.close()
    })
  }
}

t.test('All that a host decorates beside us is as it is without us', async t => {
  const decorateAll = async (app: FastifyInstance): Promise<unknown> => {
    const any = app as unknown as { decorate: (...args: unknown[]) => unknown } & Record<string, unknown>
    const seen: unknown[] = [any.decorate('one', 1) === app, any.one]
    seen.push(any.decorate('two', { getter () { return this === any ? 2 : this } }), any.two)
    seen.push(any.decorate('three', function (this: unknown) { return this === any }, ['one']), (any.three as () => boolean)())
    const symbol = Symbol('own')
    any.decorate(symbol, 4)
    seen.push(any[symbol as never])
    for (const args of [['one', 1], ['five', 5, ['nothing']], ['log', 6]]) {
      try {
        any.decorate(...args)
      } catch (error) {
        seen.push((error as { code: string }).code, (error as Error).message)
      }
    }
    await app.register(async scope => {
      scope.decorate('one' as never, 'in a scope' as never)
      scope.decorate('rooms' as never, 'of a scope' as never)
      seen.push((scope as never as Record<string, unknown>).one, scope.rooms)
    })
    await app.ready()
    try {
      any.decorate('late', 7)
    } catch (error) {
      seen.push((error as { code: string }).code)
    }
    return seen.map(each => each === app ? 'the app' : each)
  }
  const without = Fastify()
  const host = Fastify()
  await host.register(webrtcSignalling)
  await host.register(webrtcSignalling, { prefix: '/second' })
  await host.register(webrtcSignalling, { prefix: '/third', decorator: 'thirdRooms' })
  t.same(await decorateAll(host), await decorateAll(without))
  t.ok(host.rooms.under('/third'))
  await Promise.all([host.close(), without.close()])
})

t.test('A prefix with a parameter would share rooms, and stops the start', async t => {
  const error = { code: 'FST_WEBRTC_PREFIX_PARAMETER', message: /'\/:tenant'/ }
  const own = Fastify()
  await t.rejects(async () => { await own.register(webrtcSignalling, { prefix: '/:tenant' }) }, error)
  await own.close()
  const scoped = Fastify()
  await t.rejects(async () => {
    await scoped.register(async scope => { await scope.register(webrtcSignalling) }, { prefix: '/:tenant' })
    await scoped.ready()
  }, error)
  await scoped.close()
})

t.test('What a host\'s onRoute hook adds to one of our routes runs on that one alone', async t => {
  const app = Fastify()
  let ran = 0
  app.addHook('onRoute', route => {
    for (const name of ['onRequest', 'preValidation', 'preHandler'] as const) {
      (route[name] as unknown[]).push(async () => { ran++ })
    }
  })
  await app.register(webrtcSignalling, { apps: ['one', 'two', 'three'] })
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: 'localhost' })
  const { port } = app.server.address() as { port: number }
  await SignallingClient.connect(t, `ws://localhost:${port}/one`)
  t.equal(ran, 3)
})

t.test('What we refuse is one line in the log, at debug, and what a hook of the host throws is the host\'s to answer', async t => {
  const log = new Log()
  const app = Fastify({ logger: log.logger })
  app.setErrorHandler(async (error: Error, _request, reply) => reply.code(418).send({ mine: error.message }))
  await app.register(webrtcSignalling, { apps: { app: {}, hooked: { onRequest: async () => { throw new Error('not you') } } }, limits: { connections: 1 } })
  const { origin, connect } = await listen(t, app, log)
  t.match(await refusal(`${origin}/hooked`), { status: 418, body: { mine: 'not you' } })
  await connect('/app')
  const from = log.lines.length
  t.equal((await fetch(`${origin}/app`)).status, 426)
  t.equal((await refusal(`${origin}/app`)).status, 503)
  await app.rooms.drain()
  t.equal((await refusal(`${origin}/app`)).status, 503)
  // The one connection that was let in has its own line when it ends.
  const lines = log.lines.slice(from).filter(({ msg }) => !/incoming request|request completed|a connection is closed/.test(msg))
  t.same(lines.filter(({ level }) => level >= 30), [])
  t.equal(lines.filter(line => String(line.code).startsWith('FST_WEBRTC_')).length, 3)
  t.notOk(lines.some(line => JSON.stringify(line).includes('    at ')), 'no stack')
})

t.test('A person who opens the address is sent to the page, whatever slashes the host lets pass and whatever the application is called', async t => {
  const app = Fastify({ routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, caseSensitive: false } })
  await app.register(webrtcSignalling, { apps: ['app', 'websocket'], prefix: '/calls' })
  const { origin } = await listen(t, app)
  for (const [asked, found] of [
    ['app', 'app'], ['app/', 'app'], ['app//', 'app'], ['app?a=/x/', 'app'], ['app/websocket', 'app'], ['app/websocket/', 'app'], ['app/websocket//?a=1', 'app'],
    ['APP', 'APP'], ['websocket', 'websocket'], ['websocket/', 'websocket'], ['websocket/websocket', 'websocket']
  ] as const) {
    const url = `${origin}/calls/${asked}`
    const { headers } = await fetch(url, { headers: { accept: 'text/html' }, redirect: 'manual' })
    const page = new URL(headers.get('location') ?? '', url)
    t.equal(page.pathname.replaceAll(/\/+/g, '/'), `/calls/${found}/peer.html`, asked)
    t.equal((await fetch(page)).status, 200, `${asked}: it is there`)
  }
})

t.test('Our files have our headers and types beside a @fastify/static of the host', async t => {
  const app = Fastify()
  await app.register(fastifyStatic, { root: t.testdir(), prefix: '/files/', maxAge: '1y', immutable: true, contentType: false, allowedPath: () => false })
  await app.register(webrtcSignalling)
  const { origin } = await listen(t, app)
  const page = await (await fetch(`${origin}/app/peer.html`)).text()
  const [link = ''] = /js\/webrtc_adaptor\.js\?v=\w+/.exec(page) ?? []
  const cases: Array<[string, string]> = [
    [link, 'public, max-age=31536000, immutable'], ['js/webrtc_adaptor.js', 'no-cache'], ['js/webrtc_adaptor.js?v=000000000000', 'no-cache'], ['peer.html', 'no-cache']
  ]
  for (const [path, cache] of cases) {
    const response = await fetch(`${origin}/app/${path}`, { headers: { 'accept-encoding': 'br' } })
    t.equal(response.status, 200, path)
    t.equal(response.headers.get('cache-control'), cache, path)
    t.match(response.headers.get('content-type'), /^text\/html|javascript/)
    t.equal(response.headers.get('content-encoding'), 'br')
    const [again] = await once(plainRequest(`${origin}/app/${path}`, { headers: { 'if-none-match': response.headers.get('etag') ?? '', 'accept-encoding': 'br' }, agent: false }).end(), 'response')
    again.resume()
    t.equal(again.statusCode, 304, `${path}: asked for again`)
  }
})

t.test('logLevel and logSerializers hold for our routes and for what we log of connections, and for nothing of the host', async t => {
  const log = new Log()
  const app = Fastify({ logger: log.logger })
  app.get('/own', async () => 'own')
  await app.register(webrtcSignalling, {
    apps: { app: { authorize: () => { throw new Error('no') } } }, logLevel: 'info', logSerializers: { room: () => 'a room' }
  })
  const { origin, connect } = await listen(t, app, log)
  await fetch(`${origin}/app`)
  t.notOk(log.lines.some(({ level, code }) => level < 30 && code !== undefined), 'nothing at debug')
  await fetch(`${origin}/own`)
  const client = await connect('/app')
  client.send({ command: 'join', streamId: 'secret' })
  await client.hears('error: unauthorized_access')
  t.match(log.lines.find(({ msg }) => msg === 'authorize refused a join'), { room: 'a room' })
  const quiet = Fastify({ logger: log.logger })
  await quiet.register(webrtcSignalling, { apps: ['app'], logLevel: 'silent' })
  const from = log.lines.length
  await quiet.inject('/app')
  t.same(log.lines.slice(from), [])
  await quiet.close()
})

t.test('Who asks for an upgrade of an app that is closing already gets 503 with Retry-After', async t => {
  const app = Fastify()
  let finish: () => void = () => {}
  await app.register(webrtcSignalling, { apps: ['app'], drain: { retryAfter: 3_000 } })
  app.addHook('preClose', async () => { await new Promise<void>(resolve => { finish = resolve }) })
  const { origin } = await listen(t, app)
  const client = await SignallingClient.connect(t, `${toWs(origin)}/app`)
  const closed = app.close()
  await client.closed
  t.match(await refusal(`${origin}/app`), { status: 503, headers: { 'retry-after': '3' } })
  finish()
  await closed
})
