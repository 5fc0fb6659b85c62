import type { Refusal } from '../../rooms/refusal.js'
import { refilled, TokenBucket, type RateLimit } from './token-bucket.js'

/** The error for a message that exceeds a rate. */
export const TOO_FAST: Refusal = { refused: 'rateExceeded', message: 'Too many messages or bytes in a short time; this one was not taken.' }

/** The rates of one connection. */
export interface Rates {
  readonly messages: RateLimit
  readonly bytes: RateLimit
}

/** How many messages may be refused, at once and then per second, before the connection is closed. */
const REFUSALS: RateLimit = { rate: 1, burst: 50 }

/** The fate of a message: it is taken, it is refused by an error, or it is refused and the connection is closed. */
export type RateVerdict = 'take' | 'refuse' | 'close'

/**
 * Holds one connection to its rates of messages and bytes. A client that exceeds them now and then gets an error. One that does not stop is closed,
 * because each refusal costs an answer.
 *
 * Its two token buckets are plain numbers. As objects, each with a time of its own, they would cost every connection 100 bytes more.
 */
export class RateGuard {
  readonly #rates: Rates
  #messages: number
  #bytes: number
  /** When both buckets were last refilled. */
  #at: number
  /** It is made at the first refusal, because most clients are never refused anything. */
  #refusals: TokenBucket | null = null

  constructor (rates: Rates, now: number) {
    this.#rates = rates
    this.#messages = rates.messages.burst
    this.#bytes = rates.bytes.burst
    this.#at = now
  }

  /** Counts one message of this length. A message that is refused for its bytes has still counted as a message. */
  check (bytes: number, now: number): RateVerdict {
    // If the clock stands still or goes back, nothing is refilled.
    if (now > this.#at) {
      const rates = this.#rates
      this.#messages = refilled(rates.messages, this.#messages, now - this.#at)
      this.#bytes = refilled(rates.bytes, this.#bytes, now - this.#at)
      this.#at = now
    }
    if (this.#messages >= 1) {
      this.#messages--
      if (this.#bytes >= bytes) {
        this.#bytes -= bytes
        return 'take'
      }
    }
    this.#refusals ??= new TokenBucket(REFUSALS, now)
    return this.#refusals.take(1, now) ? 'refuse' : 'close'
  }
}
