import Fastify from 'fastify'
import t, { type Test } from 'tap'
import webrtcSignalling, { type WebrtcSignallingOptions } from '../../lib/index.js'
import { AppOptionsSchema, OptionsSchema } from '../../lib/config/options.js'
import { host } from '../helpers/host.js'
import { refusal } from '../helpers/signalling-client.js'

// Options that are unknown or bad stop the start, each by its name; and which names `apps` lets in.

/** What is wrong for each option, and its name in the error where that says more than the option's own. */
const BAD: Record<string, Array<[unknown, string?]>> = {
  prefix: [[1], [null]],
  apps: [
    [1], ['app'], [null], [true],
    [['app', 'b d'], 'apps[1]'], [[''], 'apps[0]'], [[1], 'apps[0]'], [['x'.repeat(129)], 'apps[0]'],
    [{ 'b d': {} }, 'apps.b d'], [{ app: 1 }, 'apps.app'], [{ app: null }, 'apps.app']
  ],
  serveClient: [['yes'], [1], [null]],
  iceServers: [
    [{}], ['stun:stun.example'],
    [[{ urls: 'http://stun.example' }], 'iceServers[0].urls'], [[{ urls: [] }], 'iceServers[0].urls'],
    [[{}], 'iceServers[0]'], [[{ urls: 'stun:stun.example', username: 1 }], 'iceServers[0].username'],
    [[{ urls: 'stun:stun.example', credential: 1 }], 'iceServers[0].credential'],
    [[{ urls: 'stun:stun.example', password: 'x' }], 'iceServers[0].password']
  ],
  turn: [
    ['turn:turn.example'], [null],
    [{ urls: 'turn:turn.example' }, 'turn.secret'],
    [{ urls: 'turn:turn.example', secret: 's', credentials: () => ({}) }, 'turn.secret'],
    [{ secret: 's' }, 'turn']
  ],
  'turn.urls': [['stun:turn.example'], [[]], [['turn:turn.example', 'http:']], [1]],
  'turn.secret': [[''], [[]], [['']], [1]],
  'turn.credentials': [['me'], [{}]],
  'turn.ttl': [[0], [59], [60.5], ['60'], [null]],
  'turn.algorithm': [['md5'], [1]],
  authorize: [['yes'], [true], [null], [{}]],
  authorizeTimeout: [],
  allowedOrigins: [[1], [true], [null], [{}], ['not an origin'], [['https://ok.example', 'https://a/b']], [[1]]],
  onRequest: [['hook'], [[() => {}, 'hook']], [null]],
  nativeClients: [['yes'], [1], [null]],
  preValidation: [['hook'], [{}]],
  preHandler: [['hook'], [[1]]],
  limits: [[1], [null], [[]]],
  keyGenerator: [['ip'], [null]],
  heartbeat: [[false], [1_000]],
  resume: [[false], [null]],
  'resume.hold': [['yes'], [1], [null]],
  probeTimeout: [],
  bufferedBytes: [],
  drain: [[1], [null]],
  decorator: [[1], [null], ['']],
  redis: [[undefined], [null], ['redis://localhost'], [{ port: 6379 }]],
  cluster: [[1], [null]],
  'cluster.keyPrefix': [[1], [null]],
  logLevel: [[1], [null]],
  logSerializers: [[1], [null], [{ res: 'short' }, 'logSerializers.res']]
}

interface Schema { type?: string, minimum?: number, properties?: Record<string, Schema>, default?: unknown }

/** Every option with the options inside it: `limits`, `limits.frameBytes` … */
function leaves (schema: Schema, path = ''): Array<[string, Schema]> {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) =>
    [[path + name, inner], ...leaves(inner, `${path}${name}.`)] as Array<[string, Schema]>)
}

/** `a.b` and 1 to `{ a: { b: 1 } }`. Of TURN, what has to be there is. */
function nest (path: string, value: unknown): Record<string, unknown> {
  const [name = '', ...rest] = path.split('.')
  if (rest.length === 0) return { [name]: value }
  const inner = nest(rest.join('.'), value)
  const turn = { urls: 'turn:turn.example', ...('credentials' in inner ? {} : { secret: 'secret' }) }
  return { [name]: { ...(name === 'turn' ? turn : {}), ...inner } }
}

