/** A rate limit. Buckets with the same limit share one object. */
export interface RateLimit {
  /** How much is refilled per second. With Infinity, nothing that fits into `burst` is refused. */
  readonly rate: number
  /** How much may pass at once after a quiet time. A single amount above it never passes. */
  readonly burst: number
}

/** The content of a bucket that had `tokens` in it `elapsed` ms ago. */
export function refilled ({ rate, burst }: RateLimit, tokens: number, elapsed: number): number {
  return Math.min(burst, tokens + elapsed / 1000 * rate)
}

/**
 * A token bucket: two numbers and no timer. Between any two moments it lets through `burst`, plus `rate` for each second between them, and no more.
 *
 * `now` is the time in ms on a monotonic clock (`performance.now()`). If the clock goes back, nothing is refilled until it has caught up.
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

  /** Takes `amount`. If there is not enough, takes nothing and returns false. */
  take (amount: number, now: number): boolean {
    // The condition also keeps Infinity * 0, which is NaN, out of an unlimited bucket.
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
