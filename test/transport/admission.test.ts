import auth from '@fastify/auth'
import Fastify, { type FastifyRequest } from 'fastify'
import t from 'tap'
import webrtcSignalling from '../../lib/index.js'
import type { AppOptions, AuthorizeContext } from '../../lib/index.js'
import { host, listen, pair } from '../helpers/host.js'
import { refusal } from '../helpers/signalling-client.js'

// Who gets to the upgrade, and who gets a seat: hooks, origins, authorize.

const unauthorized = (message: string): Error => Object.assign(new Error(message), { statusCode: 401 })

const refusing: Record<string, AppOptions> = {
  'an async onRequest that throws': { onRequest: async () => { throw unauthorized('Not you.') } },
  'a callback onRequest': { onRequest: (_request, _reply, done) => { done(unauthorized('Not you.')) } },
  'an onRequest that answers by itself': { onRequest: async (_request, reply) => await reply.code(401).send({ message: 'Not you.' }) },
  'the second onRequest of a list': { onRequest: [async () => {}, async () => { throw unauthorized('Not you.') }] },
  'an async preValidation that throws': { preValidation: async () => { throw unauthorized('Not you.') } },
  'a callback preValidation': { preValidation: (_request, _reply, done) => { done(unauthorized('Not you.')) } },
  'an async preHandler that throws': { preHandler: async () => { throw unauthorized('Not you.') } },
  'a callback preHandler': { preHandler: (_request, _reply, done) => { done(unauthorized('Not you.')) } }
}

for (const [name, hooks] of Object.entries(refusing)) {
  t.test(`${name} refuses before the upgrade, with its status and a body`, async t => {
    const { origin } = await host(t, hooks)
    for (const path of ['/app', '/app/websocket']) {
      t.match(await refusal(origin + path), { status: 401, body: { message: 'Not you.' } })
    }
  })
}

t.test('Hooks that have nothing against it let in, and have seen the request', async t => {
  const seen: string[] = []
  const { connect } = await host(t, {
    onRequest: async request => { seen.push(String(request.headers['x-name'])) },
    preValidation: (request, _reply, done) => {
      seen.push((request.query as { key: string }).key)
      done()
    },
    preHandler: async request => { seen.push(String((request.params as { app: string }).app)) }
  })
  const client = await connect('/app?key=value', { headers: { 'x-name': 'ann' } })
  await client.join('room')
  t.same(seen, ['ann', 'value', 'app'])
})

t.test('A thrown error becomes its statusCode, and one without is a 500', async t => {
  for (const statusCode of [400, 402, 403, 429, 503]) {
    const { origin } = await host(t, { preHandler: async () => { throw Object.assign(new Error('So it is.'), { statusCode }) } })
    t.match(await refusal(`${origin}/app`), { status: statusCode, body: { statusCode, message: 'So it is.' } })
  }
  const { origin } = await host(t, { preHandler: async () => { throw new Error('A fault.') } })
  t.equal((await refusal(`${origin}/app`)).status, 500)
})

t.test('A header that a hook sets on its refusal arrives', async t => {
  const { origin } = await host(t, {
    onRequest: async (_request, reply) => await reply.code(401).header('www-authenticate', 'Bearer').send({ message: 'Not you.' })
  })
  t.equal((await refusal(`${origin}/app`)).headers['www-authenticate'], 'Bearer')
})

t.test('@fastify/auth guards the route: by one of several keys, or by all of them', async t => {
  const key = (name: string) => async (request: FastifyRequest) => { if (request.headers[name] !== 'good') throw unauthorized(`No ${name}.`) }
  for (const hook of ['onRequest', 'preValidation', 'preHandler'] as const) {
    const app = Fastify()
    await app.register(auth)
    await app.register(webrtcSignalling, { apps: { any: { [hook]: app.auth([key('x-one'), key('x-two')]) }, all: { [hook]: app.auth([key('x-one'), key('x-two')], { relation: 'and' }) } } })
    const { origin, connect } = await listen(t, app)
    const [one, both] = [{ headers: { 'x-two': 'good' } }, { headers: { 'x-one': 'good', 'x-two': 'good' } }]
    await (await connect('/any', one)).join('room')
    await (await connect('/all', both)).join('room')
    t.match(await refusal(`${origin}/any`), { status: 401, body: { message: 'No x-two.' } }, hook)
    t.match(await refusal(`${origin}/any`, { headers: { 'x-two': 'bad' } }), { status: 401 })
    t.match(await refusal(`${origin}/all`, one), { status: 401, body: { message: 'No x-one.' } })
  }
})

