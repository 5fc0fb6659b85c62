import type { Environment } from './environment.js'
import type { ReconnectPolicy } from '../signalling/reconnect-policy.js'

/** The longest that one attempt takes, ms. What is above it the page stood still or the machine slept, and tried nothing. */
const MAX_ATTEMPT = 60_000

/** Counts failures for a policy. */
export class Backoff {
  readonly #environment: Environment
  readonly #policy: ReconnectPolicy
  #attempt: number
  #elapsed = 0
  #delay = 0
  #failedAt: number | null = null

  /** `first` is the attempt to begin with: 1 leaves out the one that is made at once. */
  constructor (environment: Environment, policy: ReconnectPolicy, first = 0) {
    this.#environment = environment
    this.#policy = policy
    this.#attempt = first
  }

  /** Something failed: in how many ms to try again, or `null` to give up. */
  next (): number | null {
    const now = this.#environment.now()
    if (this.#failedAt !== null) this.#elapsed += Math.min(now - this.#failedAt, this.#delay + MAX_ATTEMPT)
    this.#failedAt = now
    const delay = this.#policy({ attempt: this.#attempt, elapsed: this.#elapsed, random: this.#environment.random() })
    this.#attempt++
    if (delay === null) return null
    this.#delay = Math.max(delay, 0)
    return this.#delay
  }
}
