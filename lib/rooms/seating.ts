import type { JoinRequest } from './join-request.js'
import type { SeatRow } from './seat-row.js'

/**
 * What becomes of a joiner. A decision is plain data and names seats by their ids, so that whoever knows the seats of a room can make
 * it, in this process or outside it.
 *
 * - `resume`: the joiner has proven that the seat is its own.
 * - `rejoin`: the joiner sits there already, on the same connection, and gets a new seat in its place.
 * - `sit`: there is a free seat.
 * - `replace`: the seat is that of an absent peer, which loses it.
 * - `ask`: the room is full, or others wait: its peers are asked for a sign of life first.
 */
export type SeatDecision =
  | { readonly act: 'resume' | 'rejoin' | 'replace', readonly seat: string }
  | { readonly act: 'sit' | 'ask' }

/**
 * Decides who gets which seat of one room. The room carries the decision out. `Room.join()` may answer later than it is asked, so a
 * seating that has to ask somebody else first changes the room alone, and nobody above it.
 */
export interface Seating {
  /** @param queued whether other joiners wait for a seat of this room already: a newcomer is behind them */
  decide (request: JoinRequest, queued: boolean): SeatDecision
  /** The seat of an absent peer that a joiner may have, by its id; undefined where there is none. */
  readonly replaceable: string | undefined
}

const SIT: SeatDecision = { act: 'sit' }
const ASK: SeatDecision = { act: 'ask' }

/** Decides by the seats that this process keeps in its memory. */
export class MemorySeating implements Seating {
  readonly #row: SeatRow
  readonly #hold: boolean

  /** @param hold whether an absent peer's seat stays reserved for its whole window, even if the room is full */
  constructor (row: SeatRow, hold: boolean) {
    this.#row = row
    this.#hold = hold
  }

  get replaceable (): string | undefined {
    return this.#hold ? undefined : this.#row.absent?.id
  }

  decide (request: JoinRequest, queued: boolean): SeatDecision {
    const row = this.#row
    const present = row.heldBy(request.holder)
    const own = row.ownedBy(request)
    // A connection has one seat in a room, so that a token of another one is worth nothing on it.
    if (own !== undefined && (present === undefined || present === own)) return { act: 'resume', seat: own.id }
    if (present !== undefined) return { act: 'rejoin', seat: present.id }
    if (queued) return ASK
    if (row.fits(request)) return SIT
    const { replaceable } = this
    return replaceable !== undefined && row.fits(request, 1) ? { act: 'replace', seat: replaceable } : ASK
  }
}
