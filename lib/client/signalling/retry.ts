import { Backoff } from '../base/backoff.js'
import type { AdaptorError } from '../base/client-errors.js'
import type { Environment } from '../base/environment.js'
import { Timer } from '../base/timer.js'
import type { ReconnectPolicy } from './reconnect-policy.js'

/** The longest `retryAfter` of the server that is respected, in ms. */
const MAX_RETRY = 30_000

/** Runs a refused command again: with growing delays, and not before the server's `retryAfter` is over. */
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

  /** Runs `task` later. Returns false, and never runs it, if the policy stops. */
  later (error: AdaptorError, task: () => void): boolean {
    const delay = this.#backoff.next()
    if (delay !== null) this.#start(error, delay, task)
    return delay !== null
  }

  /** Runs `task` after at least `least` ms, no matter how often it was tried. */
  always (error: AdaptorError, least: number, task: () => void): void {
    this.#start(error, Math.max(this.#backoff.next() ?? MAX_RETRY, least), task)
  }

  stop (): void {
    this.#timer.stop()
  }

  /** Starts the policy anew: the next refusal counts as the first. */
  reset (): void {
    this.#backoff = this.#newBackoff()
  }

  #start (error: AdaptorError, delay: number, task: () => void): void {
    this.#timer.start(Math.max(delay, Math.min(error.retryAfter ?? 0, MAX_RETRY)), task)
  }
}
