import type { EventRecorder } from '../events.js'
import type { Clock } from './clock.js'
import type { BudgetBounds, ReplayBudget } from './replay-budget.js'
import type { ReplayBounds } from './replay-log.js'
import type { Seat, SeatRoom } from './seat.js'

/** How seats behave, the same for all rooms of one registration. */
export interface SeatRules extends ReplayBounds, BudgetBounds {
  /** For how long a resumable seat outlives its socket, in ms. */
  window: number
  /** Keep an absent peer's seat reserved for the whole window, even if the room is full. */
  hold: boolean
}

/** What a room needs of what is around it. */
export interface RoomContext {
  readonly clock: Clock
  readonly events: EventRecorder
  readonly rules: SeatRules
  /** The server goes away: nobody takes a seat any more. */
  readonly draining: boolean
  /** What the replay logs of all rooms may hold. */
  readonly budget: ReplayBudget
  /** A seat was taken: find it by its id from now on. */
  seated (seat: Seat): void
  /** A seat is gone. */
  unseated (seat: Seat): void
  /** Nobody sits in the room and nobody waits for a seat. */
  emptied (room: SeatRoom): void
}
