import type { Clock } from './clock.js'

/**
 * The absence of a peer that has lost its link. Its seat is kept for one window. The window can be paused, but for no more than one
 * window in all: otherwise a client that is always refused could hold a seat by asking again and again.
 */
export class Absence {
  readonly #clock: Clock
  readonly #window: number
  readonly #expire: () => void
  #until: number
  #timer: unknown
  #pausedAt = 0
  #pausedFor = 0

  /** @param expire gives the seat up */
  constructor (clock: Clock, window: number, expire: () => void) {
    this.#clock = clock
    this.#window = window
    this.#expire = expire
    this.#until = clock.lived() + window
    this.#timer = clock.after(window, expire)
  }

  /** When the seat is given up, in lived time. A pause moves it once it is over. */
  get until (): number {
    return this.#until
  }

  /** For how much longer the seat waits, in ms. */
  get left (): number {
    return Math.max(0, Math.ceil(this.#until - this.#clock.lived()))
  }

  /** Whether the window has been paused for as long as it may. */
  get isPausedOut (): boolean {
    return this.#pausedFor >= this.#window
  }

  pause (): void {
    this.#clock.cancel(this.#timer)
    this.#pausedAt = this.#clock.lived()
  }

  unpause (): void {
    const now = this.#clock.lived()
    const paused = now - this.#pausedAt
    this.#pausedFor += paused
    this.#until += paused
    this.#timer = this.#clock.after(this.#until - now, this.#expire)
  }

  /** The peer is back, or its seat is gone. */
  end (): void {
    this.#clock.cancel(this.#timer)
  }
}
