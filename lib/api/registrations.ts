import type { FastifyInstance } from 'fastify'
import { NoSuchPrefixError, PrefixParameterError, PrefixTakenError } from '../errors.js'
import type { OtherServers } from '../rooms/other-servers.js'
import type { RoomRegistry } from '../rooms/room-registry.js'
import { addOwnDecorator } from './own-decorator.js'
import { RoomsApi } from './rooms-api.js'

/** The server behind one registration of the plugin. */
export interface RegisteredServer {
  /** The servers that share its rooms; undefined where there are none. */
  readonly others?: OtherServers | undefined
  readonly rooms: RoomRegistry
  /** How many connections are open. */
  readonly connections: number
  drain (): Promise<void>
}

/** The registrations in one scope, by whole prefix. They are on the instance, so that two servers in one process share nothing. */
const registrations = Symbol('fastify-webrtc-signalling.registrations')
interface Scope extends FastifyInstance {
  [registrations]?: Map<string, RoomsApi>
}

/**
 * Decorates a scope with `fastify.rooms`, under whatever name. Of several registrations in one scope the first is decorated, and knows
 * the others by their prefix.
 *
 * @param prefix the whole prefix of the registration
 * @throws FST_WEBRTC_PREFIX_PARAMETER, FST_WEBRTC_PREFIX_TAKEN, FST_WEBRTC_DECORATOR_TAKEN
 */
export function decorate (fastify: Scope, name: string, prefix: string, server: RegisteredServer): void {
  // Whatever stands for the parameter would share the rooms of all others.
  if (/[:*]/.test(prefix)) throw new PrefixParameterError(prefix)
  const known = fastify[registrations]
  if (known?.has(prefix) === true) throw new PrefixTakenError(prefix)
  // A child scope sees what its parents registered, but they do not see the child's.
  const own = Object.hasOwn(fastify, registrations) && known !== undefined ? known : new Map(known)
  const api = new RoomsApi(server.rooms, {
    prefix,
    connections: () => server.connections,
    drain: () => server.drain(),
    others: server.others,
    under: wanted => find(own, wanted)
  })
  // Another name for the same scope: `fastify.rooms` is that of the first registration, this one that of its own.
  const isOurs = Object.hasOwn(fastify, name) && [...own.values()].includes((fastify as unknown as Record<string, RoomsApi>)[name] as RoomsApi)
  if (!isOurs) addOwnDecorator(fastify, name, api)
  if (!Object.hasOwn(fastify, registrations)) fastify.decorate(registrations, own)
  own.set(prefix, api)
}

function find (registered: Map<string, RoomsApi>, prefix: string): RoomsApi {
  const found = registered.get(prefix)
  if (found === undefined) throw new NoSuchPrefixError(prefix, [...registered.keys()].map(key => `'${key}'`).join(', '))
  return found
}
