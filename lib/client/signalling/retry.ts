import { Backoff } from '../base/backoff.js'
import type { AdaptorError } from '../base/client-errors.js'
import type { Environment } from '../base/environment.js'
import { Timer } from '../base/timer.js'
import type { ReconnectPolicy } from './reconnect-policy.js'

/** The longest that a `retryAfter` of the server is waited for, in ms. */
const MAX_RETRY = 30_000

/** Says again what the server refused: later and later, and not before the server said that it is worth it. */
export class Retry {
  readonly #newBackoff: () => Backoff
  readonly #timer: Timer
  #backoff: Backoff

  constructor (environment: Environment, policy: ReconnectPolicy) {
    this.#newBackoff = () => new Backoff(environment, policy, 1)
    this.#backoff = this.#newBackoff()
    this.#timer = new Timer(environment)
  }

  get running (): boolean {
    return this.#timer.running
  }

  /** Runs `task` later, unless the policy says that it is enough: then it returns `false`. */
  later (error: AdaptorError, task: () => void): boolean {
    const delay = this.#backoff.next()
    if (delay !== null) this.#start(error, delay, task)
    return delay !== null
  }

  /** Runs `task` after at least `least` ms, however often it was tried. */
  always (error: AdaptorError, least: number, task: () => void): void {
    this.#start(error, Math.max(this.#backoff.next() ?? MAX_RETRY, least), task)
  }

  stop (): void {
    this.#timer.stop()
  }

  /** The next refusal is the first one again. */
  reset (): void {
    this.#backoff = this.#newBackoff()
  }

  #start (error: AdaptorError, delay: number, task: () => void): void {
    this.#timer.start(Math.max(delay, Math.min(error.retryAfter ?? 0, MAX_RETRY)), task)
  }
}
