import type { EventRecorder } from '../events.js'
import type { Clock } from './clock.js'
import type { BudgetBounds, ReplayBudget } from './replay-budget.js'
import type { ReplayBounds } from './replay-log.js'
import type { Seat, SeatRoom } from './seat.js'

/** How seats behave, the same for all rooms of one registration. */
export interface SeatRules extends ReplayBounds, BudgetBounds {
  /** How long a resumable seat outlives its socket, in ms. */
  window: number
  /** Keep an absent peer's seat reserved for the whole window, even if the room is full. */
  hold: boolean
}

/** What a room needs from its registry. */
export interface RoomContext {
  readonly clock: Clock
  readonly events: EventRecorder
  readonly rules: SeatRules
  /** The server is draining: nobody takes a seat any more. */
  readonly draining: boolean
  /** The memory that the replay logs of all rooms share. */
  readonly budget: ReplayBudget
  /** A seat was taken; from now on it can be found by its id. */
  seated (seat: Seat): void
  /** A seat is gone. */
  unseated (seat: Seat): void
  /** Nobody sits in the room and nobody waits for a seat. */
  emptied (room: SeatRoom): void
}
