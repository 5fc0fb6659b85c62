import type { FastifyRequest, LogLevel, onRequestHookHandler, preHandlerHookHandler, preValidationHookHandler, RouteOptions } from 'fastify'
import { Type, type Static } from '../protocol/typebox.js'
import { IceServerSchema, type IceServer } from '../protocol/server-messages.js'
import type { OriginsOption } from './origins.js'

/** Log serializers by the name of their field. */
export type LogSerializers = NonNullable<RouteOptions['logSerializers']>

/** The join that `authorize` decides on. */
export interface AuthorizeContext {
  app: string
  room: string
  /** The connection's id, the same for all its joins. */
  peer: string
  /** The `token` field of the client's `join`. */
  token: string | undefined
}

/** A successful authorization: the joiner's profile and, optionally, the room's capacity. */
export interface Authorization {
  /** Any data of the application's own, shown in `fastify.rooms`. */
  metadata?: unknown
  /** A word of the application's own, shown in `fastify.rooms`. */
  role?: string
  /** Seats of the room from now on: 1 or 2. @default 2 */
  capacity?: number
}

/** Decides on each `join`. It returns to let the peer in; whatever it throws is answered with `unauthorized_access`. */
export type Authorize = (request: FastifyRequest, context: AuthorizeContext) =>
  Authorization | undefined | void | Promise<Authorization | undefined | void>

/** Issues TURN credentials for one peer, instead of a shared secret. */
export type TurnCredentialsFunction = (request: FastifyRequest, peer: string) =>
  { username: string, credential: string, ttl?: number } | Promise<{ username: string, credential: string, ttl?: number }>

/** Says whether an application name is served. */
export type AppsPredicate = (app: string, request: FastifyRequest) => boolean | Promise<boolean>

/** Returns the key under which a request's address is counted. */
export type KeyGenerator = (request: FastifyRequest) => string

const closed = (description: string) => ({ additionalProperties: false, description })
/** A function, as far as a schema can tell; its type is given where it is used. */
const callable = (description: string) => Type.Refine(Type.Unknown({ description }), value => typeof value === 'function', () => 'must be a function')
const count = (value: number, description: string, minimum = 1) => Type.Integer({ minimum, default: value, description })
const bytes = (value: number, description: string, minimum = 1) => Type.Integer({ minimum, default: value, unit: 'bytes', description })
const milliseconds = (value: number, description: string, minimum = 1) => Type.Integer({ minimum, maximum: 86_400_000, default: value, unit: 'ms', description })

export const LimitsSchema = Type.Object({
  frameBytes: bytes(65_536, 'Largest frame that is accepted. A browser\'s SDP has 5 to 7 kB. Above it: `tooLarge`, then close 1009', 1024),
  messagesPerSecond: count(100, 'Messages per second and connection, in the long run. Above it: `rateExceeded`, then close 1008'),
  messageBurst: count(500, 'Messages that may come at once. An offer and its candidates do'),
  bytesPerSecond: bytes(131_072, 'Bytes per second and connection, in the long run. Above it: `rateExceeded`, then close 1008'),
  byteBurst: bytes(524_288, 'Bytes that may come at once'),
  joinsPerMinute: count(600, 'Joins per minute and address. Above it: `rateExceeded`. An office behind one NAT is one address'),
  connectionsPerAddress: count(500, 'Open connections per address. Above it the oldest connection that never joined is closed with 1013. If all have joined: HTTP 429'),
  connectionsPerApp: count(10_000, 'Open connections per application. Above it: HTTP 503'),
  connections: count(20_000, 'Open connections of all applications together. Above it: HTTP 503'),
  rooms: count(10_000, 'Rooms per application, with `redis` over all servers. Above it: `tooManyRooms`'),
  roomsPerConnection: count(10, 'Rooms in which one connection may have a seat. Above it: `tooManyRooms`'),
  joinsInFlight: count(1_000, 'Joins of all applications that wait for `authorize` or for a probe. Above it: `rateExceeded`'),
  waitingFrames: count(256, 'Frames per connection that wait behind a join in flight. Above it: close 1008'),
  joinTimeout: milliseconds(600_000, 'How long a connection may have no seat, from its start and from its last leave. After it: close 1013. Clients connect when their page opens, and join when somebody clicks')
}, { additionalProperties: false })

export const HeartbeatSchema = Type.Object({
  interval: milliseconds(25_000, 'Time between two pings. Most proxies cut a connection that is silent for 60 s'),
  timeout: milliseconds(10_000, 'How long a pong may take until the connection counts as dead. A client that still sends, but never answers, has three times as long')
}, { additionalProperties: false })

