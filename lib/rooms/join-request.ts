import type { ClientKind } from './client-kind.js'
import type { Refusal } from './refusal.js'
import type { PeerProfile, Seat, SeatHolder } from './seat.js'

/** What a joiner brings. */
export interface JoinRequest {
  readonly holder: SeatHolder
  /** Which make of client it is. @default 'other' */
  readonly kind?: ClientKind
  readonly resume: boolean
  readonly resumeToken?: string | undefined
  /** A secret of the client's own, the same in every join until it has seen a `joined`. */
  readonly claim?: string | undefined
  readonly received?: number | undefined
  readonly profile: PeerProfile
  /** Sets how many may sit in the room. */
  readonly capacity?: number | undefined
}

/** A seat, or why there is none. */
export type JoinOutcome = { seat: Seat } | Refusal
