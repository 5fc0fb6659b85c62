import fastifyStatic from '@fastify/static'
import websocket from '@fastify/websocket'
import Fastify, { type FastifyInstance } from 'fastify'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import webrtcSignalling, { type WebrtcSignallingOptions } from '../../lib/index.js'
import { listen, Log, pair } from '../helpers/host.js'

// What else may live in the same app: the host's own WebSockets, files and routes, registered before or after the plugin.

const echo = (socket: WebSocket): void => {
  socket.on('message', (data: Buffer) => { socket.send(String(data)) })
}

/** The host's own WebSocket route. */
async function echoRoute (scope: FastifyInstance): Promise<void> {
  scope.get('/own/echo', { websocket: true }, echo)
}

const orders: Array<{ name: string, build: (app: FastifyInstance) => Promise<void>, own?: string }> = [
  {
    name: 'registered @fastify/websocket before',
    build: async app => {
      await app.register(websocket)
      await app.register(echoRoute)
      await app.register(webrtcSignalling)
    }
  },
  {
    name: 'registers @fastify/websocket afterwards in the same scope',
    build: async app => {
      await app.register(webrtcSignalling)
      await app.register(websocket)
      await app.register(echoRoute)
    }
  },
  {
    name: 'registers @fastify/websocket afterwards, around the scope that the plugin is in',
    build: async app => {
      await app.register(async scope => { await scope.register(webrtcSignalling) })
      await app.register(websocket)
      await app.register(echoRoute)
    }
  },
  {
    name: 'registers @fastify/websocket afterwards in a scope beside the plugin',
    build: async app => {
      await app.register(webrtcSignalling)
      await app.register(async scope => {
        await scope.register(websocket)
        await echoRoute(scope)
      })
    }
  },
  {
    name: 'registered @fastify/websocket before, in a scope beside the plugin',
    build: async app => {
      await app.register(async scope => {
        await scope.register(websocket)
        await echoRoute(scope)
      })
      await app.register(webrtcSignalling)
    }
  },
  {
    name: 'registers @fastify/websocket between two registrations of the plugin',
    own: '/second',
    build: async app => {
      await app.register(webrtcSignalling)
      await app.register(websocket)
      await app.register(echoRoute)
      await app.register(webrtcSignalling, { prefix: '/second' })
    }
  }
]

/** Counts how often an upgrade is routed, and takes the log. */
function counted () {
  const log = new Log()
  const app = Fastify({ logger: log.logger })
  const seen: string[] = []
  app.addHook('onRequest', async request => { seen.push(request.url) })
  return { app, log, seen }
}

for (const { name, build, own } of orders) {
  t.test(`Both have their routes in an app that ${name}`, async t => {
    const { app, log, seen } = counted()
    await build(app)
    const server = await listen(t, app, log)
    await pair(server)
    if (own !== undefined) await pair(server, `${own}/app`)
    const guest = new WebSocket(`${server.origin.replace('http', 'ws')}/own/echo`)
    t.teardown(() => guest.terminate())
    await once(guest, 'open')
    guest.send('hello')
    t.equal(String((await once(guest, 'message'))[0]), 'hello')
    t.same(seen, own === undefined ? ['/app', '/app', '/own/echo'] : ['/app', '/app', `${own}/app`, `${own}/app`, '/own/echo'], 'each upgrade is routed once')
    t.same(log.from(40), [], 'nothing to warn of')
  })

  t.test(`Each client is told before it is closed in an app that ${name}`, async t => {
    const { app, log } = counted()
    await build(app)
    const server = await listen(t, app, log)
    const clients = await pair(server)
    const guest = await server.connect('/own/echo')
    const closing = app.close()
    for (const client of clients) {
      await client.hears('server_will_stop')
      t.equal((await client.closed).code, 1001)
    }
    await guest.closed
    await closing
    t.same(log.from(40), [])
  })
}

t.test('A host\'s preClose that closes every client of its WebSocket server does not close ours without a code', async t => {
  const app = Fastify()
  await app.register(websocket, {
    preClose (done) {
      const { websocketServer } = this as unknown as FastifyInstance
      for (const client of websocketServer.clients) client.close()
      websocketServer.close(() => done())
    }
  })
  await app.register(echoRoute)
  await app.register(webrtcSignalling)
  const server = await listen(t, app)
  const clients = await pair(server)
  const guest = await server.connect('/own/echo')
  const closing = app.close()
  for (const client of clients) {
    await client.hears('server_will_stop')
    t.equal((await client.closed).code, 1001)
  }
  t.equal((await guest.closed).code, 1005)
  await closing
})

for (const perMessageDeflate of [true, false]) {
  t.test(`A WebSocket server of the host that allows larger frames does not loosen our limit (compression: ${perMessageDeflate})`, async t => {
    const app = Fastify()
    await app.register(websocket, { options: { maxPayload: 10_000_000, perMessageDeflate: true } })
    await app.register(webrtcSignalling, { limits: { frameBytes: 2_000 } })
    const server = await listen(t, app)
    const client = await server.connect('/app', { perMessageDeflate })
    client.send(JSON.stringify({ command: 'ping', padding: 'x'.repeat(8_000) }))
    t.equal((await client.closed).code, 1009)
    t.same(client.frames, [], 'it was not even read as a whole')
  })
}

