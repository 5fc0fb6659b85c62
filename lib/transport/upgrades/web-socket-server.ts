import websocket from '@fastify/websocket'
import fp from 'fastify-plugin'
import type { FastifyInstance } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { WebSocket } from 'ws'
import type { Settings } from '../../config/settings.js'
import { setMaxPayload } from '../internals.js'
import { appOf } from '../routes/route-app.js'
import { SafeLog } from '../safe-log.js'
import { Upgrades } from './upgrades.js'

/** The most fragments of one message (RFC 6455, section 5.4). Browsers and native clients send one, or a few. */
const MAX_FRAGMENTS = 256

/** The factor between the limit for frames and that of ws. A frame between the two gets an error before the connection is closed. */
const MARGIN = 2

/** The name of the route constraint: whether a request is an upgrade that was taken for the plugin. */
export const UPGRADE_CONSTRAINT = 'fastifyWebrtcSignallingUpgrade'

/**
 * Registers a WebSocket server in the plugin's own scope. It has its own options and only sees the upgrades of the plugin's routes. A host that
 * registers `@fastify/websocket`, in any version, before or after the plugin, has a server of its own.
 */
export async function addWebSocketServer (scope: FastifyInstance, settings: Settings): Promise<void> {
  const upgrades = Upgrades.of(scope.server)
  const { routes, emitter } = upgrades.take(scope)
  scope.addHook('onRoute', ({ url, constraints }) => routes.add(url, constraints?.[UPGRADE_CONSTRAINT] === true, constraints ?? {}))
  if (!scope.hasConstraintStrategy(UPGRADE_CONSTRAINT)) scope.addConstraintStrategy(upgradeConstraint(upgrades))
  // This calls the package's own function, in a scope where a copy of the host may have decorated the request already.
  await scope.register(fp(async instance => {
    await new Promise<void>((resolve, reject) => {
      websocket(tolerant(instance), {
        // The default one logs at `error`, even if a client has only broken off. ws has closed the socket with the right code by then.
        errorHandler: (error, socket, request) => {
          new SafeLog(request.log, () => ({ app: appOf(request) })).debug({ err: error }, 'a WebSocket failed')
          socket.terminate()
        },
        // The default one would close each client without a code, before the plugin has told it to come back.
        preClose: done => done(),
        options: {
          server: emitter as never,
          clientTracking: false,
          maxPayload: largestFrame(settings) * MARGIN,
          maxFragments: MAX_FRAGMENTS,
          perMessageDeflate: false
        }
      }, error => error === undefined || error === null ? resolve() : reject(error))
    })
  }))
}

/** The largest frame that any application takes, in bytes. */
function largestFrame ({ defaults, listed }: Settings): number {
  return Math.max(defaults.limits.frameBytes, ...[...listed?.values() ?? []].map(app => app.limits.frameBytes))
}

/** Makes a scope in which `ws` may be declared again; Fastify throws FST_ERR_DEC_ALREADY_PRESENT. It means the same in all versions of the package. */
function tolerant (scope: FastifyInstance): FastifyInstance {
  if (!scope.hasRequestDecorator('ws')) return scope
  return new Proxy(scope, {
    get (target, name) {
      if (name === 'decorateRequest') return () => target
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    }
  })
}

function upgradeConstraint (upgrades: Upgrades): Parameters<FastifyInstance['addConstraintStrategy']>[0] {
  return {
    name: UPGRADE_CONSTRAINT,
    storage () {
      const handlers = new Map<unknown, never>()
      return {
        get: value => handlers.get(value) ?? null,
        set: (value, handler) => { handlers.set(value, handler as never) },
        del: value => { handlers.delete(value) },
        empty: () => handlers.clear()
      }
    },
    validate () {},
    deriveConstraint: request => upgrades.isTaken(request as unknown as IncomingMessage)
  } as Parameters<FastifyInstance['addConstraintStrategy']>[0]
}

/** Sets the limit of one socket to that of its application, which may be lower than the server's. */
export function boundSocket (socket: WebSocket, frameBytes: number): void {
  setMaxPayload(socket, frameBytes * MARGIN)
}
