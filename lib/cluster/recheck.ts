import type { Clock } from '../rooms/clock.js'

/** Looks once more, some time later: something may be forgotten, or may only not have been said yet. */
export class Recheck {
  readonly #clock: Clock
  readonly #after: number
  readonly #look: () => void
  #timer: unknown = null

  /** @param after in ms */
  constructor (clock: Clock, after: number, look: () => void) {
    this.#clock = clock
    this.#after = after
    this.#look = look
  }

  /** Does nothing where it is going to look anyway. */
  later (): void {
    this.#timer ??= this.#clock.after(this.#after, () => {
      this.#timer = null
      this.#look()
    })
  }

  end (): void {
    this.#clock.cancel(this.#timer)
    this.#timer = null
  }
}
