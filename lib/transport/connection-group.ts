import type { AppSettings, Settings } from '../config/settings.js'
import type { ToldLimits } from '../protocol/server-messages.js'
import type { Clock } from '../rooms/clock.js'
import type { RoomRegistry } from '../rooms/room-registry.js'
import type { WriteTurn } from './frame-writer.js'
import type { HeartbeatRules } from './heartbeat.js'
import { AddressBook } from './limits/address-book.js'
import type { Rates } from './limits/rate-guard.js'
import { UnjoinedConnections, type UnjoinedConnection } from './limits/unjoined-connections.js'

/** What a connection needs of the server around it. */
export interface ConnectionServer {
  readonly settings: Settings
  readonly rooms: RoomRegistry
  readonly clock: Clock
  readonly heartbeat: HeartbeatRules
  readonly writeTurn: WriteTurn
  /** The time after which one client may come back, in ms. */
  retryAfter (): number
  /** The connection is closed. */
  remove (connection: UnjoinedConnection): void
}

/** The connections of all applications that have the same options. They share limits and counts. */
export class ConnectionGroup {
  readonly settings: AppSettings
  /** The limits that a client is told: those of a single connection. Limits per address or server are not told. */
  readonly toldLimits: ToldLimits
  readonly rates: Rates
  /** Counts connections and joins by address. */
  readonly addresses: AddressBook
  readonly #unjoined: UnjoinedConnections

  constructor (settings: AppSettings) {
    const { limits } = settings
    const { messagesPerSecond, messageBurst, bytesPerSecond, byteBurst, frameBytes, waitingFrames } = limits
    this.settings = settings
    this.toldLimits = { messagesPerSecond, messageBurst, bytesPerSecond, byteBurst, frameBytes, waitingFrames }
    this.rates = {
      messages: { rate: messagesPerSecond, burst: messageBurst },
      // A frame of the largest size must always fit into a full bucket.
      bytes: { rate: bytesPerSecond, burst: Math.max(byteBurst, frameBytes) }
    }
    this.addresses = new AddressBook({ joinsPerMinute: limits.joinsPerMinute, connections: limits.connectionsPerAddress })
    this.#unjoined = new UnjoinedConnections(limits.connectionsPerAddress)
  }

  /** Whether one more connection of this address is allowed. If the limit is reached, one that has not joined may be closed for it. */
  hasCapacity (key: string, now: number): boolean {
    if (!this.addresses.connect(key, now)) return this.#unjoined.has(key)
    this.addresses.disconnect(key)
    return true
  }

  /** Counts a connection of this address. Returns false, and does not count it, if the limit is reached and none can be closed for it. */
  take (key: string, now: number): boolean {
    if (this.addresses.connect(key, now)) return true
    if (!this.#unjoined.closeOldest(key)) return false
    this.addresses.disconnect(key)
    return this.addresses.connect(key, now)
  }

  /** Adds a connection whose address was counted by {@link take}. */
  add (connection: UnjoinedConnection): void {
    this.#unjoined.add(connection)
  }

  /** The connection has joined a room. From now on it is not closed for another one. */
  joined (connection: UnjoinedConnection): void {
    this.#unjoined.joined(connection)
  }

  /** The connection is closed. */
  remove (connection: UnjoinedConnection): void {
    if (!this.#unjoined.remove(connection)) this.addresses.disconnect(connection.key)
  }
}
