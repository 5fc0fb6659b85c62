/** Waits until no promise has anything left to do. A tick of the process runs only when the queue of the promises is empty. */
export async function promisesDone (): Promise<void> {
  await undefined
  await new Promise<void>(resolve => { process.nextTick(resolve) })
}

/** One turn of the event loop; whatever promises have to do is done before it is over. */
export function turn (): Promise<void> {
  return new Promise(resolve => { setImmediate(resolve) })
}

/** Counts what fakes have begun and not ended, so that a test can wait until nothing of it is left. */
export class Pending {
  #count = 0

  get count (): number {
    return this.#count
  }

  /** Runs a task in the next turn of the event loop. */
  task (run: () => void): void {
    this.#count++
    setImmediate(() => {
      this.#count--
      run()
    })
  }

  /** One turn of the event loop, which counts until it is over. */
  turn (): Promise<void> {
    return new Promise(resolve => { this.task(resolve) })
  }

  /** Counts a promise until it is fulfilled or rejected. */
  async until<T> (promise: Promise<T>): Promise<T> {
    this.#count++
    try {
      return await promise
    } finally {
      this.#count--
    }
  }
}
