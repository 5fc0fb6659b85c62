/** The part of a connection that is needed while it has not joined a room. */
export interface UnjoinedConnection {
  /** The key under which its address is counted. */
  readonly key: string
  /** Whether one of its joins is not answered yet. */
  readonly joining: boolean
  close (reason: 'tryLater'): void
  terminate (): void
}

/**
 * The connections that have never joined a room, by address, the oldest first. When an address reaches its limit, the oldest of them is closed for a
 * new one. Ant Media's SDK for React Native opens a socket at each render and uses only the first. Without this, nobody else behind its NAT could
 * connect. A connection that has joined, or is joining, is never closed for another one.
 */
export class UnjoinedConnections {
  /** How many connections of one address may be closing for a new one at the same time. */
  readonly #maxClosing: number
  readonly #unjoined = new Map<string, Set<UnjoinedConnection>>()
  readonly #closing = new Map<string, Set<UnjoinedConnection>>()

  /** @param perAddress how many connections an address may have */
  constructor (perAddress: number) {
    this.#maxClosing = Math.max(1, Math.floor(perAddress / 8))
  }

  /** Adds a connection that is open. */
  add (connection: UnjoinedConnection): void {
    put(this.#unjoined, connection)
  }

  /** The connection has joined a room. From now on it is not closed for another one. */
  joined (connection: UnjoinedConnection): void {
    take(this.#unjoined, connection)
  }

  /**
   * The connection is closed.
   *
   * @returns whether it was closed for a new one, which has its place in the count already
   */
  remove (connection: UnjoinedConnection): boolean {
    take(this.#unjoined, connection)
    return take(this.#closing, connection)
  }

  /** Whether a connection of this address could be closed for a new one. */
  has (key: string): boolean {
    return this.#oldest(key) !== undefined
  }

  /** Closes the oldest connection of this address for a new one. Returns false if there is none. */
  closeOldest (key: string): boolean {
    const oldest = this.#oldest(key)
    if (oldest === undefined) return false
    take(this.#unjoined, oldest)
    put(this.#closing, oldest)
    const closing = this.#closing.get(key)
    oldest.close('tryLater')
    // A client that does not answer the close frame stays for some seconds and is not counted. So only a few of them may be there.
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
