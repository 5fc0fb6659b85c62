/**
 * Random numbers that a seed decides. Each part of a simulation has a stream of its own, named by its purpose: so a part that asks more often
 * changes nothing elsewhere, and a fault that is left out leaves the others as they were.
 */
export class Random {
  #state: number

  constructor (seed: number, purpose: string) {
    // FNV-1a, so that neighbouring seeds and similar names begin far from each other.
    let hash = 2_166_136_261
    for (const char of `${purpose} ${seed}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16_777_619)
    this.#state = hash >>> 0
  }

  /** From 0 to 1 (mulberry32). */
  next (): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  /** A whole number, both ends included. */
  int (least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  /** A duration in ms: short ones are as likely as ones of ten times their length. */
  duration (least: number, most: number): number {
    return Math.round(least * (most / least) ** this.next())
  }

  chance (probability: number): boolean {
    return this.next() < probability
  }

  pick<T> (from: readonly T[]): T {
    return from[this.int(0, from.length - 1)] as T
  }

  /** 32 hexadecimal characters. */
  hex (): string {
    return Array.from({ length: 4 }, () => Math.floor(this.next() * 2 ** 32).toString(16).padStart(8, '0')).join('')
  }
}
