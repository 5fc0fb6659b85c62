import type { Clock } from '../../../lib/rooms/clock.js'

interface Timer {
  at: number
  /** Whether it falls due later where the process stands still. */
  readonly waits: boolean
  task: () => void
}

/** A clock that stands still until the test moves it. Timers that are due at the same instant run in the order in which they were set. */
export class TestClock implements Clock {
  #now = 0
  #lost = 0
  #timers: Timer[] = []

  now (): number {
    return this.#now
  }

  lived (): number {
    return this.#now - this.#lost
  }

  /** The process stands still for `ms`: that much later everything falls due. */
  stall (ms: number): void {
    this.#now += ms
    this.#lost += ms
    for (const timer of this.#timers) if (timer.waits) timer.at += ms
  }

  /** A page stands still for `ms`: what falls due meanwhile comes late, with the next that moves the clock. */
  leap (ms: number): void {
    this.#now += ms
  }

  /** How many timers are set. */
  get pending (): number {
    return this.#timers.length
  }

  after (ms: number, task: () => void): Timer {
    return this.#set({ at: this.#now + ms, waits: true, task })
  }

  alarm (ms: number, task: () => void): Timer {
    return this.#set({ at: this.#now + ms, waits: false, task })
  }

  cancel (timer: unknown): void {
    const index = this.#timers.indexOf(timer as Timer)
    if (index !== -1) this.#timers.splice(index, 1)
  }

  /** Moves on by `ms`, and runs what falls due on the way; `between` runs after each timer. */
  advance (ms: number, between: () => void = () => {}): void {
    const end = this.#now + ms
    while (this.#runNext(end)) between()
    this.#now = end
  }

  /** As {@link advance}, for what hangs on promises. */
  async advanceSlowly (ms: number, between: () => Promise<void>): Promise<void> {
    const end = this.#now + ms
    while (this.#runNext(end)) await between()
    this.#now = end
  }

  #set (timer: Timer): Timer {
    this.#timers.push(timer)
    return timer
  }

  #runNext (end: number): boolean {
    let next: Timer | undefined
    for (const timer of this.#timers) if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer
    if (next === undefined) return false
    this.cancel(next)
    this.#now = Math.max(this.#now, next.at)
    next.task()
    return true
  }
}
