import type { FastifyRequest, LogLevel, onRequestHookHandler, preHandlerHookHandler, preValidationHookHandler } from 'fastify'
import { BadOptionError } from '../errors.js'
import {
  AppOptionsSchema, CLOSES_WITHIN, ClusterSchema, DrainSchema, HeartbeatSchema, LimitsSchema, OptionsSchema, ResumeSchema, TurnSchema,
  type AppOptions, type Authorize, type ClusterSettings, type IceServerOption, type KeyGenerator, type Limits, type LogSerializers,
  type TurnOptions, type WebrtcSignallingOptions
} from './options.js'
import { isName } from '../protocol/names.js'
import type { IceServer } from '../protocol/server-messages.js'
import { Compile, Default, type Static, type TObject, type Validator } from '../protocol/typebox.js'
import { compileOrigins, type OriginsOption } from './origins.js'

/** The options of one application with nothing left out. */
export interface AppSettings {
  iceServers: IceServer[]
  turn: (TurnOptions & { ttl: number, algorithm: 'sha1' | 'sha256' }) | undefined
  authorize: Authorize | undefined
  authorizeTimeout: number
  allowedOrigins: OriginsOption | undefined
  nativeClients: boolean
  originAllowed: (request: FastifyRequest) => boolean | Promise<boolean>
  onRequest: onRequestHookHandler[]
  preValidation: preValidationHookHandler[]
  preHandler: preHandlerHookHandler[]
  limits: Limits
}

/** The options with nothing left out. */
export interface Settings {
  prefix: string
  /** The name of `fastify.rooms`. */
  decorator: string
  logLevel: LogLevel | undefined
  logSerializers: LogSerializers | undefined
  serveClient: boolean
  /** What an application gets that is not in the record. */
  defaults: AppSettings
  /** The applications, where they are listed, each with its options: then only they have routes. */
  listed: Map<string, AppSettings> | null
  /** Whether an application name is served. */
  served: (app: string, request: FastifyRequest) => boolean | Promise<boolean>
  keyGenerator: KeyGenerator | undefined
  heartbeat: Static<typeof HeartbeatSchema>
  resume: Static<typeof ResumeSchema>
  probeTimeout: number
  bufferedBytes: number
  drain: Static<typeof DrainSchema>
  cluster: ClusterSettings
}

/** The options that have a default of their own in the schema. */
type Standard = Required<Pick<WebrtcSignallingOptions, 'prefix' | 'decorator' | 'serveClient' | 'probeTimeout' | 'bufferedBytes' | StandardApp>>
type StandardApp = 'authorizeTimeout' | 'nativeClients'

/** Compiled at the first registration: an import that registers nothing yet does not pay for it. */
const compiled: { options?: Check, app?: Check } = {}
type Check = Pick<Validator, 'Check' | 'Errors'>

/**
 * Checks the options and fills in what was left out.
 *
 * @param pluginTimeout how long, in ms, Fastify lets a hook of ours take when the app closes; 0: for ever
 * @throws FST_WEBRTC_BAD_OPTION with the name of the first option that is unknown or bad.
 */
export function resolveOptions (options: WebrtcSignallingOptions, pluginTimeout = 0): Settings {
  const given = withoutUndefined(options)
  check(compiled.options ??= Compile(OptionsSchema), given, '')
  const standard = defaultsOf(OptionsSchema) as Standard
  const defaults = resolveApp(given, standardApp(standard), '')
  const { served, listed } = resolveApps(given.apps, defaults)
  const { prefix, decorator, serveClient, probeTimeout, bufferedBytes } = { ...standard, ...given }
  const resume = { ...defaultsOf(ResumeSchema), ...given.resume }
  // A replay goes out in one go: a larger one would have the returning client taken for one that does not read, each time.
  if (given.resume?.bytes === undefined) resume.bytes = Math.min(resume.bytes, bufferedBytes)
  else if (resume.bytes > bufferedBytes) throw new BadOptionError('resume.bytes', `must not be more than 'bufferedBytes', ${bufferedBytes}`)
  const drain = { ...defaultsOf(DrainSchema), ...given.drain }
  // Fastify's `close()` fails where a hook takes longer.
  const longest = pluginTimeout > 0 ? Math.max(0, pluginTimeout - CLOSES_WITHIN) : Infinity
  if (given.drain?.grace === undefined) drain.grace = Math.min(drain.grace, longest)
  else if (drain.grace > longest) throw new BadOptionError('drain.grace', `must not be more than ${longest}: Fastify's 'pluginTimeout' is ${pluginTimeout} ms, and the app could not close`)
  return {
    prefix: prefix.replace(/\/+$/, ''),
    decorator,
    logLevel: given.logLevel,
    logSerializers: given.logSerializers,
    serveClient,
    defaults,
    listed,
    served,
    keyGenerator: given.keyGenerator,
    heartbeat: { ...defaultsOf(HeartbeatSchema), ...given.heartbeat },
    resume,
    probeTimeout,
    bufferedBytes,
    drain,
    cluster: { ...defaultsOf(ClusterSchema), ...given.cluster }
  }
}

/**
 * The options without those that are undefined, however deep: `undefined` means "not given", and must not take the place of
 * a default when objects are merged. An undefined entry of a list stays, since a list has no defaults, and is refused.
 */
function withoutUndefined<T> (value: T): T {
  if (Array.isArray(value)) return value.map(withoutUndefined) as T
  if (typeof value !== 'object' || value === null || value instanceof RegExp) return value
  const kept: Record<string, unknown> = {}
  for (const [name, each] of Object.entries(value)) {
    // The host's own, and nothing that is merged.
    if (each !== undefined) kept[name] = name === 'logSerializers' || name === 'redis' ? each : withoutUndefined(each)
  }
  return kept as T
}

