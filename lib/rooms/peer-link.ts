import type { CloseReason } from '../protocol/codes.js'
import type { ToldLimits } from '../protocol/server-messages.js'
import type { Seat } from './seat.js'

/** A text frame: written by the server, or the bytes of a relayed one as they came in. */
export type Frame = string | Buffer

/** What a seat needs of the connection it is reached through. A seat without one is absent. */
export interface Link {
  /** What its address is counted as. */
  readonly key: string
  /** What its client may send, where the client is to know. */
  readonly limits?: ToldLimits | undefined
  /** Sends one text frame. Never throws; a link that is gone or drowning ends by itself later. */
  send (frame: Frame): void
  /**
   * Asks the other end for a sign of life, and calls back exactly once with whether it came in time.
   * Never calls back before it returns.
   */
  probe (answer: (alive: boolean) => void): void
  /** Ends the link by a WebSocket close. The caller has already taken its seats away. */
  close (reason: CloseReason): void
  /** Cuts the link without a word. The caller has already taken its seats away. */
  terminate (): void
  /** A seat was given to this link. */
  seated (seat: Seat): void
  /** A seat was taken from this link: it left, was put out, or was resumed elsewhere. */
  unseated (seat: Seat): void
}
