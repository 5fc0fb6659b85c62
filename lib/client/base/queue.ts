/** @internal */
interface Job {
  run: () => void | Promise<void>
  done: () => void
}

/** Runs asynchronous tasks one after the other, in the order in which they were added. */
export class Queue {
  readonly #fault: (error: unknown) => void
  #waiting: Job[] = []
  #current: Job | null = null

  /** @param fault called with what a task throws. The next task runs nevertheless */
  constructor (fault: (error: unknown) => void) {
    this.#fault = fault
  }

  /** Adds a task. Resolves when it has run, even if it threw, or when it was dropped by `clear`. */
  push (run: Job['run']): Promise<void> {
    return new Promise(resolve => {
      this.#waiting.push({ run, done: resolve })
      if (this.#current === null) void this.#work()
    })
  }

  /**
   * Drops the waiting tasks, and does not wait any longer for the one that runs. A promise of a closed RTCPeerConnection may stay pending for ever
   * (W3C WebRTC 1.0, section 4.4.1.2).
   */
  clear (): void {
    const jobs = this.#waiting
    if (this.#current !== null) jobs.push(this.#current)
    this.#waiting = []
    this.#current = null
    for (const job of jobs) job.done()
  }

  async #work (): Promise<void> {
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
      this.#current = job
      try {
        await job.run()
      } catch (error) {
        if (this.#current === job) this.#fault(error)
      }
      // The queue was cleared meanwhile. Tasks that were added later run in a loop of their own.
      if (this.#current !== job) return
      this.#current = null
      job.done()
    }
  }
}
