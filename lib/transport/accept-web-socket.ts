import type { FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { CLOSE_CODES } from '../protocol/codes.js'
import { Connection } from './connection.js'
import type { ConnectionRegistry } from './connection-registry.js'
import { onCloseFrame, releaseResponse } from './internals.js'
import { SafeLog } from './safe-log.js'
import { boundSocket } from './upgrades/web-socket-server.js'

const connection = Symbol('connection')
interface Bound extends WebSocket {
  [connection]: Connection
}

// These functions are shared by all sockets, so that a connection needs no closures of its own.
function onMessage (this: WebSocket, data: Buffer, isBinary: boolean): void {
  (this as Bound)[connection].handleMessage(data, isBinary)
}
function onPing (this: WebSocket): void {
  (this as Bound)[connection].handlePing()
}
function onPong (this: WebSocket, data: Buffer): void {
  (this as Bound)[connection].handlePong(data)
}
function onGoodbye (this: WebSocket, code: number): void {
  (this as Bound)[connection].handleGoodbye(code)
}
function onClose (this: WebSocket, code: number): void {
  (this as Bound)[connection].handleClose(code)
}
// ws has sent the close frame with the right code. A socket that was refused right after its handshake has no connection.
function onError (this: WebSocket, error: Error): void {
  (this as Partial<Bound>)[connection]?.handleError(error)
}

/**
 * Makes the connection of a WebSocket whose handshake has succeeded. Closes it if the server drains or a limit has been reached since.
 *
 * @param key the key under which its address is counted
 */
export function acceptWebSocket (registry: ConnectionRegistry, socket: WebSocket, request: FastifyRequest, app: string, key: string): void {
  const group = registry.groupOf(app)
  boundSocket(socket, group.settings.limits.frameBytes)
  socket.removeAllListeners('error')
  socket.on('error', onError)
  // The limits were checked before the upgrade, in the same turn of the event loop unless a client is verified asynchronously in between.
  if (registry.rooms.draining || !registry.hasCapacity(app) || !group.take(key, registry.clock.now())) {
    const { code, meaning } = registry.rooms.draining ? CLOSE_CODES.goingAway : CLOSE_CODES.tryLater
    socket.close(code, meaning)
    new SafeLog(request.log, () => ({ app })).debug({ code }, 'a connection was closed as it opened')
    return
  }
  (socket as Bound)[connection] = new Connection(registry, group, socket, app, key, request)
  registry.add((socket as Bound)[connection])
  releaseResponse(request.raw.socket)
  // The listeners must be there in this turn: a client may send its first frames together with its handshake, as Android does.
  socket.on('message', onMessage)
  socket.on('ping', onPing)
  socket.on('pong', onPong)
  socket.on('close', onClose)
  onCloseFrame(socket, onGoodbye)
  const { [connection]: bound } = socket as Bound
  bound.log.debug({}, 'a connection is open')
  // This comes last, because a listener may drain the server.
  registry.rooms.events.connected(bound)
}
