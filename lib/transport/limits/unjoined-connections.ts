/** What is needed of a connection that has joined nothing yet. */
export interface UnjoinedConnection {
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
export class UnjoinedConnections {
  /** How many of one address may still be closing after they gave way. */
  readonly #maxClosing: number
  readonly #unjoined = new Map<string, Set<UnjoinedConnection>>()
  readonly #closing = new Map<string, Set<UnjoinedConnection>>()

  /** @param perAddress how many connections an address may hold */
  constructor (perAddress: number) {
    this.#maxClosing = Math.max(1, Math.floor(perAddress / 8))
  }

  add (connection: UnjoinedConnection): void {
    put(this.#unjoined, connection)
  }

  /** It has joined, and does not give way from now on. */
  joined (connection: UnjoinedConnection): void {
    take(this.#unjoined, connection)
  }

  /**
   * It is closed.
   *
   * @returns whether it had given way, so that its place is another's already.
   */
  remove (connection: UnjoinedConnection): boolean {
    take(this.#unjoined, connection)
    return take(this.#closing, connection)
  }

  /** Whether there is one of this address that could be closed for a newcomer. */
  has (key: string): boolean {
    return this.#oldest(key) !== undefined
  }

  /** Closes the oldest of this address for a newcomer. False where there is none. */
  closeOldest (key: string): boolean {
    const oldest = this.#oldest(key)
    if (oldest === undefined) return false
    take(this.#unjoined, oldest)
    put(this.#closing, oldest)
    const closing = this.#closing.get(key)
    oldest.close('tryLater')
    // Who does not answer the close frame is there for seconds more, and is not counted: so there may be only a few.
    const [longest] = closing ?? []
    if (closing !== undefined && closing.size > this.#maxClosing) longest?.terminate()
    return true
  }

  #oldest (key: string): UnjoinedConnection | undefined {
    for (const connection of this.#unjoined.get(key) ?? []) if (!connection.joining) return connection
    return undefined
  }
}

function put (sets: Map<string, Set<UnjoinedConnection>>, connection: UnjoinedConnection): void {
  const set = sets.get(connection.key)
  if (set === undefined) sets.set(connection.key, new Set([connection]))
  else set.add(connection)
}

function take (sets: Map<string, Set<UnjoinedConnection>>, connection: UnjoinedConnection): boolean {
  const set = sets.get(connection.key)
  if (set?.delete(connection) !== true) return false
  if (set.size === 0) sets.delete(connection.key)
  return true
}
