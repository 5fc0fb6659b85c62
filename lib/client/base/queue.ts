interface Job {
  run: () => void | Promise<void>
  done: () => void
}

/** Runs tasks one after the other, in the order in which they came. */
export class Queue {
  readonly #fault: (error: unknown) => void
  #waiting: Job[] = []
  #current: Job | null = null

  /** `fault` gets what a task throws; the next task runs all the same. */
  constructor (fault: (error: unknown) => void) {
    this.#fault = fault
  }

  /** Resolves when the task has run, or was given up by `clear`. */
  push (run: Job['run']): Promise<void> {
    return new Promise(resolve => {
      this.#waiting.push({ run, done: resolve })
      if (this.#current === null) void this.#work()
    })
  }

  /**
   * Forgets the tasks that wait and stops waiting for the one that runs: a promise of a closed
   * RTCPeerConnection may never settle (W3C WebRTC 1.0, section 4.4.1.2).
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
      // Cleared meanwhile: what came afterwards has a worker of its own.
      if (this.#current !== job) return
      this.#current = null
      job.done()
    }
  }
}