t.test('An origin that is not allowed gets 403, and a line in the log names the option', async t => {
  const { origin, log, connect } = await host(t)
  const { status, body } = await refusal(`${origin}/app`, { origin: 'https://evil.example' })
  t.same([status, body.code], [403, 'FST_WEBRTC_ORIGIN_NOT_ALLOWED'])
  const [line] = log.lines.filter(line => line.level === 40)
  t.match(line, { msg: /'allowedOrigins'/, origin: 'https://evil.example', app: 'app' })
  await (await connect('/app', { origin: 'http://localhost:5173' })).join('room')
  await (await connect()).join('room')
})

t.test('allowedOrigins replaces what is allowed', async t => {
  const { origin, connect } = await host(t, { allowedOrigins: async page => page === 'https://partner.example' })
  await connect('/app', { origin: 'https://partner.example' })
  t.equal((await refusal(`${origin}/app`, { origin: 'http://localhost' })).status, 403)
})

t.test('An origin is refused before the hooks of the host have to say anything', async t => {
  let asked = false
  const { origin } = await host(t, { onRequest: async () => { asked = true } })
  t.equal((await refusal(`${origin}/app`, { origin: 'https://evil.example' })).status, 403)
  t.equal(asked, false)
})

t.test('authorize is told who wants to join what, with which token, and on which request', async t => {
  const asked: Array<AuthorizeContext & { header: unknown }> = []
  const { connect } = await host(t, {
    authorize: (request, context) => { asked.push({ ...context, header: request.headers['x-name'] }) }
  })
  const client = await connect('/app', { headers: { 'x-name': 'ann' } })
  await client.join('one', { token: 'sesame' })
  await client.join('two')
  await client.join('three', { token: null })
  const peer = asked[0]?.peer
  t.ok(peer)
  t.same(asked, [
    { app: 'app', room: 'one', token: 'sesame', peer, header: 'ann' },
    { app: 'app', room: 'two', token: undefined, peer, header: 'ann' },
    { app: 'app', room: 'three', token: undefined, peer, header: 'ann' }
  ])
})

const refusals: Record<string, AppOptions['authorize']> = {
  'throws at once': () => { throw new Error('secret reason') },
  rejects: async () => { throw new Error('secret reason') },
  'returns false': (() => false) as unknown as AppOptions['authorize'],
  'resolves to false': (async () => false) as unknown as AppOptions['authorize'],
  'has a bad capacity': () => ({ capacity: 3 }),
  'has a bad capacity later': async () => ({ capacity: 0 })
}

for (const [name, authorize] of Object.entries(refusals)) {
  t.test(`authorize that ${name} refuses the join, and the connection goes on`, async t => {
    const { app, connect } = await host(t, { authorize: authorize ?? (() => {}) })
    const client = await connect()
    client.send({ command: 'join', streamId: 'room' })
    const error = await client.hears('error: unauthorized_access')
    t.equal(error.streamId, 'room')
    t.notMatch(JSON.stringify(error), 'secret reason', 'why is for the log')
    t.same(await client.heard(), [])
    t.same((await app.rooms.dump()).rooms, [])
  })
}

t.test('authorize that takes too long refuses the join, is in the log, and comes too late with its answer', async t => {
  let answer = () => {}
  const server = await host(t, { authorizeTimeout: 20, authorize: async () => await new Promise<void>(resolve => { answer = resolve }) })
  const client = await server.connect()
  client.send({ command: 'join', streamId: 'room' })
  t.match(await client.hears('error: unauthorized_access'), { streamId: 'room' })
  t.match(server.log.from(40), [/authorizeTimeout/])
  answer()
  t.same(await client.heard(), [])
  t.same((await server.app.rooms.dump()).rooms, [])
})

