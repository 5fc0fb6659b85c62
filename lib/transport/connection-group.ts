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
  /** A time to come back, ms, for one client. */
  retryAfter (): number
  /** The connection is closed. */
  remove (connection: UnjoinedConnection): void
}

/** The connections of all applications with the same options, and what they share. */
export class ConnectionGroup {
  readonly settings: AppSettings
  /** What a client is told of its limits: only what is about its connection alone. */
  readonly toldLimits: ToldLimits
  readonly rates: Rates
  /** Who connects and joins how often. */
  readonly addresses: AddressBook
  readonly #unjoined: UnjoinedConnections

  constructor (settings: AppSettings) {
    const { limits } = settings
    const { messagesPerSecond, messageBurst, bytesPerSecond, byteBurst, frameBytes, waitingFrames } = limits
    this.settings = settings
    this.toldLimits = { messagesPerSecond, messageBurst, bytesPerSecond, byteBurst, frameBytes, waitingFrames }
    this.rates = {
      messages: { rate: messagesPerSecond, burst: messageBurst },
      // A single frame that is allowed must always fit.
      bytes: { rate: bytesPerSecond, burst: Math.max(byteBurst, frameBytes) }
    }
    this.addresses = new AddressBook({ joinsPerMinute: limits.joinsPerMinute, connections: limits.connectionsPerAddress })
    this.#unjoined = new UnjoinedConnections(limits.connectionsPerAddress)
  }

  /** Whether one more connection of this address fits, be it that another one gives way. */
  hasCapacity (key: string, now: number): boolean {
    if (!this.addresses.connect(key, now)) return this.#unjoined.has(key)
    this.addresses.disconnect(key)
    return true
  }

  /** Counts a connection of this address; false, and not counted, where there is no place for it. */
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

  /** The connection has joined something: it gives way to nobody any more. */
  joined (connection: UnjoinedConnection): void {
    this.#unjoined.joined(connection)
  }

  /** The connection is closed. */
  remove (connection: UnjoinedConnection): void {
    if (!this.#unjoined.remove(connection)) this.addresses.disconnect(connection.key)
  }
}
