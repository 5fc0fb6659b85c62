import type { Environment, TimerHandle } from './environment.js'

/** The longest delay that timers take; more would fire at once (HTML, section 8.7: a 32-bit integer). */
const LONGEST = 2 ** 31 - 1

/** One timer that may be started again and again; starting it anew forgets the last start. */
export class Timer {
  readonly #environment: Environment
  #handle: TimerHandle | null = null

  constructor (environment: Environment) {
    this.#environment = environment
  }

  get running (): boolean {
    return this.#handle !== null
  }

  /** Calls `callback` in `delay` ms. */
  start (delay: number, callback: () => void): void {
    this.stop()
    this.#handle = this.#environment.setTimeout(() => {
      this.#handle = null
      callback()
    }, Math.min(delay, LONGEST))
  }

  stop (): void {
    if (this.#handle === null) return
    this.#environment.clearTimeout(this.#handle)
    this.#handle = null
  }
}
