/**
 * How much more the server is sure to take: its token bucket, as low as it can be. What was sent may arrive at any
 * moment until the server is known to have it, and what a full bucket would have gained meanwhile is lost. So it
 * counts as gone from when it is sent, and the bucket fills up as if it were still there.
 */
export class Allowance {
  readonly rate: number
  readonly burst: number
  #level: number
  #at: number
  #underWay = 0

  /** `rate` comes back per second; at most `burst` is there. */
  constructor (rate: number, burst: number, now: number) {
    this.rate = rate
    this.burst = burst
    this.#level = burst
    this.#at = now
  }

  /** What was sent and is not known to have arrived. */
  get underWay (): number {
    return this.#underWay
  }

  /** The same under other limits. */
  changed (rate: number, burst: number, now: number): Allowance {
    this.#refill(now)
    const next = new Allowance(rate, burst, now)
    next.#level = burst - (this.burst - this.#level)
    next.#underWay = this.#underWay
    return next
  }

  send (amount: number): void {
    this.#underWay += amount
  }

  arrive (amount: number, now: number): void {
    this.#refill(now)
    this.#level -= amount
    this.#underWay -= amount
  }

  /** In how many ms so much may be sent; `Infinity` where that takes an answer of the server first. */
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