async function files (t: Test): Promise<string> {
  return t.testdir({ 'index.html': '<h1>the host</h1>', 'hello.txt': 'hello' })
}

for (const before of [true, false]) {
  t.test(`A host that serves files with @fastify/static, registered ${before ? 'before' : 'after'} the plugin, still serves them`, async t => {
    const root = await files(t)
    const log = new Log()
    const app = Fastify({ logger: log.logger })
    if (before) await app.register(fastifyStatic, { root, prefix: '/files/' })
    await app.register(webrtcSignalling)
    if (!before) await app.register(fastifyStatic, { root, prefix: '/files/' })
    app.get('/file', (_request, reply) => reply.sendFile('hello.txt'))
    const { origin, connect } = await listen(t, app, log)
    t.equal(await (await fetch(`${origin}/files/hello.txt`)).text(), 'hello')
    t.equal(await (await fetch(`${origin}/file`)).text(), 'hello', 'reply.sendFile has the host\'s root')
    t.equal((await fetch(`${origin}/files/peer.html`)).status, 404, 'and not ours')
    t.match(await (await fetch(`${origin}/app/peer.html`)).text(), '<video', 'the page is there')
    await (await connect()).join('room')
    t.same(log.from(40), [])
  })
}

t.test('A host that serves files at the root, each by a route of its own, keeps all of them', async t => {
  const app = Fastify()
  await app.register(fastifyStatic, { root: await files(t), wildcard: false })
  await app.register(webrtcSignalling)
  const { origin, connect } = await listen(t, app)
  t.match(await (await fetch(`${origin}/`)).text(), 'the host')
  t.equal(await (await fetch(`${origin}/hello.txt`)).text(), 'hello')
  await (await connect()).join('room')
})

const roomy: Array<[string, WebrtcSignallingOptions, string]> = [
  ['has a prefix', { prefix: '/calls' }, '/calls/app'],
  ['is told the names of its applications', { apps: ['app'] }, '/app']
]

for (const [how, options, path] of roomy) {
  t.test(`A host that serves files at the root by a wildcard, and has routes of its own, keeps all of them where the plugin ${how}`, async t => {
    const app = Fastify()
    await app.register(fastifyStatic, { root: await files(t) })
    await app.register(webrtcSignalling, options)
    app.get('/items/:id', async () => 'an item')
    const { origin, connect } = await listen(t, app)
    t.match(await (await fetch(`${origin}/`)).text(), 'the host')
    t.equal(await (await fetch(`${origin}/hello.txt`)).text(), 'hello')
    t.equal(await (await fetch(`${origin}/items/1`)).text(), 'an item')
    t.match(await (await fetch(`${origin}${path}/peer.html`)).text(), '<video')
    await (await connect(path)).join('room')
  })
}

t.test('Listed applications do not stand in the way of a parameter of the host', async t => {
  const app = Fastify()
  await app.register(webrtcSignalling, { apps: ['app'] })
  app.get('/:id', async () => 'theirs')
  const { origin, connect } = await listen(t, app)
  t.equal(await (await fetch(`${origin}/other`)).text(), 'theirs')
  await (await connect('/app')).join('room')
})

for (const before of [true, false]) {
  t.test(`A host's plain routes at the very place of a listed application, declared ${before ? 'before' : 'after'} the plugin, are the host's, and its WebSockets ours`, async t => {
    const log = new Log()
    const app = Fastify({ logger: log.logger })
    const declare = async (): Promise<void> => {
      app.get('/app', async request => `page ${request.url}`)
      app.all('/app/websocket', async request => `page ${request.url}`)
      await app.register(async scope => { scope.get('/', { constraints: { host: 'other.example' } }, async () => 'of another host') }, { prefix: '/second' })
    }
    if (before) await declare()
    await app.register(webrtcSignalling, { apps: ['app', 'second', 'third'] })
    if (!before) await declare()
    const { origin, connect } = await listen(t, app, log)
    for (const accept of ['*/*', 'text/html']) {
      for (const path of ['/app', '/app?a=b', '/app/websocket']) t.equal(await (await fetch(origin + path, { headers: { accept } })).text(), `page ${path}`)
    }
    t.equal((await fetch(`${origin}/app`, { method: 'HEAD' })).status, 200)
    t.equal(await (await fetch(`${origin}/app/websocket`, { method: 'POST' })).text(), 'page /app/websocket')
    t.equal((await app.inject({ url: '/second', headers: { host: 'other.example' } })).body, 'of another host')
    for (const path of ['/second', '/third', '/third/websocket']) t.equal((await fetch(origin + path)).status, 426, `${path}: nobody else has it`)
    for (const path of ['/app', '/app/websocket', '/second', '/third']) await (await connect(path)).join(`room${path.replace(/\W/g, '.')}`)
    t.same(log.from(40), [])
  })
}

