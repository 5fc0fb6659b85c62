import { encode } from './codec.js'
import type { ErrorDefinition } from './codes.js'
import type { ErrorMessage, IceServerConfig, Joined, StopReason } from './server-messages.js'

// One builder for each frame that the server writes itself. Relayed messages need none: they are sent on as the bytes that came in.

/** Server to the joiner: the seat is yours. */
export function joined (notice: Omit<Joined, 'command' | 'definition'>): string {
  return encode({ command: 'notification', definition: 'joined', ...notice })
}

/**
 * Server to the peer that sat there first: somebody has come, make the offer. To one peer alone, or both would offer at once.
 * Always with `streamId`: Flutter takes the `start` of another room for its own.
 */
export function start (streamId: string): string {
  return encode({ command: 'start', streamId })
}

/**
 * Server to the peer that stays: the other one has gone for good. It is the only message at which Ant Media's clients close a peer
 * connection; without `streamId` they leave a frozen picture. To the one that goes it is sent in two cases: where the application
 * puts the peer out, and to Flutter, which hangs up its own call at nothing else.
 */
export function stop (streamId: string, reason: StopReason): string {
  return encode({ command: 'stop', streamId, reason })
}

/** Server to the peer that goes: your seat is given up. Never to the one that stays, whose call it would end. */
export function leaved (streamId: string, reason?: string): string {
  return encode({ command: 'notification', definition: 'leaved', streamId, ...(reason === undefined ? {} : { reason }) })
}

/** Server to the peer that sits there: somebody has joined. Existing clients hand it to the application, and do nothing themselves. */
export function peerJoined (streamId: string, peerId: string): string {
  return encode({ command: 'notification', definition: 'peerJoined', streamId, peerId })
}

/** Server to the peer that stays: the other one has gone. Existing clients hand it to the application, and act on `stop` alone. */
export function peerLeft (streamId: string, peerId: string, reason: StopReason): string {
  return encode({ command: 'notification', definition: 'peerLeft', streamId, peerId, reason })
}

/** Server to a peer: what the application sends by `fastify.rooms`, under a definition of its own. */
export function ofApplication (streamId: string, definition: string, data: unknown): string {
  return encode({ command: 'notification', definition, streamId, ...(data === undefined ? {} : { data }) })
}

const PONG = encode({ command: 'pong' })

/** Server to whoever sent `ping`. */
export function pong (): string {
  return PONG
}

/** Server to whoever sent `getIceServerConfig`, and once more after a join where only a seat gives a right to TURN. It has no `streamId`. */
export function iceServerConfig (config: IceServerConfig): string {
  return encode(config)
}

/** Server to every client: the server goes away, come back after `retryAfter` ms. A close with 1001 follows. */
export function serverWillStop (retryAfter: number): string {
  return encode({ command: 'notification', definition: 'server_will_stop', retryAfter })
}

/**
 * Server to whoever sent something that did not work. The connection stays open unless a close code follows. iOS shows an alert that
 * ends the call, so what a client may do without harm, such as to leave a room in which it has no seat, is no error.
 */
export function error (definition: ErrorDefinition, message: string, streamId?: string, retryAfter?: number): string {
  const notice: ErrorMessage = {
    command: 'error',
    definition,
    ...(streamId === undefined ? {} : { streamId }),
    message,
    ...(retryAfter === undefined ? {} : { retryAfter })
  }
  return encode(notice)
}
