import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, FastifySchema, RouteOptions } from 'fastify'
import type { WebSocket } from 'ws'
import { RouteClashError, UpgradeRequiredError } from '../../errors.js'
import { CLOSE_CODES } from '../../protocol/codes.js'
import type { AppSettings, Settings } from '../../config/settings.js'
import { Admission } from './admission.js'
import { Connection } from '../connection.js'
import { onCloseFrame } from '../internals.js'
import type { ConnectionRegistry } from '../connection-registry.js'
import { ownConfig, type Standing } from './route-clashes.js'
import { SafeLog } from '../safe-log.js'
import { boundSocket, UPGRADE_CONSTRAINT } from '../upgrades/web-socket-server.js'

const connection = Symbol('connection')
interface Bound extends WebSocket {
  [connection]: Connection
}

// Shared by all sockets: nothing is allocated for a connection, let alone for a message.
function onMessage (this: WebSocket, data: Buffer, isBinary: boolean): void {
  (this as Bound)[connection].handleMessage(data, isBinary)
}
function onPing (this: WebSocket): void {
  (this as Bound)[connection].handlePing()
}
function onPong (this: WebSocket, data: Buffer): void {
  (this as Bound)[connection].handlePong(data)
}
function onClose (this: WebSocket, code: number): void {
  (this as Bound)[connection].handleClose(code)
}
// ws closes with the fitting code by itself. One that was refused right after its handshake has no connection.
function onError (this: WebSocket): void {
  (this as Partial<Bound>)[connection]?.handleError()
}

/**
 * Adds the WebSocket routes: a pair for each application that is listed, or else one pair with a parameter. Only an upgrade reaches
 * them. A plain request is answered where the application is listed and the host has no route of its own there; else it is the host's.
 */
export function addSignallingRoutes (scope: FastifyInstance, registry: ConnectionRegistry): Admission {
  const admission = new Admission(registry)
  const { listed, defaults } = registry.settings
  if (listed === null) addPair(scope, registry, admission, '/:app', defaults)
  else for (const [app, settings] of listed) addPair(scope, registry, admission, `/${app}`, settings, app)
  return admission
}

function addPair (scope: FastifyInstance, registry: ConnectionRegistry, admission: Admission, path: string, settings: AppSettings, name?: string): void {
  const appOf = (request: FastifyRequest): string => name ?? (request.params as { app: string }).app
  const common = {
    method: 'GET',
    exposeHeadRoute: false,
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
  } satisfies Partial<RouteOptions> & object
  for (const below of ['', '/websocket']) {
    const url = path + below
    const handler = (request: FastifyRequest, reply: FastifyReply): FastifyReply => answerPlain(registry, request, reply, below !== '')
    addRoute(scope, registry.settings, {
      ...common,
      url,
      handler,
      constraints: { [UPGRADE_CONSTRAINT]: true },
      wsHandler: (socket: WebSocket, request: FastifyRequest) => accept(registry, admission, socket, request, appOf(request))
    })
    if (name !== undefined && !scope.hasRoute({ method: 'GET', url: scope.prefix + url })) addRoute(scope, registry.settings, { ...common, url, handler }, 'makesWay')
  }
}

/** Adds a route; one of the host that stands in its way is named. */
export function addRoute (
  scope: FastifyInstance, { logLevel, logSerializers }: Pick<Settings, 'logLevel' | 'logSerializers'>, route: RouteOptions, standing: Standing = 'stands'
): void {
  try {
    scope.route({
      ...route,
      config: ownConfig(standing),
      errorHandler: answerRefusal,
      // A host's `onRoute` hook may add to these lists, and must add to one route alone.
      onRequest: [route.onRequest ?? []].flat(),
      preValidation: [route.preValidation ?? []].flat(),
      preHandler: [route.preHandler ?? []].flat(),
      // None of a host's documentation of its own API.
      schema: { hide: true } as FastifySchema,
      ...(logLevel === undefined ? {} : { logLevel }),
      ...(logSerializers === undefined ? {} : { logSerializers })
    })
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

/** Answers what we refuse, with one line in the log: a stranger must not be able to fill it. All other errors are the host's. */
function answerRefusal (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const { code, message, statusCode = 500 } = error
  if (!code?.startsWith('FST_WEBRTC_')) throw error
  new SafeLog(request.log).debug({ code, statusCode }, message)
  reply.code(statusCode).send({ statusCode, code, error: STATUS_CODES[statusCode], message })
}

function answerPlain (registry: ConnectionRegistry, request: FastifyRequest, reply: FastifyReply, isBelow: boolean): FastifyReply {
  // A person who opens the address in a browser wants the page.
  if (registry.settings.serveClient && request.headers.accept?.includes('text/html') === true) return reply.redirect(pageFrom(request.url, isBelow), 302)
  // Connection-specific fields make a response of HTTP/2 malformed (RFC 9113, section 8.2.2).
  if (request.raw.httpVersionMajor === 1) reply.header('upgrade', 'websocket').header('connection', 'upgrade')
  throw new UpgradeRequiredError()
}

/** Where the page is, seen from `/:app` or from `/:app/websocket` below it. Relative, so that a proxy may have cut a prefix off. */
function pageFrom (url: string, isBelow: boolean): string {
  const [, last = '', slashes = '', query = ''] = /([^/?]*)(\/*)(\?.*)?$/.exec(url) ?? []
  const up = slashes.length - (isBelow ? 0 : 1)
  return `${up < 0 ? `${last}/` : '../'.repeat(up)}peer.html${query}`
}

function accept (registry: ConnectionRegistry, admission: Admission, socket: WebSocket, request: FastifyRequest, app: string): void {
  const group = registry.groupOf(app)
  boundSocket(socket, group.settings.limits.frameBytes)
  socket.removeAllListeners('error')
  socket.on('error', onError)
  const key = admission.key(request)
  // Between the hooks and here nobody else had a turn, unless the host's WebSocket server verifies clients by itself.
  if (registry.rooms.draining || !registry.hasCapacity(app) || !group.take(key, registry.clock.now())) {
    const { code, meaning } = registry.rooms.draining ? CLOSE_CODES.goingAway : CLOSE_CODES.tryLater
    socket.close(code, meaning)
    return
  }
  (socket as Bound)[connection] = new Connection(registry, group, socket, app, key, request)
  registry.add((socket as Bound)[connection])
  // At once: a client may have sent its first frames with the handshake.
  socket.on('message', onMessage)
  socket.on('ping', onPing)
  socket.on('pong', onPong)
  socket.on('close', onClose)
  const { [connection]: bound } = socket as Bound
  onCloseFrame(socket, code => bound.handleGoodbye(code))
}