export const ResumeSchema = Type.Object({
  window: milliseconds(20_000, 'How long a seat outlives its socket, for clients that can resume. 0 turns resumption off', 0),
  messages: count(256, 'Messages kept for an absent peer. Above it the peer loses its seat'),
  bytes: bytes(262_144, 'Bytes kept for an absent peer. Above it the peer loses its seat. The default is never more than `bufferedBytes`'),
  bytesPerAddress: bytes(16_777_216, 'Bytes kept for all peers of one address. Each message counts 512 more for its overhead. Above it, messages that present peers have most likely received are dropped first; then the peer that has been absent the longest loses its seat'),
  totalBytes: bytes(134_217_728, 'The same for all addresses together. An address that holds more than the average makes room first'),
  hold: Type.Boolean({ default: true, description: 'Keep an absent peer\'s seat reserved for the whole window, even if the room is full' })
}, { additionalProperties: false })

/** How long, in ms, the connections that are cut off when `drain.grace` is over take to end. */
export const CLOSES_WITHIN = 500

export const DrainSchema = Type.Object({
  grace: milliseconds(5_000, 'How long clients may take to close when the server drains, and with `redis` to take their seats to another server. After it they are cut off. ' +
    `At least ${CLOSES_WITHIN} ms less than Fastify's \`pluginTimeout\``),
  retryAfter: milliseconds(2_000, 'Average time after which drained clients come back. Each client is told its own, from half to one and a half of this')
}, { additionalProperties: false })

export const TurnSchema = Type.Object({
  urls: Type.Union([
    Type.String({ pattern: '^turns?:' }),
    Type.Array(Type.String({ pattern: '^turns?:' }), { minItems: 1 })
  ], { description: '`turn:` and `turns:` URLs' }),
  secret: Type.Optional(Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })], {
    description: 'The secret shared with the TURN server (coturn: `static-auth-secret`). Of several secrets the first one signs'
  })),
  credentials: Type.Optional(Type.Unsafe<TurnCredentialsFunction>(callable('`(request, peer) => ({ username, credential, ttl })`, instead of a secret'))),
  ttl: Type.Optional(Type.Integer({ minimum: 60, default: 3_600, unit: 's', description: 'Lifetime of the credentials' })),
  algorithm: Type.Optional(Type.Union([Type.Literal('sha1'), Type.Literal('sha256')], { default: 'sha1', description: 'Hash of the HMAC. coturn supports sha1' }))
}, closed('TURN with credentials that expire: either `secret` or `credentials`'))

// Options that hold for all applications or, in the `apps` record, for one.
const perApp = {
  iceServers: Type.Array(IceServerSchema, { default: [], description: 'STUN and TURN servers with fixed credentials, the same for every peer. `turn:` and `turns:` URLs need `username` and `credential`' }),
  turn: TurnSchema,
  authorize: Type.Unsafe<Authorize>(callable('`(request, { app, room, peer, token })`, called at each join. It returns to let the peer in and throws to refuse it')),
  authorizeTimeout: milliseconds(5_000, 'How long `authorize` may take until the join is refused, and `turn.credentials` until the answer goes out without TURN'),
  allowedOrigins: Type.Unknown({ description: 'Origins whose pages may connect: a list, a pattern, a predicate or `\'*\'`. By default those of the same host name' }),
  nativeClients: Type.Boolean({ default: true, description: 'Let native apps in whatever their `Origin`, as long as nothing in the handshake (least of all a cookie) says that a browser made it. `false`: only `allowedOrigins` may connect, and no client without an `Origin`' }),
  onRequest: Type.Unsafe<onRequestHookHandler | onRequestHookHandler[]>(Type.Unknown({ description: 'Fastify hooks of the WebSocket route. They can refuse an upgrade with an HTTP status' })),
  preValidation: Type.Unsafe<preValidationHookHandler | preValidationHookHandler[]>(Type.Unknown({ description: 'The same, after `onRequest`' })),
  preHandler: Type.Unsafe<preHandlerHookHandler | preHandlerHookHandler[]>(Type.Unknown({ description: 'The same, after `preValidation`' })),
  limits: Type.Partial(LimitsSchema, closed('Protection from clients that send or connect too much'))
}

export const ClusterSchema = Type.Object({
  keyPrefix: Type.String({ default: 'webrtc-signalling:', description: 'Before every key in Redis. Apps that share a Redis, and not their rooms, have one each' }),
  lease: milliseconds(10_000, 'How long a server counts as alive after its last sign of life. It gives one every third of this', 500),
  timeout: milliseconds(2_000, 'How long Redis may take to answer. After it a join is refused with `serverBusy`', 50)
}, { additionalProperties: false })

/** The limits that all applications share. No application can set them for itself. */
const SHARED_LIMITS = ['connections', 'joinsInFlight'] as const

/** The options of one application in the `apps` record. */
export const AppOptionsSchema = Type.Partial(Type.Object({
  ...perApp,
  limits: Type.Partial(Type.Omit(LimitsSchema, SHARED_LIMITS), { additionalProperties: false })
}), { additionalProperties: false })

