import type { CloseReason } from '../protocol/codes.js'
import type { ToldLimits } from '../protocol/server-messages.js'

/** A text frame: written by the server, or the bytes of a relayed one as they came in. */
export type TextFrame = string | Buffer

/** What a peer is reached through: as much of its socket as the rooms need. */
export interface PeerLink {
  /** The id of the connection, as the log and the application know it. */
  readonly id: string
  /** What its address is counted as. */
  readonly key: string
  /** What its client may send, where the client is to know. */
  readonly limits?: ToldLimits | undefined
  /** Whether frames still get out: not once the link is closing. */
  readonly open: boolean
  /** Sends one text frame. Never throws; a link that is gone or drowning ends by itself later. */
  send (frame: TextFrame): void
  /**
   * Asks the other end for a sign of life, and calls back exactly once with whether it came in time.
   * Never calls back before it returns.
   */
  probe (answer: (alive: boolean) => void): void
  /** Ends the link by a WebSocket close. The caller has already taken its seats away. */
  close (reason: CloseReason): void
  /** Cuts the link without a word. The caller has already taken its seats away. */
  terminate (): void
}
