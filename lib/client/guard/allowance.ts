/**
 * A copy of the server's token bucket, which is never fuller than the server's own. A message may arrive at any moment between its sending and
 * its confirmation, and a bucket that is full meanwhile gains nothing. So a message counts from when it is sent, but is only taken from the
 * bucket once it is confirmed.
 */
export class Allowance {
  /** How much the bucket gains per second. */
  readonly rate: number
  /** The most that the bucket holds. */
  readonly burst: number
  #level: number
  #at: number
  #underWay = 0

  /** @param now the time in ms */
  constructor (rate: number, burst: number, now: number) {
    this.rate = rate
    this.burst = burst
    this.#level = burst
    this.#at = now
  }

  /** How much was sent and is not confirmed. */
  get underWay (): number {
    return this.#underWay
  }

  /** Makes a bucket with other limits, which lacks as much as this one. */
  changed (rate: number, burst: number, now: number): Allowance {
    this.#refill(now)
    const next = new Allowance(rate, burst, now)
    next.#level = burst - (this.burst - this.#level)
    next.#underWay = this.#underWay
    return next
  }

  /** So much is sent. */
  send (amount: number): void {
    this.#underWay += amount
  }

  /** So much is confirmed. */
  arrive (amount: number, now: number): void {
    this.#refill(now)
    this.#level -= amount
    this.#underWay -= amount
  }

  /** The time in ms after which so much may be sent. Infinity if earlier messages have to be confirmed first. */
  delay (amount: number, now: number): number {
    this.#refill(now)
    const needed = Math.min(amount, this.burst) + this.#underWay
    if (needed <= this.#level) return 0
    if (needed > this.burst) return Infinity
    return Math.ceil((needed - this.#level) / this.rate * 1000)
  }

  #refill (now: number): void {
    this.#level = Math.min(this.burst, this.#level + this.rate * Math.max(now - this.#at, 0) / 1000)
    this.#at = now
  }
}
