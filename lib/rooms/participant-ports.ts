import type { CloseReason } from '../protocol/codes.js'
import type { Join } from '../protocol/client-messages.js'
import type { IceServerConfig } from '../protocol/server-messages.js'
import type { Refusal } from './refusal.js'
import type { PeerProfile } from './seat.js'

/** A successful authorization: the joiner's profile and, optionally, the room's capacity. */
export interface Grant extends PeerProfile {
  /** How many peers may sit in the room from now on. */
  capacity?: number
}

/** What a participant needs of what is around the rooms. */
export interface ParticipantPorts {
  /** Whether the answer to `getIceServerConfig` has more servers in it once the peer sits in a room. */
  readonly iceServersNeedSeat: boolean
  /** Decides whether the peer may join: at once, or once the application has answered. */
  authorize (join: Join): Grant | Refusal | Promise<Grant | Refusal>
  /**
   * Builds the answer to `getIceServerConfig`.
   *
   * @param seat the id of the first seat that the peer holds, if it holds one
   */
  iceServerConfig (seat: string | undefined): IceServerConfig | Promise<IceServerConfig>
  /** The peer has a seat that it asked for, and has been told. */
  joined (): void
  /** A command could not be handled: for the log. The peer is told, and dismissed after that. */
  failed (error: unknown): void
  /** Closes the connection for what its peer did, and reports its loss to the participant first. */
  dismiss (reason: CloseReason): void
}
