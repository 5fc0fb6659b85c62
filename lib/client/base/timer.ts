import type { Environment, TimerHandle } from './environment.js'

/** The longest delay that timers take; more would fire at once (HTML, section 8.7: a 32-bit integer). */
const LONGEST = 2 ** 31 - 1
/** From how much on a late timer means that the page stood still, ms: frozen, throttled, on a machine that slept, or busy. */
const STANDSTILL = 100
/** How often one deadline begins anew. Browsers may run the timers of a hidden page once a minute: the dead must be found even so. */
const MAX_EXTENSIONS = 3

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

  /** Calls `callback` in `delay` ms, with the number of ms that it comes late. */
  start (delay: number, callback: (late: number) => void): void {
    this.stop()
    const due = this.#environment.now() + delay
    this.#handle = this.#environment.setTimeout(() => {
      this.#handle = null
      callback(Math.max(this.#environment.now() - due, 0))
    }, Math.min(delay, LONGEST))
  }

  /**
   * Calls `callback` in `delay` ms, unless it is stopped by the arrival of what is waited for. A page that stood still could
   * hear nothing, and browsers may run its timers before they hand over what came meanwhile (HTML, section 8.1.7.3, leaves the
   * order of task queues to them). So a deadline that comes late begins anew, and one in time lets the tasks before it run first.
   */
  startDeadline (delay: number, callback: () => void, extensions = MAX_EXTENSIONS): void {
    this.start(delay, late => {
      if (late >= STANDSTILL && extensions > 0) this.startDeadline(delay, callback, extensions - 1)
      else this.start(0, callback)
    })
  }

  stop (): void {
    if (this.#handle === null) return
    this.#environment.clearTimeout(this.#handle)
    this.#handle = null
  }
}
