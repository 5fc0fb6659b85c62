import type { Clock } from '../../../lib/rooms/clock.js'
import type { Scheduled, Scheduler } from './scheduler.js'

/** Where something runs: a server, a Redis, a person's browser. It can stand still, and it can die; then nothing of it ever happens again. */
export class Machine {
  readonly name: string
  readonly scheduler: Scheduler
  isDead = false
  #pausedUntil = 0
  #lost = 0
  /** The time as a server sees it. */
  readonly clock: Clock

  constructor (scheduler: Scheduler, name: string) {
    this.scheduler = scheduler
    this.name = name
    this.clock = {
      now: () => scheduler.now,
      lived: () => this.lived(),
      after: (ms, task) => scheduler.add(this, scheduler.now + ms, this.lived() + ms, task),
      alarm: (ms, task) => this.after(ms, task),
      cancel: timer => this.cancel(timer)
    }
  }

  get pausedUntil (): number {
    return this.#pausedUntil
  }

  /** The time without that in which it stood still. */
  lived (): number {
    return Math.max(this.scheduler.now, this.#pausedUntil) - this.#lost
  }

  /** Sets a timer as browsers do: one that falls due while the machine stands still comes late. */
  after (ms: number, task: () => void): Scheduled {
    return this.scheduler.add(this, this.scheduler.now + ms, null, task)
  }

  cancel (timer: unknown): void {
    if (timer !== null && timer !== undefined) (timer as Scheduled).task = null
  }

  /** Stands still for so many ms. What comes meanwhile waits, and its time does not pass. */
  pause (ms: number): void {
    const before = Math.max(this.scheduler.now, this.#pausedUntil)
    this.#pausedUntil = Math.max(before, this.scheduler.now + ms)
    this.#lost += this.#pausedUntil - before
  }
}
