/** How much may pass, shared by every bucket that is held to it. */
export interface RateLimit {
  /** What comes back, per second. `Infinity` never refuses anything that fits into `burst`. */
  readonly rate: number
  /** What may pass at once after a quiet time. A single amount above it never passes. */
  readonly burst: number
}

/** What is in a bucket of `tokens` after `elapsed` ms. */
export function refilled ({ rate, burst }: RateLimit, tokens: number, elapsed: number): number {
  return Math.min(burst, tokens + elapsed / 1000 * rate)
}

/**
 * A token bucket: two numbers and no timer. Between any two moments it lets through `burst` plus `rate` for each
 * second that lies between them, and no more.
 *
 * `now` is milliseconds from a monotonic clock (`performance.now()`). A clock that goes back gives nothing, and
 * nothing again until it has caught up.
 */
export class TokenBucket {
  readonly #limit: RateLimit
  #tokens: number
  #at: number

  /** The bucket starts full. */
  constructor (limit: RateLimit, now: number) {
    this.#limit = limit
    this.#tokens = limit.burst
    this.#at = now
  }

  /** Takes `amount` where there is enough; where not, takes nothing and returns false. */
  take (amount: number, now: number): boolean {
    // The guard also keeps Infinity * 0, which is NaN, out of an unlimited bucket.
    if (now > this.#at) {
      this.#tokens = refilled(this.#limit, this.#tokens, now - this.#at)
      this.#at = now
    }
    if (amount <= this.#tokens) {
      this.#tokens -= amount
      return true
    }
    return false
  }
}
