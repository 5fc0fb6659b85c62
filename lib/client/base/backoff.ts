import type { Environment } from './environment.js'
import type { ReconnectPolicy } from '../signalling/reconnect-policy.js'

/** Counts failures for a policy. */
export class Backoff {
  readonly #environment: Environment
  readonly #policy: ReconnectPolicy
  #attempt: number
  #since: number | null = null

  /** `first` is the attempt to begin with: 1 leaves out the one that is made at once. */
  constructor (environment: Environment, policy: ReconnectPolicy, first = 0) {
    this.#environment = environment
    this.#policy = policy
    this.#attempt = first
  }

  /** Something failed: in how many ms to try again, or `null` to give up. */
  next (): number | null {
    const now = this.#environment.now()
    this.#since ??= now
    const delay = this.#policy({ attempt: this.#attempt, elapsed: now - this.#since, random: this.#environment.random() })
    this.#attempt++
    return delay === null ? null : Math.max(delay, 0)
  }
}
