import { Type, type Static, type TObject } from './typebox.js'
import { NameSchema } from './names.js'

// One schema per message that a client sends. Unknown fields are accepted everywhere and relayed untouched,
// because published clients send extras (`video`, `audio`, `trackList`, `linkSession`, `mode`).

/** Client to server: take a seat in the room. */
export const JoinSchema = Type.Object({
  command: Type.Literal('join'),
  streamId: NameSchema,
  token: Type.Optional(Type.Union([Type.String({ maxLength: 8192 }), Type.Null()], {
    description: 'Handed to the `authorize` option. Ant Media clients send an empty string or null where they have none'
  })),
  mode: Type.Optional(Type.Union([Type.String({ maxLength: 64 }), Type.Null()], {
    description: '`play` means that the joiner only watches'
  })),
  multiPeer: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  resume: Type.Optional(Type.Boolean({
    description: 'This client keeps its call over a lost socket: keep the seat for `resumeWindow` ms'
  })),
  resumeToken: Type.Optional(Type.String({
    maxLength: 256,
    description: 'The token of the last `joined`: take that seat back. With a token that is wrong, used or expired the join is an ordinary one'
  })),
  claim: Type.Optional(Type.String({
    minLength: 22,
    maxLength: 64,
    description: 'A secret that the client makes, of at least 128 random bits, the same until a `joined` arrives. It takes the seat back if that `joined`, with its token, was lost on the way'
  })),
  received: Type.Optional(Type.Integer({
    minimum: 0,
    description: 'With `resumeToken`: how many messages of this seat have arrived. Each later one is sent again, once'
  }))
}, {
  description: 'Take a seat in the room. Clients of 2017 call the room `streamName`. A client that already has a seat there gets a new one: iOS reconnects in this way',
  examples: [{ command: 'join', streamId: 'room1', resume: true }]
})

/** Client to server: give the seat up. */
export const LeaveSchema = Type.Object({
  command: Type.Literal('leave'),
  streamId: Type.Optional(NameSchema)
}, {
  description: 'Give the seat up. `streamId` may be left out if the connection has one seat only. Without a seat the answer is `leaved` too',
  examples: [{ command: 'leave', streamId: 'room1' }]
})

/** Client to server: hang up, the same as `leave`; sample pages and the Android SDK send it. */
export const StopSchema = Type.Object({
  command: Type.Literal('stop'),
  streamId: Type.Optional(NameSchema)
}, {
  description: 'The same as `leave`: sample pages and Android send it to hang up',
  examples: [{ command: 'stop', streamId: 'room1' }]
})

/** Client to server, relayed: an offer, an answer, or the end of one (JSEP, RFC 9429 section 4.1.10). */
export const TakeConfigurationSchema = Type.Object({
  command: Type.Literal('takeConfiguration'),
  streamId: NameSchema,
  type: Type.Union([Type.Literal('offer'), Type.Literal('answer'), Type.Literal('pranswer'), Type.Literal('rollback')]),
  sdp: Type.String({ description: 'The session description (RFC 8866)' })
}, {
  description: 'Relayed to the other peer. Either side may offer, at any time, any number of times',
  examples: [{ command: 'takeConfiguration', streamId: 'room1', type: 'offer', sdp: 'v=0\r\n' }]
})

/** Client to server, relayed: a trickled ICE candidate (RFC 8838). */
export const TakeCandidateSchema = Type.Object({
  command: Type.Literal('takeCandidate'),
  streamId: NameSchema,
  label: Type.Integer({ minimum: 0, maximum: 65535, description: 'sdpMLineIndex. The iOS SDK crashes without' }),
  id: Type.String({ maxLength: 256, description: 'sdpMid. The iOS SDK crashes without' }),
  candidate: Type.String({ description: 'The candidate; the empty string ends the candidates' })
}, {
  description: 'Relayed to the other peer',
  examples: [{ command: 'takeCandidate', streamId: 'room1', label: 0, id: '0', candidate: '' }]
})

/** Client to server, relayed: whatever the application wants to tell the other side. */
export const PeerMessageSchema = Type.Object({
  command: Type.Literal('peerMessageCommand'),
  streamId: NameSchema,
  definition: Type.String({ maxLength: 256 }),
  data: Type.Unknown({ description: 'Any JSON' })
}, {
  description: 'Relayed to the other peer',
  examples: [{ command: 'peerMessageCommand', streamId: 'room1', definition: 'chat', data: { text: 'hello' } }]
})

/** Client to server: is anybody there? */
export const PingSchema = Type.Object({
  command: Type.Literal('ping')
}, {
  description: 'Answered by `pong`',
  examples: [{ command: 'ping' }]
})

/** Client to server: which STUN and TURN servers should I use? */
export const GetIceServerConfigSchema = Type.Object({
  command: Type.Literal('getIceServerConfig')
}, {
  description: 'Answered by `iceServerConfig`',
  examples: [{ command: 'getIceServerConfig' }]
})

/** Every message that a client may send, by its `command`. */
export const ClientMessageSchemas = {
  join: JoinSchema,
  leave: LeaveSchema,
  stop: StopSchema,
  takeConfiguration: TakeConfigurationSchema,
  takeCandidate: TakeCandidateSchema,
  peerMessageCommand: PeerMessageSchema,
  ping: PingSchema,
  getIceServerConfig: GetIceServerConfigSchema
} as const satisfies Record<string, TObject>

export type Join = Static<typeof JoinSchema>
export type Leave = Static<typeof LeaveSchema>
export type Stop = Static<typeof StopSchema>
export type TakeConfiguration = Static<typeof TakeConfigurationSchema>
export type TakeCandidate = Static<typeof TakeCandidateSchema>
export type PeerMessage = Static<typeof PeerMessageSchema>
export type Ping = Static<typeof PingSchema>
export type GetIceServerConfig = Static<typeof GetIceServerConfigSchema>

export type ClientCommand = keyof typeof ClientMessageSchemas
export type ClientMessage = { [C in ClientCommand]: Static<(typeof ClientMessageSchemas)[C]> }[ClientCommand]
/** The commands whose messages are relayed to the other peer unchanged, and count in `received`. */
export const RELAYED_COMMANDS = ['takeConfiguration', 'takeCandidate', 'peerMessageCommand'] as const satisfies readonly ClientCommand[]
export type RelayedMessage = Extract<ClientMessage, { command: typeof RELAYED_COMMANDS[number] }>
