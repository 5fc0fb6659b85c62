import type { FastifyInstance } from 'fastify'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** The sockets that asked a server for an upgrade and are still there. By server, so that two in one process share nothing. */
const sockets = new WeakMap<Server, Set<Duplex>>()

/** One for each server, and the same one for all registrations on it. */
function onUpgrade (this: Server, _request: IncomingMessage, socket: Duplex): void {
  const open = sockets.get(this)
  open?.add(socket)
  socket.once('close', () => open?.delete(socket))
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
export function endRefused (scope: FastifyInstance): void {
  if (scope.server.listeners('upgrade').includes(onUpgrade)) return
  if (!sockets.has(scope.server)) sockets.set(scope.server, new Set())
  scope.server.on('upgrade', onUpgrade)
  // With any listener left, Node would hand over upgrades that nobody answers.
  scope.addHook('preClose', async () => { scope.server.removeListener('upgrade', onUpgrade) })
}

/**
 * Bounds what is not in our hands when the server closes. A request that never ends, or a handshake that a hook never
 * answers, would keep the HTTP server from closing for good: from its close on Node no longer looks after its timeouts.
 *
 * @param grace what is still open after this many ms is cut off
 */
export function cutOff (server: Server, grace: number): void {
  if (!server.listening) return
  const cut = setTimeout(() => {
    server.closeAllConnections?.()
    for (const socket of sockets.get(server) ?? []) socket.destroy()
  }, grace).unref()
  server.once('close', () => clearTimeout(cut))
}
