import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { WebSocket } from 'ws'
import { RouteClashError, UpgradeRequiredError } from '../errors.js'
import { CLOSE_CODES } from '../protocol/codes.js'
import type { AppSettings } from '../settings.js'
import { Admission } from './admission.js'
import { Connection } from './connection.js'
import type { Hub } from './hub.js'
import { boundSocket } from './web-socket-server.js'

/** Marks our own routes for the search for clashes. */
export const OURS = Symbol('fastify-webrtc-signalling.route')
// Declared as what it is: other plugins add fields to a route's config, and then a symbol alone is no longer one.
export const OUR_CONFIG: FastifyContextConfig & Record<symbol, true> = { [OURS]: true }

const connection = Symbol('connection')
interface Bound extends WebSocket {
  [connection]: Connection
}

// Shared by all sockets: nothing is allocated for a connection, let alone for a message.
function onMessage (this: WebSocket, data: Buffer, isBinary: boolean): void {
  (this as Bound)[connection].receive(data, isBinary)
}
function onPing (this: WebSocket): void {
  (this as Bound)[connection].pinged()
}
function onPong (this: WebSocket, data: Buffer): void {
  (this as Bound)[connection].ponged(data)
}
function onClose (this: WebSocket, code: number): void {
  (this as Bound)[connection].ended(code)
}
// ws closes with the fitting code by itself. One that was refused right after its handshake has no connection.
function onError (this: WebSocket): void {
  (this as Partial<Bound>)[connection]?.broken()
}

/**
 * Adds the WebSocket routes: a pair for each application that is listed, or else one pair with a parameter. A parameter
 * would stand before a wildcard of the host at the same place, so it is there only where names are not known beforehand.
 */
export function addSignallingRoutes (scope: FastifyInstance, hub: Hub): Admission {
  const admission = new Admission(hub)
  const { listed, defaults } = hub.settings
  if (listed === null) addPair(scope, hub, admission, '/:app', defaults)
  else for (const [app, settings] of listed) addPair(scope, hub, admission, `/${app}`, settings, app)
  return admission
}

function addPair (scope: FastifyInstance, hub: Hub, admission: Admission, path: string, settings: AppSettings, name?: string): void {
  const appOf = (request: FastifyRequest): string => name ?? (request.params as { app: string }).app
  const common = {
    method: 'GET',
    exposeHeadRoute: false,
    config: OUR_CONFIG,
    onRequest: [
      (request: FastifyRequest, reply: FastifyReply) => admission.before(request, reply, appOf(request)),
      ...settings.onRequest
    ],
    preValidation: settings.preValidation,
    preHandler: [
      ...settings.preHandler,
      (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
        try {
          admission.last(request, reply, appOf(request))
          done()
        } catch (error) {
          done(error as Error)
        }
      }
    ],
    wsHandler: (socket: WebSocket, request: FastifyRequest) => accept(hub, admission, socket, request, appOf(request))
  } satisfies Partial<RouteOptions> & object
  addRoute(scope, { ...common, url: path, handler: (request, reply) => answerPlain(hub, request, reply, `${appOf(request)}/peer.html`) })
  addRoute(scope, { ...common, url: `${path}/websocket`, handler: (request, reply) => answerPlain(hub, request, reply, 'peer.html') })
}

/** Adds a route; one of the host that stands in its way is named. */
export function addRoute (scope: FastifyInstance, route: RouteOptions): void {
  try {
    scope.route(route)
  } catch (error) {
    if ((error as { code?: string }).code !== 'FST_ERR_DUPLICATED_ROUTE') throw error
    const ours = scope.prefix + route.url
    throw new RouteClashError(patternOf(scope, ours), ours)
  }
}

/** The pattern under which the host has declared our route: the same, but for the names of its parameters. */
function patternOf (scope: FastifyInstance, ours: string): string {
  const found = scope.findRoute({ method: 'GET', url: ours })
  const names = Object.keys((found as { params?: Record<string, string> } | null)?.params ?? {})
  return ours.replace(/:[^/]+/g, own => names.length > 0 ? `:${names.shift()}` : own)
}

function answerPlain (hub: Hub, request: FastifyRequest, reply: FastifyReply, page: string): FastifyReply {
  // A person who opens the address in a browser wants the page. Relative, so that a proxy may have cut a prefix off.
  if (hub.settings.serveClient && request.headers.accept?.includes('text/html') === true) {
    const query = request.url.indexOf('?')
    return reply.redirect(page + (query === -1 ? '' : request.url.slice(query)), 302)
  }
  reply.header('upgrade', 'websocket').header('connection', 'upgrade')
  throw new UpgradeRequiredError()
}

function accept (hub: Hub, admission: Admission, socket: WebSocket, request: FastifyRequest, app: string): void {
  const settings = hub.settingsOf(app)
  boundSocket(socket, settings.limits.frameBytes, request.server.websocketServer)
  socket.removeAllListeners('error')
  socket.on('error', onError)
  const key = admission.key(request)
  // Between the hooks and here nobody else had a turn, unless the host's WebSocket server verifies clients by itself.
  if (hub.rooms.draining || !hub.hasRoom(app) || !hub.takes(settings, key)) {
    const { code, meaning } = hub.rooms.draining ? CLOSE_CODES.goingAway : CLOSE_CODES.tryLater
    socket.close(code, meaning)
    return
  }
  (socket as Bound)[connection] = new Connection(hub, socket, app, settings, key, request)
  hub.add((socket as Bound)[connection])
  // At once: a client may have sent its first frames with the handshake.
  socket.on('message', onMessage)
  socket.on('ping', onPing)
  socket.on('pong', onPong)
  socket.on('close', onClose)
}
