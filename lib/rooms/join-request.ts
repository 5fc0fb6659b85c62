import type { ClientKind } from './client-kind.js'
import type { Refusal } from './refusal.js'
import type { SeatClaim } from './resume-proof.js'
import type { PeerProfile, Seat, SeatHolder } from './seat.js'

/** What a joiner brings. */
export interface JoinRequest extends SeatClaim {
  readonly holder: SeatHolder
  /** Which make of client it is. @default 'other' */
  readonly kind?: ClientKind
  readonly resume: boolean
  readonly received?: number | undefined
  readonly profile: PeerProfile
  /** How many peers may sit in the room from now on. */
  readonly capacity?: number | undefined
}

/** A seat, or why there is none. */
export type JoinOutcome = { seat: Seat } | Refusal