t.test('A file of a listed application is no place for a route of the host, before or after the plugin', async t => {
  const error = { code: 'FST_WEBRTC_ROUTE_CLASH', message: "'/app/peer.html' clashes with '/app/peer.html'" }
  const before = Fastify()
  before.get('/app/peer.html', async () => 'mine')
  await t.rejects(async () => { await before.register(webrtcSignalling, { apps: ['app'] }) }, error)
  await before.close()
  const after = Fastify()
  await after.register(webrtcSignalling, { apps: ['app'] })
  t.throws(() => after.get('/app/peer.html', async () => 'mine'), error)
  await after.close()
})

t.test('A static route of the host wins over the name of an application, registered before or after', async t => {
  const app = Fastify()
  app.get('/before', async () => 'before')
  await app.register(webrtcSignalling)
  app.get('/after', async () => 'after')
  app.post('/:anything', async () => 'posted')
  const { origin } = await listen(t, app)
  t.equal(await (await fetch(`${origin}/before`)).text(), 'before')
  t.equal(await (await fetch(`${origin}/after`)).text(), 'after')
  t.equal(await (await fetch(`${origin}/app`, { method: 'POST' })).text(), 'posted', 'another method is no clash')
})

const clashes: Array<[string, string]> = [
  ['/:id/peer.html', '/:app/peer.html'],
  ['/:id/js/webrtc_adaptor.js', '/:app/js/webrtc_adaptor.js']
]

for (const [theirs, ours] of clashes) {
  const error = { code: 'FST_WEBRTC_ROUTE_CLASH', message: `'${theirs}' clashes with '${ours}'` }

  t.test(`A host's ${theirs} before the plugin is a clash that names both`, async t => {
    const app = Fastify()
    app.get(theirs, async () => 'mine')
    await t.rejects(async () => await app.register(webrtcSignalling), error)
    await app.close()
  })

  t.test(`A host's ${theirs} after the plugin is a clash that names both`, async t => {
    const app = Fastify()
    await app.register(webrtcSignalling)
    t.throws(() => app.get(theirs, async () => 'mine'), error)
    await app.close()
  })
}

for (const before of [true, false]) {
  t.test(`Routes of the host with a parameter at the place of ours, declared ${before ? 'before' : 'after'} the plugin, get what is no WebSocket for us`, async t => {
    const app = Fastify()
    const declare = (): void => {
      app.get('/:id', async () => 'one')
      app.get('/:id/websocket', async () => 'two')
      app.get('/:number(^\\d+$)', async () => 'number')
      app.get('/:a-:b', async () => 'pair')
      app.get('/:file.txt', async () => 'file')
    }
    if (before) declare()
    await app.register(webrtcSignalling)
    if (!before) declare()
    const { origin, connect } = await listen(t, app)
    for (const [path, answer] of [['/app', 'one'], ['/app/websocket', 'two'], ['/12', 'number'], ['/x-y', 'pair'], ['/x.txt', 'file']] as const) {
      t.equal(await (await fetch(origin + path)).text(), answer, path)
    }
    t.match(await (await fetch(`${origin}/app/peer.html`)).text(), '<video')
    await (await connect('/app')).join('room')
    await (await connect('/app/websocket')).join('room')
  })
}

t.test('A clash says how to get around it', async t => {
  const app = Fastify()
  app.get('/:id/peer.html', async () => 'mine')
  await t.rejects(async () => await app.register(webrtcSignalling), { message: /'prefix' option/ })
  await app.close()
})

t.test('A clash under a prefix, or from a scope of its own, is found as well', async t => {
  const error = { code: 'FST_WEBRTC_ROUTE_CLASH', message: '\'/calls/:id/peer.html\' clashes with \'/calls/:app/peer.html\'' }
  const before = Fastify()
  before.get('/calls/:id/peer.html', async () => 'mine')
  await t.rejects(async () => await before.register(webrtcSignalling, { prefix: '/calls' }), error)
  await before.close()

  const after = Fastify()
  await after.register(webrtcSignalling, { prefix: '/calls' })
  await t.rejects(async () => {
    await after.register(async scope => { scope.get('/:id/peer.html', async () => 'mine') }, { prefix: '/calls' })
    await after.ready()
  }, error)
  await after.close()
})

t.test('With a prefix, a host\'s own parametric route at the root is no clash', async t => {
  const app = Fastify()
  app.get('/:id', async () => 'mine')
  await app.register(webrtcSignalling, { prefix: '/calls' })
  app.get('/:id/websocket', async () => 'mine too')
  const { origin, connect } = await listen(t, app)
  t.equal(await (await fetch(`${origin}/app`)).text(), 'mine')
  t.equal(await (await fetch(`${origin}/app/websocket`)).text(), 'mine too')
  await (await connect('/calls/app')).join('room')
})
