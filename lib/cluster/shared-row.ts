import { SeatRow } from '../rooms/seat-row.js'
import type { Seat } from '../rooms/seat.js'

/** How many seats that have ended are remembered: far more than end while something of one of them is on its way. */
const MAX_LEFT = 32

/** The seats of a room that spans servers, and those that were in it until lately. */
export class SharedRow extends SeatRow {
  #left: Set<string> | null = null
  /** Those whose end was told by the server that had them, to clients that have come here before it could say so here: by the seats that end. */
  #ending: WeakMap<Seat, Set<Seat>> | null = null

  override remove (seat: Seat): boolean {
    if (!super.remove(seat)) return false
    this.ended([seat.id])
    return true
  }

  /** Those that have ended lately, and have not begun again. */
  get left (): readonly string[] {
    return this.#left === null ? [] : [...this.#left].filter(id => this.hasLeft(id))
  }

  /** These have ended, and need not have been here: a client that comes knows so. What they have said to it may still be on its way. */
  ended (ids: readonly string[]): void {
    for (const id of ids) {
      const left = this.#left ??= new Set()
      left.add(id)
      const [oldest] = left
      if (left.size > MAX_LEFT && oldest !== undefined) left.delete(oldest)
    }
  }

  /** Whether a seat was here, or a client that has come knew it, and it has ended. One that was not heard of yet has not. */
  hasLeft (id: string): boolean {
    return this.#left !== null && this.#left.has(id) && this.find(id) === undefined
  }

  /** A client has come that knows that these seats end. They never go on: what goes with a seat is where it was, and is gone there. */
  ends (ids: readonly string[], client: Seat): void {
    for (const id of ids) {
      const seat = this.find(id)
      if (seat === undefined) continue
      const ending = this.#ending ??= new WeakMap()
      ending.set(seat, (ending.get(seat) ?? new Set()).add(client))
    }
  }

  override knowsEnd (client: Seat, about: Seat): boolean {
    return this.#ending?.get(about)?.has(client) === true
  }

  override countOthers (client: Seat): number {
    return this.#ending === null ? super.countOthers(client) : this.seats.filter(seat => seat !== client && !this.knowsEnd(client, seat)).length
  }
}
