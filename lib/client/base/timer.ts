import type { Environment, TimerHandle } from './environment.js'

/** The longest delay of a browser's timer, in ms: a 32-bit integer (HTML, section 8.7). With a longer one it fires at once. */
const LONGEST = 2 ** 31 - 1
/** The lateness of a timer, in ms, from which on the page counts as having stood still: frozen, throttled, busy, or on a machine that slept. */
const STANDSTILL = 100
/** How often one deadline is extended. Browsers may run the timers of a hidden page once a minute, and a lost connection must be noticed even there. */
const MAX_EXTENSIONS = 3

/** A timer that can be restarted. Starting it cancels its last start. */
export class Timer {
  readonly #environment: Environment
  #handle: TimerHandle | null = null

  constructor (environment: Environment) {
    this.#environment = environment
  }

  get running (): boolean {
    return this.#handle !== null
  }

  /**
   * Calls `callback` after a delay.
   *
   * @param delay in ms. More than {@link LONGEST} is shortened to that
   * @param callback called with how late it is, in ms
   */
  start (delay: number, callback: (late: number) => void): void {
    this.stop()
    const due = this.#environment.now() + delay
    this.#handle = this.#environment.setTimeout(() => {
      this.#handle = null
      callback(Math.max(this.#environment.now() - due, 0))
    }, Math.min(delay, LONGEST))
  }

  /**
   * Calls `callback` after a delay in ms, unless an answer arrives before and stops the timer. A page that stood still has received nothing
   * meanwhile, and a browser may run its timers before it delivers what has arrived (HTML, section 8.1.7.3, leaves the order of task queues to
   * it). So a late deadline starts again, and one in time lets the tasks that are queued already run first.
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
