type Listener<T> = (payload: T) => void

/** Typed events. If a listener throws, the page gets its error, and the other listeners and the SDK go on. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>()

  /** Adds a listener to an event. Returns a function that removes it. */
  on<K extends keyof Events> (name: K, listener: Listener<Events[K]>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(listener))
    return () => this.off(name, listener)
  }

  /** Removes a listener. */
  off<K extends keyof Events> (name: K, listener: Listener<Events[K]>): void {
    this.#listeners.get(name)?.delete(listener)
  }

  protected emit<K extends keyof Events> (name: K, payload: Events[K]): void {
    const listeners = this.#listeners.get(name) as Set<Listener<Events[K]>> | undefined
    for (const listener of [...listeners ?? []]) guarded(() => listener(payload))
  }

  /** Emits what `source` emits by these names as its own. */
  protected forward<Inner extends object, K extends keyof Inner & keyof Events> (
    source: Emitter<Inner>, ...names: Array<Inner[K] extends Events[K] ? K : never>
  ): void {
    for (const name of names) source.on(name, payload => this.emit(name, payload as unknown as Events[K]))
  }
}

/** Runs code of the application. What it throws becomes an `error` event of the page, as it does from any event listener. */
export function guarded (run: () => void): void {
  try {
    run()
  } catch (error) {
    queueMicrotask(() => { throw error })
  }
}
