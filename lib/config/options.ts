import type { FastifyRequest, LogLevel, onRequestHookHandler, preHandlerHookHandler, preValidationHookHandler, RouteOptions } from 'fastify'
import { Type, type Static } from '../protocol/typebox.js'
import { IceServerSchema, type IceServer } from '../protocol/server-messages.js'
import type { OriginsOption } from './origins.js'

/** Serializers of a log, by the name of the field. */
export type LogSerializers = NonNullable<RouteOptions['logSerializers']>

/** What `authorize` is told of a joiner. */
export interface AuthorizeContext {
  app: string
  room: string
  /** The connection's id: the same for all its joins. */
  peer: string
  /** What the client's `join` bore as `token`, if anything. */
  token: string | undefined
}

/** What `authorize` may say of a joiner; nothing means that it may join. */
export interface Authorization {
  /** Any data, shown in `fastify.rooms`. */
  metadata?: unknown
  /** A word of the application's own, shown in `fastify.rooms`. */
  role?: string
  /** How many may sit in the room from now on: 1 or 2. @default 2 */
  capacity?: number
}

/** Decides at each `join`, by returning or throwing. What it throws is answered by `unauthorized_access`. */
export type Authorize = (request: FastifyRequest, context: AuthorizeContext) =>
  Authorization | undefined | void | Promise<Authorization | undefined | void>

/** Makes TURN credentials for one peer where no shared secret does. */
export type TurnCredentialsFunction = (request: FastifyRequest, peer: string) =>
  { username: string, credential: string, ttl?: number } | Promise<{ username: string, credential: string, ttl?: number }>

/** Whether an application name is served. */
export type AppsPredicate = (app: string, request: FastifyRequest) => boolean | Promise<boolean>

/** Under which key an address is counted. */
export type KeyGenerator = (request: FastifyRequest) => string

const callable = (description: string) => Type.Refine(Type.Unknown({ description }), value => typeof value === 'function', () => 'must be a function')
const closed = (description: string) => ({ additionalProperties: false, description })
const milliseconds = (value: number, description: string, minimum = 1) => Type.Integer({ minimum, maximum: 86_400_000, default: value, description: `${description}, ms` })
const count = (value: number, description: string) => Type.Integer({ minimum: 1, default: value, description })

export const LimitsSchema = Type.Object({
  frameBytes: Type.Integer({ minimum: 1024, default: 65_536, description: 'The largest frame that is taken, bytes. A browser\'s SDP has 5 to 7 kB. Above: `tooLarge`, then close 1009' }),
  messagesPerSecond: count(100, 'Messages per second and connection, in the long run. Above: `rateExceeded`, then close 1008'),
  messageBurst: count(500, 'Messages that may come at once: an offer and its candidates do'),
  bytesPerSecond: count(131_072, 'Bytes per second and connection, in the long run. Above: `rateExceeded`, then close 1008'),
  byteBurst: count(524_288, 'Bytes that may come at once'),
  joinsPerMinute: count(600, 'Joins per minute and address. Above: `rateExceeded`. An office behind one NAT is one address'),
  connectionsPerAddress: count(500, 'Open connections per address. Above: the oldest that never joined is closed with 1013; where all have joined, HTTP 429'),
  connectionsPerApp: count(10_000, 'Open connections per application. Above: HTTP 503'),
  connections: count(20_000, 'Open connections in all. Above: HTTP 503'),
  rooms: count(10_000, 'Rooms per application. Above: `tooManyRooms`'),
  roomsPerConnection: count(10, 'Rooms that one connection may sit in. Above: `tooManyRooms`'),
  joinsInFlight: count(1_000, 'Joins that wait for `authorize` or for a probe, in all. Above: `rateExceeded`'),
  waitingFrames: count(256, 'Frames that wait behind a join in flight, per connection. Above: close 1008'),
  joinTimeout: milliseconds(600_000, 'From connect to the first join, and from the last leave to the next. After: close 1013. Clients connect when their page opens, and join when somebody clicks')
}, { additionalProperties: false })

export const HeartbeatSchema = Type.Object({
  interval: milliseconds(25_000, 'How often a connection is pinged; most proxies cut a silent one after 60 s'),
  timeout: milliseconds(10_000, 'How long the pong may take, before the connection is dead, and thrice that for a client that sends but never answers')
}, { additionalProperties: false })

export const ResumeSchema = Type.Object({
  window: milliseconds(20_000, 'How long a seat outlives its socket, for clients that can resume; 0 for not at all', 0),
  messages: count(256, 'Messages kept for a peer that is away. Above: its seat is given up'),
  bytes: count(262_144, 'Bytes kept for a peer that is away. Above: its seat is given up'),
  bytesPerAddress: count(16_777_216, 'Bytes kept for all peers of one address, each message with 512 more for what it costs. Above: what present peers have most likely got is forgotten, then the seat of the peer that has been away the longest is given up'),
  totalBytes: count(134_217_728, 'The same for all addresses together. An address that holds more than the average makes room first'),
  hold: Type.Boolean({ default: true, description: 'Whether an absent peer\'s seat stays its own when somebody else wants it' })
}, { additionalProperties: false })

