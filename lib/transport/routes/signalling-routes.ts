import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { WebSocket } from 'ws'
import type { AppSettings } from '../../config/settings.js'
import { UpgradeRequiredError } from '../../errors.js'
import { acceptWebSocket } from '../accept-web-socket.js'
import type { ConnectionRegistry } from '../connection-registry.js'
import { SafeLog } from '../safe-log.js'
import { UPGRADE_CONSTRAINT } from '../upgrades/web-socket-server.js'
import { Admission } from './admission.js'
import { addRoute } from './own-route.js'
import { appOf } from './route-app.js'

/**
 * Adds the WebSocket routes: a pair for each listed application, or one pair with a parameter. Only upgrades reach them. A plain request is answered
 * too if the application is listed and the host has no route there. Otherwise it is the host's.
 */
export function addSignallingRoutes (scope: FastifyInstance, registry: ConnectionRegistry): Admission {
  const admission = new Admission(registry)
  const { listed, defaults } = registry.settings
  if (listed === null) addPair(scope, registry, admission, '/:app', defaults)
  else for (const [app, settings] of listed) addPair(scope, registry, admission, `/${app}`, settings, app)
  return admission
}

function addPair (scope: FastifyInstance, registry: ConnectionRegistry, admission: Admission, path: string, settings: AppSettings, name?: string): void {
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
      ...reportRefusals(registry),
      wsHandler: (socket: WebSocket, request: FastifyRequest) => acceptWebSocket(registry, socket, request, appOf(request), admission.key(request))
    }, name)
    if (name !== undefined && !scope.hasRoute({ method: 'GET', url: scope.prefix + url })) addRoute(scope, registry.settings, { ...common, url, handler }, name, 'makesWay')
  }
}

/** Makes the hooks that record `upgradeRefused` for each handshake that gets an HTTP error, from the plugin or from a hook of the host. */
function reportRefusals ({ rooms }: ConnectionRegistry): Pick<RouteOptions, 'onError' | 'onResponse'> {
  const codes = new WeakMap<FastifyRequest, string>()
  return {
    onError: (request, _reply, { code }, done) => {
      if (typeof code === 'string') codes.set(request, code)
      done()
    },
    onResponse: (request, reply, done) => {
      const app = appOf(request)
      if (reply.statusCode >= 300) rooms.events.upgradeRefused({ log: new SafeLog(request.log, () => ({ app })) }, app, reply.statusCode, codes.get(request))
      done()
    }
  }
}

function answerPlain (registry: ConnectionRegistry, request: FastifyRequest, reply: FastifyReply, isBelow: boolean): FastifyReply {
  // A person has opened the address in a browser, and is sent to the page.
  if (registry.settings.serveClient && request.headers.accept?.includes('text/html') === true) return reply.redirect(pageFrom(request.url, isBelow), 302)
  // In HTTP/2, connection-specific fields make a response malformed (RFC 9113, section 8.2.2).
  if (request.raw.httpVersionMajor === 1) reply.header('upgrade', 'websocket').header('connection', 'upgrade')
  throw new UpgradeRequiredError()
}

/** The address of the page, relative to `/:app` or to `/:app/websocket`. A proxy may have removed a prefix from the request's address. */
function pageFrom (url: string, isBelow: boolean): string {
  const [, last = '', slashes = '', query = ''] = /([^/?]*)(\/*)(\?.*)?$/.exec(url) ?? []
  const up = slashes.length - (isBelow ? 0 : 1)
  return `${up < 0 ? `${last}/` : '../'.repeat(up)}peer.html${query}`
}
