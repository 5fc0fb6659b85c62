import type { Environment } from './environment.js'
import type { ReconnectPolicy } from '../signalling/reconnect-policy.js'

/** The longest time that one attempt counts for, in ms. If it took longer, the page was frozen or the machine slept, and nothing was tried. */
const MAX_ATTEMPT = 60_000

/** Counts failed attempts, and asks a policy for the next delay. */
export class Backoff {
  readonly #environment: Environment
  readonly #policy: ReconnectPolicy
  #attempt: number
  /** The time since the first failure, in ms. */
  #elapsed = 0
  /** The last delay, in ms. */
  #delay = 0
  /** When the last failure was, in ms. */
  #failedAt: number | null = null

  /** @param first the number of the first attempt. 1 leaves out the policy's attempt without a delay */
  constructor (environment: Environment, policy: ReconnectPolicy, first = 0) {
    this.#environment = environment
    this.#policy = policy
    this.#attempt = first
  }

  /** An attempt has failed. Returns the delay before the next one in ms, or null to give up. */
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
