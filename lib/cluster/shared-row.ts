import { SeatRow } from '../rooms/seat-row.js'
import type { Seat } from '../rooms/seat.js'

/** How many seats that have ended are remembered: far more than end while something of one of them is on its way. */
const MAX_LEFT = 32

/** The seats of a room that spans servers, and those that were in it until lately. */
export class SharedRow extends SeatRow {
  #left: Set<string> | null = null

  override remove (seat: Seat): boolean {
    if (!super.remove(seat)) return false
    const left = this.#left ??= new Set()
    left.add(seat.id)
    const [oldest] = left
    if (left.size > MAX_LEFT && oldest !== undefined) left.delete(oldest)
    return true
  }

  /** Whether a seat was here, and has ended. One that was not heard of yet has not. */
  hasLeft (id: string): boolean {
    return this.#left !== null && this.#left.has(id) && this.find(id) === undefined
  }
}
