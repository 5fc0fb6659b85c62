import type { Logger } from '../events.js'
import type { CloseReason } from '../protocol/codes.js'
import type { ToldLimits } from '../protocol/server-messages.js'

/** A text frame: written by the server, or the bytes of a relayed one as they came in. */
export type TextFrame = string | Buffer

/** What a link is known by, once it is gone: a seat keeps it while its peer is absent. */
export interface LinkTrace {
  /** The id of the connection, as the log and the application know it. */
  readonly id: string
  /** Writes lines about a peer of the link in a room. */
  logIn (room: string, peer?: string): Logger
}

/** What a peer is reached through: as much of its socket as the rooms need. */
export interface PeerLink extends LinkTrace {
  /** Writes lines about the link. */
  readonly log: Logger
  /** The key under which its address is counted. */
  readonly key: string
  /** What its client may send, if the client is to be told. */
  readonly limits?: ToldLimits | undefined
  /** Whether frames can still be sent: not once the link is closing. */
  readonly open: boolean
  /** Sends one text frame. Never throws. A link that is gone, or that cannot keep up, ends by itself later. */
  send (frame: TextFrame): void
  /**
   * Pings the other end, and calls back exactly once, with whether a pong came in time.
   * Never calls back before it returns.
   */
  probe (answer: (alive: boolean) => void): void
  /** Ends the link by a WebSocket close. The caller has already taken its seats away. */
  close (reason: CloseReason): void
  /** Cuts the link without a close frame. The caller has already taken its seats away. */
  terminate (): void
  /** What outlives the link. It does not keep the link. */
  trace (): LinkTrace
}
