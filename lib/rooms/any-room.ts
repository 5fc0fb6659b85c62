import type { JoinOutcome, JoinRequest } from './join-request.js'
import type { PendingJoin } from './pending-join.js'
import type { SeatClaim } from './resume-proof.js'
import type { Seat, SeatRoom } from './seat.js'

/** A room as those see it who are not in it: of this server alone, or one that spans servers. */
export interface AnyRoom extends SeatRoom {
  /** The seats in the order in which they were taken, those of other servers included. */
  readonly seats: readonly Seat[]
  readonly capacity: number
  /** How many joiners wait for a seat. */
  readonly waiting: number
  /**
   * Takes a seat, or takes one back.
   *
   * @returns the answer, or a pending join where it comes later
   */
  join (request: JoinRequest): JoinOutcome | PendingJoin
  /**
   * The application decides whether a joiner may come back: pauses the window of the seat that the joiner proves to be its own.
   *
   * @returns a function that ends the pause; undefined if nothing is paused
   */
  pauseWindow (claim: SeatClaim): (() => void) | undefined
  /** The application removes everybody, and refuses the joiners that wait. */
  close (reason: string): void
  /**
   * The server is draining: ends all seats and refuses the joiners that wait. The peers are told nothing, and their calls go on.
   *
   * @param handsOn keeps the seats that can be resumed, until another server asks for them
   */
  dissolve (handsOn?: boolean): void
}
