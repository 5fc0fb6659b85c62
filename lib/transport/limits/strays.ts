/** A connection, as far as giving way has to do with it. */
export interface Stray {
  /** Under which key its address is counted. */
  readonly key: string
  /** Whether a join of it is not answered yet. */
  readonly joining: boolean
  close (reason: 'tryLater'): void
  terminate (): void
}

/**
 * The connections that have never joined, by address, the oldest first. At the limit for one address the oldest of them
 * gives way to a newcomer: Ant Media's SDK for React Native opens a socket at each render and uses only the first, and
 * nobody else behind its NAT could connect. Who has joined once never gives way, nor does who is about to.
 */
export class Strays {
  /** How many of one address may still be closing after they gave way. */
  readonly #maxClosing: number
  readonly #strays = new Map<string, Set<Stray>>()
  readonly #closing = new Map<string, Set<Stray>>()

  /** @param perAddress how many connections an address may hold */
  constructor (perAddress: number) {
    this.#maxClosing = Math.max(1, Math.floor(perAddress / 8))
  }

  add (connection: Stray): void {
    put(this.#strays, connection)
  }

  /** It has joined, and does not give way from now on. */
  joined (connection: Stray): void {
    take(this.#strays, connection)
  }

  /**
   * It is closed.
   *
   * @returns whether it had given way, so that its place is another's already.
   */
  remove (connection: Stray): boolean {
    take(this.#strays, connection)
    return take(this.#closing, connection)
  }

  /** Whether one of this address could give way. */
  any (key: string): boolean {
    return this.#oldest(key) !== undefined
  }

  /** Closes the oldest of this address. False where there is none. */
  giveWay (key: string): boolean {
    const oldest = this.#oldest(key)
    if (oldest === undefined) return false
    take(this.#strays, oldest)
    put(this.#closing, oldest)
    const closing = this.#closing.get(key)
    oldest.close('tryLater')
    // Who does not answer the close frame is there for seconds more, and is not counted: so there may be only a few.
    const [longest] = closing ?? []
    if (closing !== undefined && closing.size > this.#maxClosing) longest?.terminate()
    return true
  }

  #oldest (key: string): Stray | undefined {
    for (const stray of this.#strays.get(key) ?? []) if (!stray.joining) return stray
    return undefined
  }
}

function put (sets: Map<string, Set<Stray>>, connection: Stray): void {
  const set = sets.get(connection.key)
  if (set === undefined) sets.set(connection.key, new Set([connection]))
  else set.add(connection)
}

function take (sets: Map<string, Set<Stray>>, connection: Stray): boolean {
  const set = sets.get(connection.key)
  if (set?.delete(connection) !== true) return false
  if (set.size === 0) sets.delete(connection.key)
  return true
}
