import type { Clock } from './clock.js'
import type { PeerLink } from './peer-link.js'
import type { Seat, SeatHolder } from './seat.js'

const NONE: readonly Seat[] = []

/** The seats that one peer holds, at most one in a room. */
export class HeldSeats implements SeatHolder {
  readonly link: PeerLink
  readonly #clock: Clock
  /** Never changed in place: an array that something is pushed to has room for seventeen, and most peers hold one seat. */
  #seats: readonly Seat[] = NONE
  /** When the last seat was lost, in lived time. */
  #emptySince: number

  constructor (link: PeerLink, clock: Clock) {
    this.link = link
    this.#clock = clock
    this.#emptySince = clock.lived()
  }

  get size (): number {
    return this.#seats.length
  }

  get first (): Seat | undefined {
    return this.#seats[0]
  }

  /** Since when there is no seat, in lived time; Infinity while there is one. */
  get emptySince (): number {
    return this.#seats.length === 0 ? this.#emptySince : Infinity
  }

  /** The seat in the room of this name. */
  in (room: string): Seat | undefined {
    for (const seat of this.#seats) if (seat.room.name === room) return seat
    return undefined
  }

  seated (seat: Seat): void {
    this.#seats = this.#seats.length === 0 ? [seat] : this.#seats.concat(seat)
  }

  unseated (seat: Seat): void {
    this.#seats = this.#seats.length === 1 && this.first === seat ? NONE : this.#seats.filter(held => held !== seat)
    this.#emptySince = this.#clock.lived()
  }

  /** A ping is sent, after everything sent so far. */
  markPing (): void {
    for (const seat of this.#seats) seat.markPing()
  }

  /** The last ping was answered: everything sent before it has arrived. */
  confirmPing (): void {
    for (const seat of this.#seats) seat.confirmPing()
  }

  /** The link is gone: each room decides what becomes of its seat. */
  lost (resumable: boolean): void {
    for (const seat of this.#seats) seat.room.lost(seat, !resumable)
  }

  [Symbol.iterator] (): Iterator<Seat> {
    return this.#seats.values()
  }
}
