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

/** A frame may come in this many pieces; browsers and native clients send one, or a few. */
const MAX_FRAGMENTS = 256

/** Above the limit for frames there is a margin in which a frame is answered by an error before the connection is closed. */
const MARGIN = 2

/** The route constraint that says whether a request is an upgrade which was taken for us. */
export const UPGRADE_CONSTRAINT = 'fastifyWebrtcSignallingUpgrade'

/**
 * Registers a WebSocket server of our own in our own scope, whatever the host has. Its options are ours, it sees the upgrades of
 * our routes alone, and a host that registers `@fastify/websocket`, of any version, before or after us, has a server of its own.
 */
export async function addWebSocketServer (scope: FastifyInstance, settings: Settings): Promise<void> {
  const upgrades = Upgrades.of(scope.server)
  const { routes, emitter } = upgrades.take(scope)
  scope.addHook('onRoute', ({ url, constraints }) => routes.add(url, constraints?.[UPGRADE_CONSTRAINT] === true, constraints ?? {}))
  if (!scope.hasConstraintStrategy(UPGRADE_CONSTRAINT)) scope.addConstraintStrategy(upgradeConstraint(upgrades))
  // The same function as the package's, but in a scope where a host's copy may have decorated the request already.
  await scope.register(fp(async instance => {
    await new Promise<void>((resolve, reject) => {
      websocket(tolerant(instance), {
        // Ours close with the code that fits, and say nothing at error level of a client that broke off.
        errorHandler: (error, socket, request) => {
          new SafeLog(request.log, () => ({ app: appOf(request) })).debug({ err: error }, 'a WebSocket failed')
          socket.terminate()
        },
        // Its own would close each client with no code, before it has been told.
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

/** The largest frame that any application takes, bytes. */
function largestFrame ({ defaults, listed }: Settings): number {
  return Math.max(defaults.limits.frameBytes, ...[...listed?.values() ?? []].map(app => app.limits.frameBytes))
}

/** A request decorator of a parent cannot be declared again (`FST_ERR_DEC_ALREADY_PRESENT`); `ws` means the same in all versions. */
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

/** Holds one socket to the limit of its application, where that is lower than that of the server. */
export function boundSocket (socket: WebSocket, frameBytes: number): void {
  setMaxPayload(socket, frameBytes * MARGIN)
}
