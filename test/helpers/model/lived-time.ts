import { TestClock } from '../fakes/test-clock.js'
import type { Occurrence, Tally } from './occurrences.js'

/** A moment in time lived, and for how long the server had stood still before it. */
export interface Moment {
  at: number
  stood: number
}

/** Time as the oracle knows it: while the server stands still, none passes for anybody. */
export class LivedTime {
  static readonly NEVER: Moment = { at: -Infinity, stood: 0 }

  readonly clock = new TestClock()
  readonly #tally: Tally
  /** For how long the server has stood still in all, ms. */
  #stood = 0

  constructor (tally: Tally) {
    this.#tally = tally
  }

  stall (ms: number): void {
    this.#tally.note('a standstill')
    this.#stood += ms
  }

  now (): Moment {
    return { at: this.clock.now(), stood: this.#stood }
  }

  /** Whether less than `span` ms were lived since then; `justSo` is noted where that is true only since standstills do not count. */
  within (since: Moment, span: number, justSo: Occurrence): boolean {
    const lived = this.clock.now() - since.at
    if (lived >= span) return false
    if (lived + this.#stood - since.stood >= span) this.#tally.note(justSo)
    return true
  }
}
