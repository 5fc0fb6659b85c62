/** The time as the rooms see it. A test can give them another clock. All values are in ms. */
export interface Clock {
  /** A monotonic reading, of which only differences mean something. Rates use it: clients go on sending while the process stands still. */
  now (): number
  /**
   * Lived time: the same, without the time during which the process stood still. Deadlines use it: a client is not late if
   * the process could not read what it sent.
   */
  lived (): number
  /**
   * Runs `task` once after `ms` of {@link Clock.lived}, and not before what had arrived by then was read.
   * What it returns is handed to {@link Clock.cancel}.
   */
  after (ms: number, task: () => void): unknown
  /**
   * Runs `task` once after `ms` of {@link Clock.now}, or as soon as a process that stands still then goes on: for what others count by their
   * own time. {@link Clock.cancel} takes what it returns.
   */
  alarm (ms: number, task: () => void): unknown
  cancel (timer: unknown): void
}

/** How often the clock checks that the event loop still turns, and how late a check must be to count as a standstill, in ms. */
const LOOK_EVERY = 100
const LATE = 100
/**
 * How many standstills are given back at once, and the lived time after which one more may be, in ms. The rest counts as lived time:
 * otherwise a server that stands still again and again would put off its deadlines for ever, and dead peers would keep their seats.
 */
const GIVEN_AT_ONCE = 20
const GIVEN_EVERY = 10_000

interface Waiting {
  timer: NodeJS.Timeout | null
  immediate: NodeJS.Immediate | null
  /** When it is due, in lived time. */
  readonly due: number
  /** How much of the lost time this timer has already been given. */
  lost: number
}

/**
 * The machine's clock. Its timers never keep a process alive; open sockets do that. Whoever sets a timer also ends it.
 *
 * An event loop can be held up by a synchronous hash of the host, and a process or its machine can be paused. Timers that fell
 * due meanwhile run first, before anything is read (libuv looks at timers, then polls): so each waits for one poll more, and
 * the time that the loop lost is given back to all of them. A check that comes late says how much that was.
 */
class SystemClock implements Clock {
  #lost = 0
  #looksAt = 0
  /** When the allowance for standstills is full again, in lived time. */
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

  alarm (ms: number, task: () => void): Waiting {
    const waiting: Waiting = { timer: null, immediate: null, due: Infinity, lost: 0 }
    this.#waiting.add(waiting)
    waiting.timer = setTimeout(() => {
      this.#waiting.delete(waiting)
      this.#restIfIdle()
      task()
    }, ms).unref()
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
        // Handling what was read in between may itself have held up the loop.
        if (this.#prolong(waiting, task)) return
        this.#waiting.delete(waiting)
        this.#restIfIdle()
        task()
      })
    }, ms).unref()
  }

  /** Gives back the time that was lost since the timer was set, less the time by which the timer is already late. */
  #prolong (waiting: Waiting, task: () => void): boolean {
    const more = waiting.due - this.lived()
    // Without a standstill the timer is due, even if Node has fired it a fraction of a millisecond early.
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