async function refuses (t: Test, options: object, name: string, why = ''): Promise<void> {
  const app = Fastify()
  const error = await app.register(webrtcSignalling, options).then(() => null, (error: Error & { code: string }) => error)
  const shown = JSON.stringify(options, (_key, value) => typeof value === 'function' ? 'a function' : value)
  t.equal(error?.code, 'FST_WEBRTC_BAD_OPTION', `${shown}: ${error?.message}`)
  t.match(error?.message, `option '${name}' ${why}`, `${shown} names ${name}`)
  await app.close()
}

async function takes (t: Test, options: WebrtcSignallingOptions): Promise<void> {
  const app = Fastify()
  await t.resolves(async () => { await app.register(webrtcSignalling, options) })
  await app.close()
}

for (const [path, schema] of leaves(OptionsSchema as Schema)) {
  const integer = schema.type === 'integer'
  const bad: Array<[unknown, string?]> = integer
    ? [[(schema.minimum ?? 0) - 1], [(schema.minimum ?? 0) + 0.5], ['1000'], [null], [NaN], [Infinity], [true]]
    : BAD[path] ?? []
  const whole = schema.properties !== undefined

  t.test(`A bad ${path} stops the start and is named`, async t => {
    t.ok(bad.length > 0, 'there is something bad to try')
    for (const [value, name = path] of bad) await refuses(t, nest(path, value), name)
    if (whole) await refuses(t, nest(`${path}.unheardOf`, 1), `${path}.unheardOf`)
    if (integer) await takes(t, nest(path, schema.default ?? schema.minimum))
  })
}

for (const [path] of leaves(AppOptionsSchema as Schema)) {
  t.test(`A bad ${path} of one application stops the start and is named with the application`, async t => {
    const bad = BAD[path]?.length ? BAD[path] : [[-1] as [unknown, string?]]
    for (const [value, name = path] of bad) await refuses(t, { apps: { good: {}, 'my.app': nest(path, value) } }, `apps.my.app.${name}`)
  })
}

t.test('This table names no option that does not exist', async t => {
  const known = new Set(leaves(OptionsSchema as Schema).map(([path]) => path))
  t.same(Object.keys(BAD).filter(path => !known.has(path)), [])
})

t.test('An unknown option stops the start and is named, wherever it is', async t => {
  await refuses(t, { servClient: true }, 'servClient', 'is not known')
  await refuses(t, { limits: { frameByte: 1 } }, 'limits.frameByte', 'is not known')
  await refuses(t, { turn: { urls: 'turn:turn.example', secret: 's', realm: 'r' } }, 'turn.realm', 'is not known')
  await refuses(t, { apps: { app: { authorise: () => {} } } }, 'apps.app.authorise', 'is not known')
  await refuses(t, { apps: { app: { limits: { frameByte: 1 } } } }, 'apps.app.limits.frameByte', 'is not known')
  await refuses(t, { apps: { app: { resume: { window: 0 } } } }, 'apps.app.resume', 'is not known')
  await refuses(t, { apps: { app: { serveClient: false } } }, 'apps.app.serveClient', 'is not known')
})

t.test('What Fastify hands to every plugin is no unknown option', async t => {
  await takes(t, { prefix: '/calls', logLevel: 'warn', logSerializers: {} } as WebrtcSignallingOptions)
})

t.test('An option that is undefined is one that is left out', async t => {
  // A Redis that is named and missing would be a server that shares no rooms, and nobody would know.
  const names = leaves(OptionsSchema as Schema).flatMap(([path]) => path === 'redis' ? [] : path.split('.')[0] ?? [])
  await takes(t, Object.fromEntries(names.map(name => [name, undefined])))
})

t.test('apps as a list serves its names, and answers all others with 404 before the upgrade', async t => {
  const { origin, connect } = await host(t, { apps: ['one', 'two'] })
  for (const app of ['one', 'two']) await (await connect(`/${app}`)).join('room')
  for (const app of ['three', 'ONE', '__proto__', 'constructor']) {
    t.equal((await refusal(`${origin}/${app}`)).status, 404, app)
    t.equal((await fetch(`${origin}/${app}/peer.html`)).status, 404, `${app} has no page either`)
  }
})

