import websocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import type { WebSocket, WebSocketServer } from 'ws'
import { endRefused } from './upgrade-sockets.js'

/** A frame may come in this many pieces; browsers and native clients send one, or a few. */
const MOST_FRAGMENTS = 256

/** Above the limit for frames there is a margin in which a frame is answered by an error before the connection is closed. */
const MARGIN = 2

/**
 * Makes sure that there is a WebSocket server. The host's is used where there is one; else ours is registered in our own
 * scope, where it gives way to one that the host registers afterwards: two would each route every upgrade.
 */
export async function ensureWebSocketServer (scope: FastifyInstance, frameBytes: number): Promise<void> {
  endRefused(scope)
  if (scope.hasDecorator('websocketServer')) return
  const before = new Set(scope.server.listeners('upgrade'))
  await scope.register(websocket, {
    // Ours close with the code that fits, and say nothing at error level of a client that broke off.
    errorHandler: (error, socket, request) => {
      request.log.debug({ err: error }, 'a WebSocket failed')
      socket.terminate()
    },
    options: { maxPayload: frameBytes * MARGIN, maxFragments: MOST_FRAGMENTS, perMessageDeflate: false }
  })
  const own = scope.server.listeners('upgrade').filter(listener => !before.has(listener))
  scope.addHook('onReady', async () => {
    for (const listener of own) {
      const again = scope.server.listeners('upgrade').some(other => other !== listener && String(other) === String(listener))
      if (again) scope.server.removeListener('upgrade', listener as (...args: unknown[]) => void)
    }
  })
}

/** What ws keeps to itself and a server that is not ours may have set too high. */
interface Internals {
  _receiver?: { _maxPayload?: number, _maxFragments?: number }
  _extensions?: Record<string, { _maxPayload?: number }>
}

/**
 * Holds one socket to our limits, whatever the server that accepted it allows, and takes it out of that server's hands:
 * the `preClose` of `@fastify/websocket` would close it with no code before the client has been told.
 */
export function boundSocket (socket: WebSocket, frameBytes: number, server: WebSocketServer | undefined): void {
  server?.clients.delete(socket)
  const { _receiver: receiver, _extensions: extensions } = socket as Internals
  // Without this the limit still holds, frame by frame, but only once a frame has been read as a whole.
  if (receiver !== undefined) {
    receiver._maxPayload = frameBytes * MARGIN
    receiver._maxFragments = MOST_FRAGMENTS
  }
  for (const extension of Object.values(extensions ?? {})) extension._maxPayload = frameBytes * MARGIN
}
