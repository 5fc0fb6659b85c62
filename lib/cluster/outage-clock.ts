import type { Clock } from '../rooms/clock.js'

/** How often it is looked at whether an outage is over, in ms. */
const LOOK_EVERY = 250

interface Waiting {
  timer: unknown
}

/** Time without the outages of what decides who sits where: a clock that is stopped and goes on. */
export class OutageClock implements Clock {
  readonly #clock: Clock
  /** How long all outages before were, in lived time. */
  #lost = 0
  #stoppedAt: number | null = null

  constructor (clock: Clock) {
    this.#clock = clock
  }

  get isStopped (): boolean {
    return this.#stoppedAt !== null
  }

  stop (): void {
    this.#stoppedAt ??= this.#clock.lived()
  }

  go (): void {
    if (this.#stoppedAt === null) return
    this.#lost += this.#clock.lived() - this.#stoppedAt
    this.#stoppedAt = null
  }

  now (): number {
    return this.#clock.now()
  }

  lived (): number {
    return (this.#stoppedAt ?? this.#clock.lived()) - this.#lost
  }

  after (ms: number, task: () => void): Waiting {
    const due = this.lived() + ms
    const waiting: Waiting = { timer: null }
    const start = (left: number): void => {
      waiting.timer = this.#clock.after(left, () => {
        const more = due - this.lived()
        if (more <= 0 && !this.isStopped) task()
        else start(Math.max(LOOK_EVERY, more))
      })
    }
    start(ms)
    return waiting
  }

  /** By the time that goes on. */
  alarm (ms: number, task: () => void): Waiting {
    return { timer: this.#clock.alarm(ms, task) }
  }

  cancel (timer: unknown): void {
    this.#clock.cancel((timer as Waiting | null)?.timer ?? null)
  }
}
