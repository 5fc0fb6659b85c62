import { Type, type Static, type TObject } from './typebox.js'
import { ERROR_DEFINITIONS, type ErrorDefinition } from './codes.js'
import { NameSchema } from './names.js'
import { PeerMessageSchema, TakeCandidateSchema, TakeConfigurationSchema } from './client-messages.js'

// One schema per message that the server sends. The three that it relays unchanged have theirs in client-messages.ts.

/** The limits of one connection. They are told so that a well-behaved client never exceeds them; they are no secret. */
export const ToldLimitsSchema = Type.Object({
  messagesPerSecond: Type.Integer({ minimum: 1 }),
  messageBurst: Type.Integer({ minimum: 1 }),
  bytesPerSecond: Type.Integer({ minimum: 1 }),
  byteBurst: Type.Integer({ minimum: 1 }),
  frameBytes: Type.Integer({ minimum: 1 }),
  waitingFrames: Type.Integer({ minimum: 1 })
}, { description: 'What this connection may send, by the names of the server\'s `limits`, so that a client keeps below' })

/** Server to client: the seat is yours. */
export const JoinedSchema = Type.Object({
  command: Type.Literal('notification'),
  definition: Type.Literal('joined'),
  streamId: NameSchema,
  peers: Type.Integer({ minimum: 0, description: 'How many others sit in the room' }),
  polite: Type.Boolean({ description: 'Which side gives way when both offer at once (W3C WebRTC 1.0, section 10.7)' }),
  resumed: Type.Boolean({ description: 'Whether the old seat was taken back: then the call goes on' }),
  resumeToken: Type.Optional(Type.String({ description: 'Only to clients that sent `resume: true`; new at each resumption' })),
  resumeWindow: Type.Optional(Type.Integer({ minimum: 0, description: 'For how long, in ms, the seat outlives its socket' })),
  received: Type.Optional(Type.Integer({
    minimum: 0,
    description: 'With `resumed: true`: how many messages of this seat the server has handled, relayed or refused by an `error`. The client sends each later one again, once'
  })),
  peerId: Type.Optional(Type.String({ description: 'The id of this peer, as `fastify.rooms` knows it' })),
  limits: Type.Optional(ToldLimitsSchema)
}, { description: 'To the joiner: the seat is taken' })

/** Server to client: you were here first and somebody has come; make the first offer. */
export const StartSchema = Type.Object({
  command: Type.Literal('start'),
  streamId: NameSchema
}, { description: 'To the peer that was there first, when another one has joined or joined again: make the offer' })

/** Server to client: the other peer is gone for good. */
export const StoppedSchema = Type.Object({
  command: Type.Literal('stop'),
  streamId: NameSchema,
  reason: Type.Optional(Type.Union([
    Type.Literal('left'), Type.Literal('lost'), Type.Literal('removed')
  ], { description: '`lost`: its socket died, and media may still flow; `left` and `removed`: it is over' }))
}, { description: 'The other peer has gone for good: close its peer connection. You keep your seat. If another peer takes the free seat at once, `stop` is not sent to Android, iOS and Flutter, whose client it would end' })

/** Server to client: your seat is given up. */
export const LeavedSchema = Type.Object({
  command: Type.Literal('notification'),
  definition: Type.Literal('leaved'),
  streamId: NameSchema,
  reason: Type.Optional(Type.String({ description: 'The reason, if the server removed the peer' }))
}, { description: 'To the peer that has left, or had no seat. Flutter gets `stop` as well, because it waits for it' })

/** Server to client: somebody sat down beside you. */
export const PeerJoinedSchema = Type.Object({
  command: Type.Literal('notification'),
  definition: Type.Literal('peerJoined'),
  streamId: NameSchema,
  peerId: Type.Optional(Type.String())
}, { description: 'To the peer that has a seat: another one has joined' })

/** Server to client: somebody beside you is gone. */
export const PeerLeftSchema = Type.Object({
  command: Type.Literal('notification'),
  definition: Type.Literal('peerLeft'),
  streamId: NameSchema,
  peerId: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String())
}, { description: 'To the peer that has a seat: the other one has gone' })

/** The definitions of notifications that are the server's own: an application may not use them for its messages. */
export const RESERVED_DEFINITIONS = ['joined', 'leaved', 'peerJoined', 'peerLeft', 'server_will_stop'] as const

