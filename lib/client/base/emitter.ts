type Listener<T> = (payload: T) => void

/** Typed events. What a listener throws is reported to the page and never stops the other listeners or the SDK. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>()

  /** Calls `listener` at each `name`; returns a function that ends it. */
  on<K extends keyof Events> (name: K, listener: Listener<Events[K]>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(listener))
    return () => this.off(name, listener)
  }

  off<K extends keyof Events> (name: K, listener: Listener<Events[K]>): void {
    this.#listeners.get(name)?.delete(listener)
  }

  protected emit<K extends keyof Events> (name: K, payload: Events[K]): void {
    const listeners = this.#listeners.get(name) as Set<Listener<Events[K]>> | undefined
    for (const listener of [...listeners ?? []]) guarded(() => listener(payload))
  }
}

/** Runs code of the application: its fault becomes the page's `error` event, as from any event listener. */
export function guarded (run: () => void): void {
  try {
    run()
  } catch (error) {
    queueMicrotask(() => { throw error })
  }
}
