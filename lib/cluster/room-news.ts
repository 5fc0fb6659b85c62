import type { StopReason } from '../protocol/server-messages.js'
import type { Asked, Farewell } from '../rooms/arrivals.js'
import type { JoinAnswer, RoomState } from '../rooms/seat-arbiter.js'
import type { Seat } from '../rooms/seat.js'

/** Of a room of which nothing is known. */
export const UNKNOWN: RoomState = { version: 0, capacity: 2, now: 0, seats: [] }

/** A seat that has ended, and what its server tells those who stay. */
export type EndedSeat = readonly [id: string, reason: StopReason, farewell: Farewell]

/** What came to a room, as one server tells the others that have seats in it. Each tells its own peers. */
export interface RoomNews {
  readonly state: RoomState
  /** In the order in which they ended. A seat that is missing without being named may have been forgotten, and is waited for. */
  readonly ended: readonly EndedSeat[]
  /** The seat that was taken. */
  readonly joined?: string
  /** Who is asked for an offer after that. */
  readonly asks?: Asked
}

/** The seats that are not there any more. */
export function missingIn (state: RoomState, seats: readonly Seat[]): EndedSeat[] {
  return seats.flatMap((seat): EndedSeat[] => state.seats.some(({ id }) => id === seat.id) ? [] : [[seat.id, 'lost', 'stop']])
}

/** The seats that were given up for a joiner, or before it: the windows of those were over. */
export function givenUpBy ({ outcome, ended }: JoinAnswer): EndedSeat[] {
  return ended.map(({ id }) => [id, 'lost', outcome === 'wait' || outcome === 'full' ? 'stop' : 'harmless stop'])
}
