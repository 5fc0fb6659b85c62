import './augment.js'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { WebrtcSignallingOptions } from './config/options.js'
import { joinCluster } from './cluster/join-cluster.js'
import { decorate } from './api/registrations.js'
import { resolveOptions } from './config/settings.js'
import { addAssets } from './transport/routes/assets.js'
import { drainOnClose } from './transport/drain-on-close.js'
import { ConnectionRegistry } from './transport/connection-registry.js'
import { SafeLog } from './transport/safe-log.js'
import { serveCluster } from './transport/serve-cluster.js'
import { addSignallingRoutes } from './transport/routes/signalling-routes.js'
import { watchForClashes } from './transport/routes/route-clashes.js'
import { addWebSocketServer } from './transport/upgrades/web-socket-server.js'

// The same from lib/ and from dist/, where this file and all that it imports are one: both lie directly in the package.
const DIST = new URL('../dist', import.meta.url)

/**
 * Turns a Fastify app into a signalling server for calls between browsers: WebSocket routes `/:app` and
 * `/:app/websocket`, `fastify.rooms`, and, unless `serveClient` is false, the SDK and `peer.html` below `/:app/`.
 *
 * @throws FST_WEBRTC_BAD_OPTION, FST_WEBRTC_ROUTE_CLASH, FST_WEBRTC_PREFIX_TAKEN at start-up
 */
async function webrtcSignalling (fastify: FastifyInstance, options: WebrtcSignallingOptions): Promise<void> {
  const settings = resolveOptions(options, fastify.initialConfig.pluginTimeout)
  const log = new SafeLog(fastify.log)
  const cluster = joinCluster(options, settings, fastify.prefix + settings.prefix, error => log.warn({ err: error }, 'Redis does not do what it should'))
  const registry = new ConnectionRegistry(settings, undefined, cluster)
  // Before anything can fail, so that our connections to Redis end with the app in any case.
  if (cluster !== undefined) serveCluster(fastify, cluster, registry)
  decorate(fastify, settings.decorator, fastify.prefix + settings.prefix, registry)

  // Before anybody is told to go, nobody else's preClose can have closed our sockets: they are in no one else's list.
  drainOnClose(fastify, registry)
  watchForClashes(fastify)

  await fastify.register(async scope => {
    await addWebSocketServer(scope, settings)
    const admission = addSignallingRoutes(scope, registry)
    if (settings.serveClient) await addAssets(scope, admission, settings, DIST)
  }, { prefix: settings.prefix })
}

export default fp(webrtcSignalling, { name: 'fastify-webrtc-signalling', fastify: '5.x' })
export { webrtcSignalling }
export type { AppOptions, AppsPredicate, Authorization, Authorize, AuthorizeContext, IceServerOption, KeyGenerator, Limits, TurnCredentialsFunction, TurnOptions, WebrtcSignallingOptions } from './config/options.js'
export type { OriginsOption } from './config/origins.js'
export type { DisconnectReason, Place, RoomEvents } from './events.js'
export { RoomsApi, type RoomsDump } from './api/rooms-api.js'
export type { PeerSnapshot, RoomSnapshot } from './api/room-snapshots.js'
export type { ServerSnapshot } from './rooms/other-servers.js'
export * from './protocol/client-messages.js'
export * from './protocol/server-messages.js'
export { CLOSE_CODES, ERRORS, type CloseReason, type ErrorDefinition } from './protocol/codes.js'
