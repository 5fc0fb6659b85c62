import type { Refusal } from '../../rooms/refusal.js'
import { refilled, TokenBucket, type RateLimit } from './token-bucket.js'

/** What the client is told of a message that is refused. */
export const TOO_FAST: Refusal = { refused: 'rateExceeded', message: 'Too many messages or bytes in a short time; this one was not taken.' }

/** How much one connection may send. */
export interface Rates {
  readonly messages: RateLimit
  readonly bytes: RateLimit
}

/** How many messages may be refused at once, and then per second, before a client that sends too fast is closed. */
const REFUSALS: RateLimit = { rate: 1, burst: 50 }

/** What becomes of a message: it is taken, it is refused by an error, or it is refused and the connection is closed. */
export type RateVerdict = 'take' | 'refuse' | 'close'

/**
 * Holds one connection to its rates of messages and bytes. A client that exceeds them now and then is told so; one that does not stop
 * is closed, since each refusal costs an answer.
 *
 * Its two token buckets are numbers of its own: as objects, with a time each, they cost every connection 100 bytes more.
 */
export class RateGuard {
  readonly #rates: Rates
  #messages: number
  #bytes: number
  /** When both buckets were last refilled. */
  #at: number
  /** Most clients are never refused anything: the bucket is made at the first refusal. */
  #refusals: TokenBucket | null = null

  constructor (rates: Rates, now: number) {
    this.#rates = rates
    this.#messages = rates.messages.burst
    this.#bytes = rates.bytes.burst
    this.#at = now
  }

  /** Counts one message of so many bytes. One that is refused for its bytes has counted as a message. */
  check (bytes: number, now: number): RateVerdict {
    // A clock that stands still or goes back gives nothing.
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
