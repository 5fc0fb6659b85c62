import * as notices from '../protocol/notices.js'
import type { Clock } from './clock.js'
import type { Seat } from './seat.js'

/**
 * How long two messages may take to cross on their way, in ms. What a peer sent before it could know of the other message is then
 * no mistake. A phone on a slow network needs a second or two for both ways.
 */
export const CROSSING = 3_000

/** A peer that was asked for an offer, and when, in lived time. */
export interface Turn {
  readonly seat: Seat
  readonly at: number
}

/** Which peer of a room was told `start` and has not offered since: it alone makes the next offer. */
export class OfferTurn {
  readonly #clock: Clock
  #turn: Turn | null = null
  /** When a seat was last given up, in lived time. */
  #clearedAt = -Infinity

  constructor (clock: Clock) {
    this.#clock = clock
  }

  get turn (): Turn | null {
    return this.#turn
  }

  /** Whether a peer was asked just now, so that its offer is on its way. */
  get isOfferComing (): boolean {
    return this.#turn !== null && this.#clock.lived() - this.#turn.at < CROSSING
  }

  /** Whether a seat was given up just now, so that what a peer says may still be for whoever had it. */
  get mayCross (): boolean {
    return this.#clock.lived() - this.#clearedAt < CROSSING
  }

  /**
   * Asks a peer for an offer.
   *
   * @returns false where the peer is absent and nothing more can be kept for it
   */
  ask (seat: Seat): boolean {
    this.#turn = { seat, at: this.#clock.lived() }
    return seat.notify(notices.start(seat.room.name))
  }

  /** Restores a turn that ended with its seat, because the offer is already on its way. Does nothing if another peer was asked since. */
  restore (turn: Turn): void {
    this.#turn ??= turn
  }

  /** A peer makes an offer. */
  offered (seat: Seat): void {
    if (this.#turn?.seat === seat) this.#turn = null
  }

  /** A seat was given up: whoever is left has nobody to offer to. */
  clear (): void {
    this.#turn = null
    this.#clearedAt = this.#clock.lived()
  }
}