t.test('A client that has gone when authorize answers takes no seat', async t => {
  let answer = () => {}
  const asked = new Promise<void>(resolve => { answer = resolve })
  let began = () => {}
  const begun = new Promise<void>(resolve => { began = resolve })
  const server = await host(t, {
    authorize: async (_request, { token }) => {
      if (token !== 'slow') return
      began()
      await asked
    }
  })
  const ended = await server.connect()
  ended.send({ command: 'join', streamId: 'room', token: 'slow' })
  await begun
  ended.socket.close(1000)
  await ended.closed
  answer()
  const next = await server.connect()
  t.match(await next.join('room'), { peers: 0 })
})

t.test('What authorize says at a resumption holds from then on', async t => {
  let grants = 0
  const server = await host(t, { authorize: () => ({ role: `grant ${++grants}` }) })
  const [client, again] = [await server.connect(), await server.connect()]
  const { resumeToken } = await client.join('room', { resume: true })
  t.match(await again.join('room', { resume: true, resumeToken }), { resumed: true })
  t.match(await server.app.rooms.peers('app', 'room'), [{ role: 'grant 2' }])
})

t.test('authorize may set metadata, a role and the capacity of the room', async t => {
  const server = await host(t, {
    authorize: async (_request, { room }) => ({ metadata: { from: 'authorize' }, role: 'host', capacity: room === 'single' ? 1 : 2 })
  })
  const client = await server.connect()
  await client.join('single')
  t.match(await server.app.rooms.get('app', 'single'), { capacity: 1, peers: [{ role: 'host', metadata: { from: 'authorize' } }] })
  const second = await server.connect()
  second.send({ command: 'join', streamId: 'single' })
  t.match(await second.hears('error: NoSpaceForNewPeer'), { streamId: 'single' })
  await pair(server)
  t.equal((await server.app.rooms.get('app', 'room'))?.capacity, 2)
})

t.test('Frames that come while authorize runs are taken in order, after its answer', async t => {
  let answer = () => {}
  const server = await host(t, {
    authorize: async (_request, { token }) => { if (token === 'slow') await new Promise<void>(resolve => { answer = resolve }) }
  })
  const first = await server.connect()
  await first.join('room')
  const second = await server.connect()
  second.send({ command: 'join', streamId: 'room', token: 'slow' })
  for (let n = 0; n < 50; n++) second.send({ command: 'peerMessageCommand', streamId: 'room', definition: 'n', data: n })
  second.send({ command: 'ping' })
  second.send({ command: 'leave', streamId: 'room' })
  t.same(await first.heard(), [])
  answer()
  t.match(await second.next(), { definition: 'joined' })
  t.match(await second.next(), { command: 'pong' })
  t.match(await second.next(), { definition: 'leaved' })
  const heard: unknown[] = []
  for (const name of ['peerJoined', 'start']) t.match(await first.next(), name === 'start' ? { command: name } : { definition: name })
  for (let n = 0; n < 50; n++) heard.push((await first.next()).data)
  t.same(heard, [...Array(50).keys()])
  t.match(await first.next(), { command: 'stop' })
})

t.test('Two joins in one burst are authorized one after the other', async t => {
  const order: string[] = []
  const server = await host(t, {
    authorize: async (_request, { room }) => {
      order.push(`${room} begins`)
      await new Promise(resolve => { setImmediate(resolve) })
      order.push(`${room} ends`)
    }
  })
  const client = await server.connect()
  client.send({ command: 'join', streamId: 'one' })
  client.send({ command: 'join', streamId: 'two' })
  await client.hears('joined')
  await client.hears('joined')
  t.same(order, ['one begins', 'one ends', 'two begins', 'two ends'])
})

t.test('More frames behind a join than waitingFrames close the connection with 1008', async t => {
  const server = await host(t, { limits: { waitingFrames: 3 }, authorize: async () => await new Promise(() => {}) })
  const client = await server.connect()
  client.send({ command: 'join', streamId: 'room' })
  for (let n = 0; n < 4; n++) client.send({ command: 'ping' })
  t.match(await client.next(), { definition: 'rateExceeded' })
  t.equal((await client.closed).code, 1008)
})
