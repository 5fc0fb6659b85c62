import fc from 'fast-check'
import t from 'tap'
import type { WebrtcSignallingOptions } from '../../lib/index.js'
import { AppOptionsSchema, DrainSchema, HeartbeatSchema, LimitsSchema, OptionsSchema, ResumeSchema, TurnSchema } from '../../lib/config/options.js'
import { resolveOptions } from '../../lib/config/settings.js'
import { host } from '../helpers/host.js'

// `undefined` means "not given", at whatever depth: `{ limits: { connections: process.env.MAX && Number(process.env.MAX) } }`.

interface Schema { type?: string, minimum?: number, default?: unknown, properties?: Record<string, Schema> }

/** What is undefined in the settings where nothing is asked for. */
const OPTIONAL = new Set(['turn', 'authorize', 'keyGenerator', 'allowedOrigins', 'secret', 'credentials', 'username', 'credential', 'logLevel', 'logSerializers'])

/** Every setting that is no number where there must be one, or nothing at all where there must be something. */
function holes (value: unknown, path = ''): string[] {
  if (value === undefined) return OPTIONAL.has(path.split('.').at(-1) ?? '') ? [] : [path]
  if (typeof value === 'number') return Number.isFinite(value) ? [] : [path]
  if (value instanceof Map) return [...value].flatMap(([name, each]) => holes(each, `${path}.${name}`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, each]) => holes(each, `${path}.${name}`))
}

/** All leaves of a schema that have a default: each may be left out, be undefined, or have a value of its own. */
function some (schema: Schema): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.entries(schema.properties ?? {}).filter(([, inner]) => inner.default !== undefined && inner.type !== 'array')
  return fc.record(Object.fromEntries(fields.map(([name, inner]) => [
    name, inner.type === 'integer' ? fc.constantFrom(undefined, inner.minimum ?? 0, inner.default) : fc.constantFrom(undefined, inner.default)
  ])), { requiredKeys: [] })
}

const iceServer = fc.record({ urls: fc.constant('stun:stun.example'), username: fc.constantFrom(undefined, 'u'), credential: fc.constantFrom(undefined, 'c') }, { requiredKeys: ['urls'] })
const turn = some(TurnSchema as Schema).map(given => ({ urls: 'turn:turn.example', secret: 's', credentials: undefined, ...given }))
const orNot = <T>(given: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(given, { nil: undefined })
const { connections, joinsInFlight, ...ownLimits } = (LimitsSchema as Schema).properties ?? {}
const oneApp = fc.tuple(some(AppOptionsSchema as Schema), orNot(some({ properties: ownLimits })), orNot(fc.array(iceServer)), orNot(turn))
  .map(([given, limits, iceServers, turn]) => ({ ...given, limits, iceServers, turn }))
const options = fc.record({
  prefix: fc.constantFrom(undefined, '', '/calls'),
  iceServers: orNot(fc.array(iceServer)),
  turn: orNot(turn),
  limits: orNot(some(LimitsSchema as Schema)),
  heartbeat: orNot(some(HeartbeatSchema as Schema)),
  // Not `bytes`, which must fit what `bufferedBytes` says.
  resume: orNot(some({ properties: Object.fromEntries(Object.entries((ResumeSchema as Schema).properties ?? {}).filter(([name]) => name !== 'bytes')) })),
  drain: orNot(some(DrainSchema as Schema)),
  apps: orNot(fc.dictionary(fc.constantFrom('one', 'two', 'three'), orNot(oneApp)))
}, { requiredKeys: [] }).chain(nested => some(OptionsSchema as Schema).map(flat => ({ ...flat, ...nested }) as unknown as WebrtcSignallingOptions))

/** What JSON leaves out is what is undefined. */
const given = (options: WebrtcSignallingOptions): WebrtcSignallingOptions => JSON.parse(JSON.stringify(options)) as WebrtcSignallingOptions
const plain = (settings: unknown): unknown =>
  JSON.parse(JSON.stringify(settings, (_key, value) => value instanceof Map ? Object.fromEntries(value) : value as unknown))

t.test('whatever is undefined, at whatever depth, is as if it were left out, and no setting is undefined or NaN', async t => {
  fc.assert(fc.property(options, options => {
    const settings = resolveOptions(options)
    t.strictSame(holes(settings), [])
    t.strictSame(plain(settings), plain(resolveOptions(given(options))))
  }))
})

t.test('an undefined option deep down leaves its default at work', async t => {
  const { connect } = await host(t, {
    limits: { connections: undefined, frameBytes: undefined, messagesPerSecond: undefined },
    heartbeat: { interval: undefined },
    resume: { window: undefined },
    apps: { app: { limits: { frameBytes: undefined }, authorizeTimeout: undefined }, none: undefined }
  } as unknown as WebrtcSignallingOptions)
  const client = await connect()
  t.match(await client.join('room', { resume: true }), { resumeWindow: 20_000 })
  client.send('x'.repeat(65_537))
  await client.hears('error: tooLarge')
  await t.rejects(connect('/none'), /404/)
})

t.test('an undefined entry of a list is no option that was not given, and stops the start', async t => {
  for (const [name, options] of Object.entries({ 'iceServers[0]': { iceServers: [undefined] }, 'apps[1]': { apps: ['app', undefined] }, allowedOrigins: { allowedOrigins: [undefined] } })) {
    await t.rejects(host(t, options as unknown as WebrtcSignallingOptions), { code: 'FST_WEBRTC_BAD_OPTION', message: new RegExp(`'${name.replace(/[[\]]/g, '\\$&')}'`) })
  }
})
