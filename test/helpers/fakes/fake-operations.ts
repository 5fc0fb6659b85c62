import type { FakeIce } from './fake-ice.js'

/** The operations of one connection, one after the other (W3C WebRTC 1.0, section 4.4.1.2, "chain"). */
export class FakeOperations {
  readonly #ice: FakeIce
  readonly #isClosed: () => boolean
  #chain: Promise<unknown> = Promise.resolve()
  #length = 0
  #whenEmpty: (() => void) | null = null

  constructor (ice: FakeIce, isClosed: () => boolean) {
    this.#ice = ice
    this.#isClosed = isClosed
  }

  get isEmpty (): boolean {
    return this.#length === 0
  }

  /** Runs something as soon as no operation is left, in place of what was to run then before. */
  whenEmpty (run: () => void): void {
    this.#whenEmpty = run
  }

  add<T> (run: () => T): Promise<T> {
    this.#length++
    const result = this.#chain.then(async () => {
      await this.#ice.pause()
      // Promises of a closed connection are never fulfilled or rejected.
      if (this.#isClosed()) await new Promise(() => {})
      return run()
    }).finally(() => {
      this.#length--
      if (!this.isEmpty || this.#whenEmpty === null) return
      const next = this.#whenEmpty
      this.#whenEmpty = null
      next()
    })
    this.#chain = result.catch(() => {})
    return result
  }
}
