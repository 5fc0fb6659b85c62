import Fastify from 'fastify'
import plugin, {
  ERRORS, JoinSchema, webrtcSignalling,
  type AppOptions, type Authorize, type ErrorDefinition, type Join, type Place, type PeerSnapshot, type RoomEvents, type RoomSnapshot,
  type RoomsApi, type RoomsDump,
  type TurnOptions, type WebrtcSignallingOptions
} from '../../lib/index.js'

// What must compile for a host app and, below each @ts-expect-error, what must not. Checked by types.test.ts, never run.

const app = Fastify()

// Registering.
await app.register(plugin)
await app.register(plugin, {})
await app.register(webrtcSignalling, { prefix: '/calls', apps: ['WebRTCApp4'], serveClient: false })
void app.register(plugin, () => ({ prefix: '/later' }))
// @ts-expect-error an option that does not exist
await app.register(plugin, { servClient: true })
// @ts-expect-error a limit that does not exist
await app.register(plugin, { limits: { frameByte: 1 } })
// @ts-expect-error a limit of the wrong type
await app.register(plugin, { limits: { frameBytes: '64k' } })

// Every option with a good value and, one by one, a bad one.
export const options: WebrtcSignallingOptions = {
  prefix: '/calls',
  apps: (app, request) => app === request.hostname,
  serveClient: true,
  iceServers: [{ urls: 'stun:stun.example' }, { urls: ['turn:turn.example'], username: 'u', credential: 'c' }],
  turn: { urls: ['turn:turn.example', 'turns:turn.example'], secret: ['new', 'old'], ttl: 600, algorithm: 'sha256' },
  authorize: async (request, { app, room, peer, token }) => {
    const named: string[] = [request.ip, app, room, peer]
    // @ts-expect-error there may be no token
    named.push(token)
    return { metadata: { named }, role: 'guest', capacity: 1 }
  },
  authorizeTimeout: 1_000,
  allowedOrigins: ['https://app.example', /\.example$/, 'self'],
  onRequest: async request => { request.log.info('hello') },
  preValidation: [(_request, _reply, done) => { done() }],
  preHandler: async (_request, reply) => await reply.code(401).send(),
  limits: { frameBytes: 65_536 },
  keyGenerator: request => request.ip,
  heartbeat: { interval: 25_000 },
  resume: { window: 0, hold: false },
  probeTimeout: 2_000,
  bufferedBytes: 1,
  drain: { grace: 5_000, retryAfter: 2_000 }
}
export const records: WebrtcSignallingOptions = { apps: { one: {}, two: { limits: { rooms: 1 }, authorize: () => {} } } }
export const asyncApps: WebrtcSignallingOptions = { apps: async app => app === 'one' }
export const constant: WebrtcSignallingOptions = {
  apps: ['one', 'two'] as const,
  iceServers: [{ urls: ['stun:a.example', 'stun:b.example'] }] as const,
  allowedOrigins: ['https://app.example', /\.example$/] as const,
  turn: { urls: ['turn:turn.example', 'turns:turn.example'], secret: ['new', 'old'] } as const,
  preHandler: [async () => {}] as const
}
export const constants = { apps: { one: { allowedOrigins: ['self'] }, two: { iceServers: [{ urls: ['stun:a.example'] }] } } } as const satisfies WebrtcSignallingOptions
// @ts-expect-error for all applications together
export const bad0: WebrtcSignallingOptions = { apps: { one: { limits: { connections: 1 } } } }
// @ts-expect-error a number is no name
export const bad1: WebrtcSignallingOptions = { apps: [1] }
// @ts-expect-error a predicate answers with a boolean
export const bad2: WebrtcSignallingOptions = { apps: () => 'yes' }
// @ts-expect-error heartbeats are for all applications
export const bad3: AppOptions = { heartbeat: { interval: 1 } }
// @ts-expect-error to refuse is to throw
export const bad4: Authorize = () => false
// @ts-expect-error metadata is a field of the answer
export const bad5: Authorize = () => ({ name: 'ann' })
// @ts-expect-error a key is a string
export const bad6: WebrtcSignallingOptions = { keyGenerator: () => 1 }
// @ts-expect-error TURN needs a secret or credentials
export const bad7: TurnOptions = { urls: 'turn:turn.example' }
// @ts-expect-error but not both
export const bad8: TurnOptions = { urls: 'turn:turn.example', secret: 's', credentials: () => ({ username: 'u', credential: 'c' }) }
// @ts-expect-error credentials are a username and a credential
export const bad9: TurnOptions = { urls: 'turn:turn.example', credentials: () => ({ user: 'u' }) }
// @ts-expect-error origins are no numbers
export const bad10: WebrtcSignallingOptions = { allowedOrigins: [1] }

// fastify.rooms is there by declaration merging, and is the same for every FastifyInstance.
const rooms: RoomsApi = app.rooms
const under: RoomsApi = app.rooms.under('/calls')
export const list: Promise<RoomSnapshot[]> = rooms.list()
export const one: Promise<RoomSnapshot | undefined> = under.get('app', 'room')
export const peers: Promise<PeerSnapshot[]> = rooms.peers('app', 'room')
export const dump: Promise<RoomsDump> = rooms.dump()
export const drained: Promise<void> = rooms.drain()
export const told: Promise<boolean> = rooms.send('app', 'room', 'countdown', { minutes: 5 })
// @ts-expect-error what may be elsewhere is a promise
export const notYet: RoomSnapshot[] = rooms.list()
// @ts-expect-error there may be no such room
export const room: RoomSnapshot = await rooms.get('app', 'room')
// @ts-expect-error a message has a name
void rooms.send('app', 'room')
// @ts-expect-error the plugin sets it
app.rooms.under('/calls').prefix = '/other'
// @ts-expect-error no such method
app.rooms.kick('peer')

// Events bear their data by name.
rooms.on('joined', ({ app, room, peer, connection, peers }) => { const numbers: number = peers + `${app}${room}${peer}${connection}`.length; void numbers })
rooms.on('left', ({ reason }) => { const why: 'left' | 'lost' | 'removed' = reason; void why })
rooms.once('relayed', ({ command, bytes }) => { void [command.length, bytes.toFixed()] })
rooms.on('refused', ({ definition, room }) => { const known: ErrorDefinition = definition; void [ERRORS[known], room?.length] })
rooms.on('absent', ({ window }) => { void window.toFixed() }).on('resumed', ({ replayed }) => { void replayed.toFixed() })
const listener = (event: Place): void => { void event }
rooms.off('started', listener)
// @ts-expect-error no such event
rooms.on('entered', () => {})
// @ts-expect-error no such field
rooms.on('started', ({ reason }) => { void reason })
// @ts-expect-error there may be no room
rooms.on('refused', ({ room }) => { const name: string = room; void name })
export const names: Array<keyof RoomEvents> = ['joined', 'left', 'started', 'absent', 'resumed', 'relayed', 'refused', 'connected', 'disconnected', 'upgradeRefused']
// @ts-expect-error no such event
export const name: keyof RoomEvents = 'entered'

// The wire as types and as schemas.
export const join: Join = { command: 'join', streamId: 'room', token: null }
// @ts-expect-error a join names its room
export const badJoin: Join = { command: 'join' }
export const pattern: 'join' = JoinSchema.properties.command.const
// @ts-expect-error no such error
export const definition: ErrorDefinition = 'oops'