export const DrainSchema = Type.Object({
  grace: milliseconds(5_000, 'How long clients may take to go when the server drains, before they are cut off'),
  retryAfter: milliseconds(2_000, 'When drained clients should come back, on average; each is told a time of its own, from half to one and a half of it')
}, { additionalProperties: false })

export const TurnSchema = Type.Object({
  urls: Type.Union([
    Type.String({ pattern: '^turns?:' }),
    Type.Array(Type.String({ pattern: '^turns?:' }), { minItems: 1 })
  ], { description: '`turn:` and `turns:` URLs' }),
  secret: Type.Optional(Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })], {
    description: 'What the TURN server shares with us (coturn: `static-auth-secret`); of several the first issues'
  })),
  credentials: Type.Optional(Type.Unsafe<TurnCredentialsFunction>(callable('`(request, peer) => ({ username, credential, ttl })`, instead of a secret'))),
  ttl: Type.Optional(Type.Integer({ minimum: 60, default: 3_600, description: 'How long credentials last, s' })),
  algorithm: Type.Optional(Type.Union([Type.Literal('sha1'), Type.Literal('sha256')], { default: 'sha1', description: 'The HMAC\'s hash; coturn knows sha1' }))
}, closed('TURN with credentials that expire: either `secret` or `credentials`'))

// What may be said for all applications at once or, in the `apps` record, for one.
const perApp = {
  iceServers: Type.Array(IceServerSchema, { default: [], description: 'STUN and TURN servers with fixed credentials, for all. `turn:` and `turns:` need `username` and `credential`' }),
  turn: TurnSchema,
  authorize: Type.Unsafe<Authorize>(callable('`(request, { app, room, peer, token })` at each join: return to let in, throw to refuse')),
  authorizeTimeout: milliseconds(5_000, 'How long `authorize` may take, before the join is refused, and `turn.credentials`, before it is done without TURN'),
  allowedOrigins: Type.Unknown({ description: 'Which pages may connect: a list, pattern, predicate or `\'*\'`. By default those of the same host name' }),
  nativeClients: Type.Boolean({ default: true, description: 'Whether apps come in whatever their `Origin`, where nothing about the handshake says that a browser made it, least of all a cookie. `false`: only `allowedOrigins` come in, and nobody without an `Origin`' }),
  onRequest: Type.Unsafe<onRequestHookHandler | onRequestHookHandler[]>(Type.Unknown({ description: 'Fastify hooks of the WebSocket route: refuse here with an HTTP status' })),
  preValidation: Type.Unsafe<preValidationHookHandler | preValidationHookHandler[]>(Type.Unknown({ description: 'The same, after `onRequest`' })),
  preHandler: Type.Unsafe<preHandlerHookHandler | preHandlerHookHandler[]>(Type.Unknown({ description: 'The same, after `preValidation`' })),
  limits: Type.Partial(LimitsSchema, closed('Protection from clients that send or connect too much'))
}

/** The limits that hold for all applications together, so that none of them can set them for itself. */
const SHARED_LIMITS = ['connections', 'joinsInFlight'] as const

/** The options of one application in the `apps` record. */
export const AppOptionsSchema = Type.Partial(Type.Object({
  ...perApp,
  limits: Type.Partial(Type.Omit(LimitsSchema, SHARED_LIMITS), { additionalProperties: false })
}), { additionalProperties: false })

