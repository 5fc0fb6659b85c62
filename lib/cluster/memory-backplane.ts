import type { Backplane, BackplaneListener } from '../rooms/backplane.js'

/** Carries messages between servers of one process, for tests and simulations. */
export class MemoryNetwork {
  readonly #listeners = new Map<string, BackplaneListener>()

  connect (server: string, received: BackplaneListener): Backplane {
    const listeners = this.#listeners
    listeners.set(server, received)
    let open = true
    return {
      send (to, message) {
        // As between machines: never before `send` returns, and not to one that has ended meanwhile.
        if (open) setImmediate(() => { if (open) listeners.get(to)?.(server, message) })
        return open
      },
      async written () {},
      close () {
        open = false
        listeners.delete(server)
      }
    }
  }
}