/** Every option of the plugin. This schema is the only home of names, defaults, units and descriptions. */
export const OptionsSchema = Type.Object({
  prefix: Type.Optional(Type.String({ default: '', description: 'Prefix of every route, as with any Fastify plugin' })),
  apps: Type.Optional(Type.Unknown({ description: 'Applications that are served: a list of names, a predicate `(app, request) => boolean`, or a record of names with options of their own. By default every name' })),
  serveClient: Type.Optional(Type.Boolean({ default: true, description: 'Serve the SDK and `peer.html`' })),
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
  heartbeat: Type.Optional(Type.Partial(HeartbeatSchema, closed('Pings that find dead connections. Time during which the process stood still counts against no client'))),
  resume: Type.Optional(Type.Partial(ResumeSchema, closed('Seats that outlive their sockets'))),
  probeTimeout: Type.Optional(milliseconds(2_000, 'How long the peers in a full room may take to answer a ping when somebody else wants to join')),
  bufferedBytes: Type.Optional(bytes(1_048_576, 'Data that may wait for a peer that does not read. Above it the peer counts as lost')),
  drain: Type.Optional(Type.Partial(DrainSchema, closed('How clients leave when the server goes away'))),
  decorator: Type.Optional(Type.String({ default: 'rooms', minLength: 1, description: 'Name of the decorator `fastify.rooms`, for apps that have a decorator of that name' })),
  redis: Type.Optional(Type.Unsafe<RedisOption>(Type.Unknown({ description: 'A client of ioredis 5 or 6, or its Redis Cluster client: rooms then span all servers that share this Redis' }))),
  cluster: Type.Optional(Type.Partial(ClusterSchema, closed('How servers share rooms by `redis`'))),
  // Fastify hands these to every plugin.
  logLevel: Type.Optional(Type.String({ description: 'Log level of the routes, connections and rooms. By default that of the app' })),
  logSerializers: Type.Optional(Type.Record(Type.String(), callable(''), { description: 'Log serializers of the routes, connections and rooms' }))
}, { additionalProperties: false })

/** As much of a client of ioredis as is used. */
export interface RedisOption {
  /** The state of its connection, which only such a client has. */
  readonly status: string
  /** Whether it is a client of a Redis Cluster. */
  readonly isCluster?: boolean
  /** What it was made with, and its duplicates are. */
  readonly options?: object
  /** Makes a client like it: the plugin has connections of its own, which it closes. */
  duplicate (...options: never[]): unknown
  /** Sends one command. */
  call (command: string, ...args: string[]): Promise<unknown>
}

export type ClusterSettings = Static<typeof ClusterSchema>
export type Limits = Static<typeof LimitsSchema>
export type HeartbeatOptions = Static<typeof HeartbeatSchema>
export type Resume = Static<typeof ResumeSchema>
export type Drain = Static<typeof DrainSchema>
/** One string or several, also in a list that is declared `as const`. */
type Strings = string | readonly string[]
export type TurnOptions = { urls: Strings, ttl?: number, algorithm?: 'sha1' | 'sha256' } &
  ({ secret: Strings, credentials?: never } | { credentials: TurnCredentialsFunction, secret?: never })

/** An entry of RTCConfiguration.iceServers (W3C WebRTC 1.0, section 4.2.4). */
export type IceServerOption = Readonly<Omit<IceServer, 'urls'>> & { readonly urls: Strings }

// The build writes the description, the unit and the default of each property's schema into the declarations.

/** Options that hold for all applications or, in the `apps` record, for one. */
export interface AppOptions {
  iceServers?: readonly IceServerOption[]
  turn?: TurnOptions
  authorize?: Authorize
  authorizeTimeout?: number
  allowedOrigins?: OriginsOption
  nativeClients?: boolean
  onRequest?: onRequestHookHandler | readonly onRequestHookHandler[]
  preValidation?: preValidationHookHandler | readonly preValidationHookHandler[]
  preHandler?: preHandlerHookHandler | readonly preHandlerHookHandler[]
  limits?: Partial<Omit<Limits, typeof SHARED_LIMITS[number]>>
}

/** The plugin's options. */
export interface WebrtcSignallingOptions extends AppOptions {
  prefix?: string
  apps?: readonly string[] | AppsPredicate | Readonly<Record<string, AppOptions>>
  serveClient?: boolean
  decorator?: string
  logLevel?: LogLevel
  logSerializers?: LogSerializers
  limits?: Partial<Limits>
  keyGenerator?: KeyGenerator
  heartbeat?: Partial<HeartbeatOptions>
  resume?: Partial<Resume>
  probeTimeout?: number
  bufferedBytes?: number
  drain?: Partial<Drain>
  redis?: RedisOption
  cluster?: Partial<ClusterSettings>
}
