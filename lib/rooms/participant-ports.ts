import type { CloseReason } from '../protocol/codes.js'
import type { Join } from '../protocol/client-messages.js'
import type { IceServerConfig } from '../protocol/server-messages.js'
import type { Refusal } from './refusal.js'
import type { PeerProfile } from './peer-profile.js'

/** A successful authorization: the joiner's profile and, optionally, the room's capacity. */
export interface Grant extends PeerProfile {
  /** How many peers may sit in the room from now on. */
  capacity?: number
}

/** What a participant needs from the floor above the rooms. */
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
  /** The peer has got the seat that it asked for, and has been told so. */
  joined (): void
  /** Logs that a command could not be handled. After that the peer is told, and dismissed. */
  failed (error: unknown): void
  /** Closes the connection because of what its peer did. The participant is told of the loss first. */
  dismiss (reason: CloseReason): void
}
