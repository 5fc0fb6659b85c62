import type { ClientKind } from './client-kind.js'
import type { Refusal } from './refusal.js'
import type { ResumeClaim } from './resume-proof.js'
import type { PeerProfile } from './peer-profile.js'
import type { Seat, SeatHolder } from './seat.js'

/** What was decided elsewhere for a joiner. */
export interface DecidedSeat {
  readonly id: string
  readonly toldPolite: boolean
  /** The secret of its resume token. */
  readonly secret: string
}

/** What a joiner brings. */
export interface JoinRequest extends ResumeClaim {
  readonly holder: SeatHolder
  /** Which make of client it is. @default 'other' */
  readonly kind?: ClientKind
  readonly resume: boolean
  readonly profile: PeerProfile
  /** How many peers may sit in the room from now on. */
  readonly capacity?: number | undefined
  /** Set where the room asks others which seat this is. */
  readonly decided?: DecidedSeat
}

/** A seat, or why there is none. */
export type JoinOutcome = { seat: Seat } | Refusal