function resolveApps (apps: WebrtcSignallingOptions['apps'], defaults: AppSettings): Pick<Settings, 'served' | 'listed'> {
  if (apps === undefined) return { listed: null, served: () => true }
  if (typeof apps === 'function') return { listed: null, served: apps }
  if (typeof apps !== 'object' || apps === null) throw new BadOptionError('apps', 'must be a list of names, a function or a record of names')
  const names = Array.isArray(apps) ? apps : Object.keys(apps)
  names.forEach((name, index) => {
    if (!isName(name)) {
      throw new BadOptionError(Array.isArray(apps) ? `apps[${index}]` : `apps.${name}`, 'must be a name of 1 to 128 characters of A-Z a-z 0-9 _ . -')
    }
  })
  const listed = new Map<string, AppSettings>()
  if (Array.isArray(apps)) {
    for (const name of apps) listed.set(name, defaults)
  } else {
    for (const [name, options] of Object.entries(apps)) {
      check(compiled.app ??= Compile(AppOptionsSchema), options, `apps.${name}`)
      listed.set(name, resolveApp(options, defaults, `apps.${name}.`))
    }
  }
  return { listed, served: app => listed.has(app) }
}

/** What holds where neither the options nor the application say anything. */
function standardApp ({ authorizeTimeout, nativeClients }: Pick<Standard, StandardApp>): AppSettings {
  return {
    iceServers: [],
    turn: undefined,
    authorize: undefined,
    authorizeTimeout,
    allowedOrigins: undefined,
    nativeClients,
    originAllowed: () => true,
    onRequest: [],
    preValidation: [],
    preHandler: [],
    limits: defaultsOf(LimitsSchema)
  }
}

function resolveApp (given: AppOptions, defaults: AppSettings, path: string): AppSettings {
  const hooks = <H>(name: string, value: H | readonly H[] | undefined, inherited: H[]): H[] => {
    const list = value === undefined ? [] : [value].flat() as H[]
    for (const hook of list) if (typeof hook !== 'function') throw new BadOptionError(path + name, 'must be a hook function, or a list of them')
    // Hooks that guard every application guard each one: an application's own hooks come on top.
    return [...inherited, ...list]
  }
  const { authorize, authorizeTimeout, allowedOrigins, nativeClients } = { ...defaults, ...given }
  given.iceServers?.forEach((server, index) => checkIceServer(server, `${path}iceServers[${index}]`))
  return {
    iceServers: given.iceServers?.map(({ urls, ...login }) => ({ urls: typeof urls === 'string' ? urls : [...urls], ...login })) ?? defaults.iceServers,
    turn: given.turn === undefined ? defaults.turn : resolveTurn(given.turn, `${path}turn`),
    authorize,
    authorizeTimeout,
    allowedOrigins,
    nativeClients,
    originAllowed: resolveOrigins(allowedOrigins, nativeClients, `${path}allowedOrigins`),
    onRequest: hooks('onRequest', given.onRequest, defaults.onRequest),
    preValidation: hooks('preValidation', given.preValidation, defaults.preValidation),
    preHandler: hooks('preHandler', given.preHandler, defaults.preHandler),
    limits: { ...defaults.limits, ...given.limits }
  }
}

/** RTCPeerConnection throws on TURN without both (W3C WebRTC 1.0, section 4.2.4), and there would be no call in any page. */
function checkIceServer ({ urls, username, credential }: IceServerOption, path: string): void {
  if (![urls].flat().some(url => /^turns?:/.test(url))) return
  if (!username) throw new BadOptionError(`${path}.username`, 'must be given with a turn: or turns: URL')
  if (!credential) throw new BadOptionError(`${path}.credential`, 'must be given with a turn: or turns: URL')
}

function resolveTurn (given: TurnOptions, path: string): NonNullable<AppSettings['turn']> {
  if ((given.secret === undefined) === (given.credentials === undefined)) {
    throw new BadOptionError(`${path}.secret`, `must be given, or else '${path}.credentials', and not both`)
  }
  return { ...defaultsOf(TurnSchema) as { ttl: number, algorithm: 'sha1' | 'sha256' }, ...given }
}

function resolveOrigins (given: OriginsOption | undefined, nativeClients: boolean, path: string): AppSettings['originAllowed'] {
  try {
    return compileOrigins(given, nativeClients)
  } catch (error) {
    throw new BadOptionError(path, error instanceof Error ? error.message : 'is not a list of origins')
  }
}

function defaultsOf<S extends TObject> (schema: S): Static<S> {
  return Default(schema, {}) as Static<S>
}

function check (validator: Check, value: unknown, path: string): void {
  if (validator.Check(value)) return
  const problems = validator.Errors(value)
  const unknown = problems.find(problem => problem.keyword === 'additionalProperties')
  if (unknown?.keyword === 'additionalProperties') {
    const [name = ''] = unknown.params.additionalProperties
    throw new BadOptionError(join(join(path, unknown.instancePath), `/${name}`), 'is not known')
  }
  const [first] = problems
  throw new BadOptionError(join(path, first?.instancePath ?? ''), first?.message ?? 'is bad')
}

/** `limits` and `/frameBytes` to `limits.frameBytes`, `iceServers` and `/0/urls` to `iceServers[0].urls`. */
function join (path: string, pointer: string): string {
  let joined = path
  for (const part of pointer.split('/').slice(1)) {
    if (/^\d+$/.test(part)) joined += `[${part}]`
    else joined += joined === '' ? part : `.${part}`
  }
  return joined
}
