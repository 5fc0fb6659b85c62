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
function onGoodbye (this: WebSocket, code: number): void {
  (this as Bound)[connection].handleGoodbye(code)
}
function onClose (this: WebSocket, code: number): void {
  (this as Bound)[connection].handleClose(code)
}
// ws closes with the fitting code by itself. One that was refused right after its handshake has no connection.
function onError (this: WebSocket, error: Error): void {
  (this as Partial<Bound>)[connection]?.handleError(error)
}

/**
 * Makes a connection of a WebSocket whose handshake is over, or closes it where there is no place for it any more.
 *
 * @param key under which its address is counted
 */
export function acceptWebSocket (registry: ConnectionRegistry, socket: WebSocket, request: FastifyRequest, app: string, key: string): void {
  const group = registry.groupOf(app)
  boundSocket(socket, group.settings.limits.frameBytes)
  socket.removeAllListeners('error')
  socket.on('error', onError)
  // Between the hooks and here nobody else had a turn, unless the host's WebSocket server verifies clients by itself.
  if (registry.rooms.draining || !registry.hasCapacity(app) || !group.take(key, registry.clock.now())) {
    const { code, meaning } = registry.rooms.draining ? CLOSE_CODES.goingAway : CLOSE_CODES.tryLater
    socket.close(code, meaning)
    new SafeLog(request.log, () => ({ app })).debug({ code }, 'a connection was closed as it opened')
    return
  }
  (socket as Bound)[connection] = new Connection(registry, group, socket, app, key, request)
  registry.add((socket as Bound)[connection])
  releaseResponse(request.raw.socket)
  // At once: a client may have sent its first frames with the handshake.
  socket.on('message', onMessage)
  socket.on('ping', onPing)
  socket.on('pong', onPong)
  socket.on('close', onClose)
  onCloseFrame(socket, onGoodbye)
  const { [connection]: bound } = socket as Bound
  bound.log.debug({}, 'a connection is open')
  // Last, since a listener may drain the server on the spot.
  registry.rooms.events.connected(bound)
}
