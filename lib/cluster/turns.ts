/** Runs tasks one after the other. */
export class Turns {
  readonly #failed: (error: unknown) => void
  readonly #idle: () => void
  #last: Promise<void> = Promise.resolve()
  #waiting = 0
  #behind = 0

  /**
   * @param failed told what a task threw
   * @param idle called when no task waits any more
   */
  constructor (failed: (error: unknown) => void, idle: () => void) {
    this.#failed = failed
    this.#idle = idle
  }

  get isBusy (): boolean {
    return this.#waiting > 0
  }

  /** Whether something waits that came by {@link behind}. */
  get isBehind (): boolean {
    return this.#behind > 0
  }

  /** Runs a task once those before it are done: at once where there are none. */
  behind (task: () => void): void {
    if (this.#waiting === 0) {
      task()
      return
    }
    this.#behind++
    this.add(async () => {
      this.#behind--
      task()
    })
  }

  add (task: () => Promise<void>): void {
    this.#waiting++
    this.#last = this.#last.then(task).catch(this.#failed).then(() => {
      if (--this.#waiting === 0) this.#idle()
    })
  }

  /** Resolves when what was added so far is done. */
  async done (): Promise<void> {
    await this.#last
  }
}
