/** Where the rooms get the time from, so that a test can move it. Milliseconds throughout. */
export interface Clock {
  /** A monotonic reading; only differences mean something. For rates: clients send while we stand still. */
  now (): number
  /**
   * The same without the time in which the process stood still. For deadlines: who could not be heard because we did
   * not listen is not late.
   */
  lived (): number
  /**
   * Runs `task` once after `ms` of {@link Clock.lived}, and not before what had arrived by then was read.
   * What it returns is handed to {@link Clock.cancel}.
   */
  after (ms: number, task: () => void): unknown
  cancel (timer: unknown): void
}

/** How often it is looked whether the event loop still turns, and from how much on a late look counts as a standstill, ms. */
const LOOK_EVERY = 100
const LATE = 100
/**
 * How many standstills are given back at once, and after how much time lived one more is, ms. The rest counts as lived: or a server
 * that stands still again and again would put its deadlines off for ever, and the dead would keep their seats.
 */
const GIVEN_AT_ONCE = 20
const GIVEN_EVERY = 10_000

interface Waiting {
  timer: NodeJS.Timeout | null
  immediate: NodeJS.Immediate | null
  /** When it is due, in time lived. */
  readonly due: number
  /** How much of all the lost time it knows of. */
  lost: number
}

/**
 * The machine's clock. Its timers never keep a process alive: whoever set one ends it, and an open socket does the rest.
 *
 * An event loop can be held up by a synchronous hash of the host, and a process or its machine can be paused. Timers that fell
 * due meanwhile run first, before anything is read (libuv looks at timers, then polls): so each waits for one poll more, and
 * what the loop lost is given back to all of them. How much that was says a look that comes late.
 */
class SystemClock implements Clock {
  #lost = 0
  #looksAt = 0
  /** When all standstills that were given back are paid for, in time lived. */
  #paidAt = 0
  #look: NodeJS.Timeout | null = null
  readonly #waiting = new Set<Waiting>()

  now (): number {
    return performance.now()
  }

  lived (): number {
    this.#measure()
    return performance.now() - this.#lost
  }

  after (ms: number, task: () => void): Waiting {
    const waiting: Waiting = { timer: null, immediate: null, due: this.lived() + ms, lost: this.#lost }
    this.#waiting.add(waiting)
    if (this.#look === null) this.#lookLater()
    this.#start(waiting, ms, task)
    return waiting
  }

  cancel (timer: unknown): void {
    const waiting = timer as Waiting | null
    if (waiting === null || !this.#waiting.delete(waiting)) return
    if (waiting.timer !== null) clearTimeout(waiting.timer)
    if (waiting.immediate !== null) clearImmediate(waiting.immediate)
    this.#restIfIdle()
  }

  #start (waiting: Waiting, ms: number, task: () => void): void {
    waiting.timer = setTimeout(() => {
      waiting.timer = null
      if (this.#prolong(waiting, task)) return
      // Not unref'd: the poll before it would wait for something to come.
      waiting.immediate = setImmediate(() => {
        waiting.immediate = null
        // What was read in between may have held the loop up.
        if (this.#prolong(waiting, task)) return
        this.#waiting.delete(waiting)
        this.#restIfIdle()
        task()
      })
    }, ms).unref()
  }

  /** Gives the time back that was lost since the timer was set, but for that by which it comes late. */
  #prolong (waiting: Waiting, task: () => void): boolean {
    const more = waiting.due - this.lived()
    // Without a standstill it is due, whatever a timer that is a fraction of a millisecond early makes of it.
    if (this.#lost === waiting.lost || more <= 0) return false
    waiting.lost = this.#lost
    this.#start(waiting, more, task)
    return true
  }

  #measure (): void {
    if (this.#look === null) return
    const now = uptime()
    const late = now - this.#looksAt
    if (late < LATE) return
    this.#looksAt = now + LOOK_EVERY
    const lived = now - late - this.#lost
    const paidAt = Math.max(this.#paidAt, lived) + GIVEN_EVERY
    if (paidAt > lived + GIVEN_AT_ONCE * GIVEN_EVERY) return
    this.#paidAt = paidAt
    this.#lost += late
  }

  #lookLater (): void {
    this.#looksAt = uptime() + LOOK_EVERY
    this.#look = setTimeout(() => {
      this.#measure()
      this.#lookLater()
    }, LOOK_EVERY).unref()
  }

  #restIfIdle (): void {
    if (this.#waiting.size > 0 || this.#look === null) return
    clearTimeout(this.#look)
    this.#look = null
  }
}

/** Of the machine, in ms. */
function uptime (): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1_000 + nanoseconds / 1e6
}

export const systemClock: Clock = new SystemClock()