/** Every option of the plugin. */
export const OptionsSchema = Type.Object({
  prefix: Type.Optional(Type.String({ default: '', description: 'Before the path of every route, as with any Fastify plugin' })),
  apps: Type.Optional(Type.Unknown({ description: 'A list of names, a predicate `(app, request) => boolean`, or a record of names with options of their own. By default every name' })),
  serveClient: Type.Optional(Type.Boolean({ default: true, description: 'Whether the SDK and `peer.html` are served' })),
  iceServers: Type.Optional(perApp.iceServers),
  turn: Type.Optional(perApp.turn),
  authorize: Type.Optional(perApp.authorize),
  authorizeTimeout: Type.Optional(perApp.authorizeTimeout),
  allowedOrigins: Type.Optional(perApp.allowedOrigins),
  nativeClients: Type.Optional(perApp.nativeClients),
  onRequest: Type.Optional(perApp.onRequest),
  preValidation: Type.Optional(perApp.preValidation),
  preHandler: Type.Optional(perApp.preHandler),
  limits: Type.Optional(perApp.limits),
  keyGenerator: Type.Optional(Type.Unsafe<KeyGenerator>(callable('`(request) => string`: what counts as one address. By default `request.ip`, of IPv6 the /64'))),
  heartbeat: Type.Optional(Type.Partial(HeartbeatSchema, closed('Liveness: every connection is pinged, and alive is who answers. Time in which the process stood still counts for nobody'))),
  resume: Type.Optional(Type.Partial(ResumeSchema, closed('Seats that outlive their sockets'))),
  probeTimeout: Type.Optional(milliseconds(2_000, 'How long the sitters of a full room may take to show that they live, when somebody else wants in')),
  bufferedBytes: Type.Optional(count(1_048_576, 'How much may wait for a peer that does not read, before it counts as lost, bytes')),
  drain: Type.Optional(Type.Partial(DrainSchema, closed('What happens when the server goes away'))),
  // Fastify hands these to every plugin.
  decorator: Type.Optional(Type.String({ default: 'rooms', minLength: 1, description: 'The name of `fastify.rooms`, where the app has a decorator of that name already' })),
  logLevel: Type.Optional(Type.String({ description: 'The level of the routes and of the log of connections and rooms. By default that of the app' })),
  logSerializers: Type.Optional(Type.Record(Type.String(), callable(''), { description: 'Serializers of the routes\' log and of that of connections and rooms' }))
}, { additionalProperties: false })

export type Limits = Static<typeof LimitsSchema>
export type Heartbeat = Static<typeof HeartbeatSchema>
export type Resume = Static<typeof ResumeSchema>
export type Drain = Static<typeof DrainSchema>
/** One string or several, also in a list that is declared `as const`. */
type Strings = string | readonly string[]
export type TurnOptions = { urls: Strings, ttl?: number, algorithm?: 'sha1' | 'sha256' } &
  ({ secret: Strings, credentials?: never } | { credentials: TurnCredentialsFunction, secret?: never })

/** An entry of RTCConfiguration.iceServers (W3C WebRTC 1.0, section 4.2.4). */
export type IceServerOption = Readonly<Omit<IceServer, 'urls'>> & { readonly urls: Strings }

/** What may be said for all applications at once or, in the `apps` record, for one. */
export interface AppOptions {
  /** STUN and TURN servers with fixed credentials. @default [] */
  iceServers?: readonly IceServerOption[]
  /** TURN with credentials that expire. */
  turn?: TurnOptions
  /** Decides at each join. By default whoever is connected may join. */
  authorize?: Authorize
  /** How long `authorize` and `turn.credentials` may take, ms. @default 5000 */
  authorizeTimeout?: number
  /** Which pages may connect. @default those of the same host name */
  allowedOrigins?: OriginsOption
  /**
   * Whether apps come in whatever their `Origin`: Android's library sends another site's, iOS's one that is no page's. What bears
   * any mark of a browser is a page to this rule. `false`: only `allowedOrigins` come in, and nobody without an `Origin`.
   * @default true
   */
  nativeClients?: boolean
  /** Fastify hooks of the WebSocket route: refuse here with an HTTP status before the upgrade. */
  onRequest?: onRequestHookHandler | readonly onRequestHookHandler[]
  preValidation?: preValidationHookHandler | readonly preValidationHookHandler[]
  preHandler?: preHandlerHookHandler | readonly preHandlerHookHandler[]
  /** Protection from clients that send or connect too much. */
  limits?: Partial<Omit<Limits, typeof SHARED_LIMITS[number]>>
}

/** The plugin's options. The build writes the description and the default of each schema into the declarations. */
export interface WebrtcSignallingOptions extends AppOptions {
  /** Before the path of every route. @default '' */
  prefix?: string
  /** A list of names, a predicate, or a record of names with options of their own. @default every name that matches the rule */
  apps?: readonly string[] | AppsPredicate | Readonly<Record<string, AppOptions>>
  /** Whether the SDK and `peer.html` are served. @default true */
  serveClient?: boolean
  /** The name of `fastify.rooms`, where the app has a decorator of that name already. @default 'rooms' */
  decorator?: string
  /** The level of the routes' log, and of that of connections and rooms. @default that of the app */
  logLevel?: LogLevel
  /** Serializers of the same. */
  logSerializers?: LogSerializers
  /** As for one application, and those that hold for all together. */
  limits?: Partial<Limits>
  /** What counts as one address. @default `request.ip`, of IPv6 the /64 */
  keyGenerator?: KeyGenerator
  /** Liveness: every connection is pinged, and alive is who answers. Time in which the process stood still counts for nobody. */
  heartbeat?: Partial<Heartbeat>
  /** Seats that outlive their sockets. */
  resume?: Partial<Resume>
  /** How long sitters of a full room may take to show that they live, ms. @default 2000 */
  probeTimeout?: number
  /** How much may wait for a peer that does not read, bytes. @default 1048576 */
  bufferedBytes?: number
  /** What happens when the server goes away. */
  drain?: Partial<Drain>
}