t.test('apps as a predicate is asked for each name, with the request', async t => {
  const asked: string[] = []
  const { origin, connect } = await host(t, {
    apps: (app, request) => {
      asked.push(app)
      return request.headers['x-tenant'] === app
    }
  })
  await (await connect('/one', { headers: { 'x-tenant': 'one' } })).join('room')
  const { status, body } = await refusal(`${origin}/one`)
  t.same([status, body.code], [404, 'FST_WEBRTC_UNKNOWN_APP'])
  t.same(asked, ['one', 'one'])
})

t.test('apps as an async predicate is waited for; only true lets in', async t => {
  const answers: Record<string, unknown> = { yes: true, no: false, truthy: 'yes', nothing: undefined }
  const { origin, connect } = await host(t, { apps: async app => answers[app] as boolean })
  await (await connect('/yes')).join('room')
  for (const app of ['no', 'truthy', 'nothing']) t.equal((await refusal(`${origin}/${app}`)).status, 404, app)
})

t.test('A predicate that throws is answered by its status', async t => {
  const { origin } = await host(t, { apps: async () => { throw Object.assign(new Error('Down.'), { statusCode: 503 }) } })
  t.equal((await refusal(`${origin}/app`)).status, 503)
})

t.test('apps as a record gives each application options of its own, and answers all others with 404', async t => {
  const refuse = async (): Promise<never> => { throw Object.assign(new Error('Not here.'), { statusCode: 401 }) }
  const { origin, connect } = await host(t, {
    iceServers: [{ urls: 'stun:all.example' }],
    limits: { frameBytes: 4_000, roomsPerConnection: 1 },
    allowedOrigins: ['https://all.example'],
    apps: {
      plain: {},
      own: { iceServers: [{ urls: 'stun:own.example' }], limits: { frameBytes: 8_000 }, allowedOrigins: ['https://own.example'] },
      strict: { authorize: (_request, { token }) => { if (token !== 'sesame') throw new Error('No.') } },
      closed: { onRequest: refuse }
    }
  })
  t.equal((await refusal(`${origin}/other`)).status, 404)
  t.equal((await refusal(`${origin}/closed`)).status, 401)
  t.equal((await refusal(`${origin}/closed/websocket`)).status, 401)

  const stunOf = async (path: string) => {
    const client = await connect(path)
    client.send({ command: 'getIceServerConfig' })
    return (await client.hears('iceServerConfig')).stunServerUri
  }
  t.equal(await stunOf('/plain'), 'stun:all.example', 'what an application does not say is as for all')
  t.equal(await stunOf('/own'), 'stun:own.example')
  t.equal(await stunOf('/own/websocket'), 'stun:own.example')

  const from = async (path: string, page: string) => await connect(path, { origin: page }).then(() => 101, () => 403)
  t.same(await Promise.all([
    from('/plain', 'https://all.example'), from('/plain', 'https://own.example'),
    from('/own', 'https://all.example'), from('/own', 'https://own.example')
  ]), [101, 403, 403, 101])

  const frame = JSON.stringify({ command: 'ping', padding: 'x'.repeat(5_000) })
  const own = await connect('/own')
  own.send(frame)
  await own.hears('pong')
  await own.join('room')
  own.send({ command: 'join', streamId: 'other' })
  t.match(await own.hears('error: tooManyRooms'), {}, 'one limit of its own leaves the others as for all')
  const plain = await connect('/plain')
  plain.send(frame)
  await plain.hears('error: tooLarge')
  t.equal((await plain.closed).code, 1009)

  const strict = await connect('/strict')
  strict.send({ command: 'join', streamId: 'room' })
  await strict.hears('error: unauthorized_access')
  await strict.join('room', { token: 'sesame' })
})

t.test('The hooks for all come before those of one application', async t => {
  const order: string[] = []
  const note = (what: string) => async () => { order.push(what) }
  const { connect } = await host(t, {
    preHandler: note('preHandler of all'),
    onRequest: [note('onRequest of all'), note('another of all')],
    apps: { app: { onRequest: note('onRequest of one'), preValidation: note('preValidation of one') } }
  })
  await connect()
  t.same(order, ['onRequest of all', 'another of all', 'onRequest of one', 'preValidation of one', 'preHandler of all'])
})
