import websocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'

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

/** One for each server, and the same one for all registrations on it. */
function onUpgrade (_request: IncomingMessage, socket: Duplex): void {
  // By then every listener has had its turn, and the one that routes has tied its response to the socket.
  process.nextTick(() => {
    const { _httpMessage: response } = socket as { _httpMessage?: ServerResponse | null }
    if (response == null) return
    if (response.writableFinished) socket.end(() => socket.destroy())
    else response.once('finish', () => socket.end(() => socket.destroy()))
  })
}

/**
 * Ends the socket of an upgrade that was answered by an HTTP response. Node has let go of it (no timeout, and
 * `server.close()` waits for it), and `@fastify/websocket` ends it only on routes of its own scope: whoever asked any
 * other address for an upgrade could keep as many as it liked.
 */
function endRefused (scope: FastifyInstance): void {
  if (scope.server.listeners('upgrade').includes(onUpgrade)) return
  scope.server.on('upgrade', onUpgrade)
  // With any listener left, Node would hand over upgrades that nobody answers.
  scope.addHook('preClose', async () => { scope.server.removeListener('upgrade', onUpgrade) })
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
