import type { EventEmitter } from 'node:events'
import type { WebSocket } from 'ws'

/** What ws keeps to itself: its reader, which tells of a close frame when it comes. */
interface Internals {
  _receiver?: EventEmitter
}

/**
 * Tells of the other end's close frame when it comes. The `close` event of ws comes with the end of TCP alone, which a client
 * on a bad line may owe for half a minute. Where ws has no such reader any more, `close` still tells, later.
 */
export function onGoodbye (socket: WebSocket, listener: (code: number) => void): void {
  (socket as WebSocket & Internals)._receiver?.on('conclude', listener)
}