/** Server to client: what the application on the server wants to tell. */
export const CustomNotificationSchema = Type.Object({
  command: Type.Literal('notification'),
  definition: Type.String({ maxLength: 256 }),
  streamId: NameSchema,
  data: Type.Optional(Type.Unknown({ description: 'Any JSON' }))
}, { description: 'Whatever the application sends with `fastify.rooms.send` or `sendToPeer`, under a definition of its own' })

/** Server to client: I am here. */
export const PongSchema = Type.Object({
  command: Type.Literal('pong')
}, { description: 'Answer to `ping`' })

/** One entry of W3C WebRTC 1.0's RTCConfiguration.iceServers (section 4.2.4). */
export const IceServerSchema = Type.Object({
  urls: Type.Union([Type.String({ pattern: '^(stun|stuns|turn|turns):' }), Type.Array(Type.String({ pattern: '^(stun|stuns|turn|turns):' }), { minItems: 1 })], {
    description: 'One URL or several: stun:, stuns:, turn: or turns: (RFC 7064, RFC 7065)'
  }),
  username: Type.Optional(Type.String({ description: 'Needed with turn: and turns:' })),
  credential: Type.Optional(Type.String({ description: 'The password; needed with turn: and turns:' }))
}, { additionalProperties: false, description: 'An RTCIceServer' })

/** Server to client: STUN and TURN servers. */
export const IceServerConfigSchema = Type.Object({
  command: Type.Literal('iceServerConfig'),
  stunServerUri: Type.String({ description: 'One URI, `turn:` or `stun:`, for clients that know one server only; may be empty' }),
  turnServerUsername: Type.String(),
  turnServerCredential: Type.String(),
  iceServers: Type.Array(IceServerSchema, { description: 'What to hand to RTCPeerConnection' }),
  ttl: Type.Optional(Type.Integer({ minimum: 1, description: 'Lifetime of the credentials, in seconds. Absent if they do not expire' }))
}, { description: 'Answer to `getIceServerConfig`' })

/** Server to client: this server goes away; come back later. */
export const ServerWillStopSchema = Type.Object({
  command: Type.Literal('notification'),
  definition: Type.Literal('server_will_stop'),
  retryAfter: Type.Integer({ minimum: 0, description: 'The time after which to come back, in ms. It differs from client to client, so that they do not all come at once' })
}, { description: 'The server drains' })

/** Server to client: that did not work. The connection stays open unless a close code follows. */
export const ErrorSchema = Type.Object({
  command: Type.Literal('error'),
  definition: Type.Union(ERROR_DEFINITIONS.map(definition => Type.Literal(definition))),
  streamId: Type.Optional(NameSchema),
  message: Type.String({ description: 'One sentence for a developer' }),
  retryAfter: Type.Optional(Type.Integer({ minimum: 0, description: 'The time after which it is worth trying again, in ms' }))
}, { description: 'A message could not be handled. The connection stays open unless a close code follows' })

/** Every message that the server sends, by `command`, or by `definition` for a notification. */
export const ServerMessageSchemas = {
  joined: JoinedSchema,
  start: StartSchema,
  takeConfiguration: TakeConfigurationSchema,
  takeCandidate: TakeCandidateSchema,
  peerMessageCommand: PeerMessageSchema,
  stop: StoppedSchema,
  leaved: LeavedSchema,
  peerJoined: PeerJoinedSchema,
  peerLeft: PeerLeftSchema,
  pong: PongSchema,
  iceServerConfig: IceServerConfigSchema,
  server_will_stop: ServerWillStopSchema,
  notification: CustomNotificationSchema,
  error: ErrorSchema
} as const satisfies Record<string, TObject>

export type ToldLimits = Static<typeof ToldLimitsSchema>
export type Joined = Static<typeof JoinedSchema>
export type Start = Static<typeof StartSchema>
export type Stopped = Static<typeof StoppedSchema>
export type StopReason = NonNullable<Stopped['reason']>
export type Leaved = Static<typeof LeavedSchema>
export type PeerJoined = Static<typeof PeerJoinedSchema>
export type PeerLeft = Static<typeof PeerLeftSchema>
export type CustomNotification = Static<typeof CustomNotificationSchema>
export type Pong = Static<typeof PongSchema>
export type IceServer = Static<typeof IceServerSchema>
export type IceServerConfig = Static<typeof IceServerConfigSchema>
export type ServerWillStop = Static<typeof ServerWillStopSchema>
export type ErrorMessage = Omit<Static<typeof ErrorSchema>, 'definition'> & { definition: ErrorDefinition }
export type Notification = Joined | Leaved | PeerJoined | PeerLeft | ServerWillStop | CustomNotification
