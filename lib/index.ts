import './augment.js'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { NoSuchPrefixError, PrefixParameterError, PrefixTakenError } from './errors.js'
import type { WebrtcSignallingOptions } from './config/options.js'
import { RoomsApi } from './api/rooms-api.js'
import { resolveOptions, type Settings } from './config/settings.js'
import { addAssets } from './transport/assets.js'
import { drainOnClose } from './transport/closing.js'
import { ConnectionRegistry } from './transport/connection-registry.js'
import { addSignallingRoutes } from './transport/route.js'
import { addOwnDecorator } from './transport/own-decorator.js'
import { watchForClashes } from './transport/route-clashes.js'
import { addWebSocketServer } from './transport/web-socket-server.js'

/** The registrations in one scope, by whole prefix. On the instance, so that two servers in one process share nothing. */
const registrations = Symbol('fastify-webrtc-signalling.registrations')
interface Scope extends FastifyInstance {
  [registrations]?: Map<string, RoomsApi>
}

/**
 * Turns a Fastify app into a signalling server for calls between browsers: WebSocket routes `/:app` and
 * `/:app/websocket`, `fastify.rooms`, and, unless `serveClient` is false, the SDK and `peer.html` below `/:app/`.
 *
 * @throws FST_WEBRTC_BAD_OPTION, FST_WEBRTC_ROUTE_CLASH, FST_WEBRTC_PREFIX_TAKEN at start-up
 */
async function webrtcSignalling (fastify: FastifyInstance, options: WebrtcSignallingOptions): Promise<void> {
  const settings = resolveOptions(options)
  const prefix = fastify.prefix + settings.prefix
  // Whatever stands for the parameter would share the rooms of all others.
  if (/[:*]/.test(prefix)) throw new PrefixParameterError(prefix)
  const registry = new ConnectionRegistry(settings, ownLog(fastify, settings))
  decorate(fastify, settings.decorator, prefix, registry)

  // Before anybody is told to go, nobody else's preClose can have closed our sockets: they are in no one else's list.
  drainOnClose(fastify, registry)
  watchForClashes(fastify)

  await fastify.register(async scope => {
    await addWebSocketServer(scope, largestFrame(settings))
    const admission = addSignallingRoutes(scope, registry)
    if (settings.serveClient) await addAssets(scope, admission, settings)
  }, { prefix: settings.prefix })
}

function decorate (fastify: Scope, name: string, prefix: string, registry: ConnectionRegistry): void {
  const known = fastify[registrations]
  if (known?.has(prefix) === true) throw new PrefixTakenError(prefix)
  // A child scope sees what its parents registered, but they do not see the child's.
  const own = Object.hasOwn(fastify, registrations) && known !== undefined ? known : new Map(known)
  const api = new RoomsApi(registry.rooms, {
    prefix,
    connections: () => registry.connections,
    drain: () => registry.drain(),
    under: wanted => {
      const found = own.get(wanted)
      if (found === undefined) throw new NoSuchPrefixError(wanted, [...own.keys()].map(key => `'${key}'`).join(', '))
      return found
    }
  })
  // Another name for the same scope: `fastify.rooms` is that of the first registration, this one that of its own.
  const isOurs = Object.hasOwn(fastify, name) && [...own.values()].includes((fastify as unknown as Record<string, RoomsApi>)[name] as RoomsApi)
  if (!isOurs) addOwnDecorator(fastify, name, api)
  if (!Object.hasOwn(fastify, registrations)) fastify.decorate(registrations, own)
  own.set(prefix, api)
}

/** The host's log at the level, and with the serializers, that the options say. */
function ownLog ({ log }: FastifyInstance, { logLevel, logSerializers }: Settings): FastifyBaseLogger {
  if (logLevel === undefined && logSerializers === undefined) return log
  return log.child({}, {
    ...(logLevel === undefined ? {} : { level: logLevel }),
    ...(logSerializers === undefined ? {} : { serializers: logSerializers })
  })
}

function largestFrame (settings: ReturnType<typeof resolveOptions>): number {
  return Math.max(settings.defaults.limits.frameBytes, ...[...settings.listed?.values() ?? []].map(app => app.limits.frameBytes))
}

export default fp(webrtcSignalling, { name: 'fastify-webrtc-signalling', fastify: '5.x' })
export { webrtcSignalling }
export type { AppOptions, AppsPredicate, Authorization, Authorize, AuthorizeContext, IceServerOption, KeyGenerator, Limits, TurnCredentialsFunction, TurnOptions, WebrtcSignallingOptions } from './config/options.js'
export type { OriginsOption } from './config/origins.js'
export type { Place, RoomEvents } from './events.js'
export { RoomsApi, type PeerSnapshot, type RoomsDump, type RoomSnapshot } from './api/rooms-api.js'
export * from './protocol/client-messages.js'
export * from './protocol/server-messages.js'
export { CLOSE_CODES, ERRORS, type CloseReason, type ErrorDefinition } from './protocol/codes.js'
