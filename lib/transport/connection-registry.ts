import type { FastifyBaseLogger } from 'fastify'
import { systemClock, type Clock } from '../rooms/clock.js'
import { Rooms } from '../rooms/room-registry.js'
import type { AppSettings, Settings } from '../config/settings.js'
import { AddressBook } from './limits/address-book.js'
import type { Connection } from './connection.js'
import type { HeartbeatRules } from './heartbeat.js'
import { SafeLog } from './safe-log.js'
import { Strays } from './limits/strays.js'
import type { RateLimit } from './limits/token-bucket.js'

/** What is kept once per set of limits. */
interface Shared {
  book: AddressBook
  strays: Strays
  messages: RateLimit
  bytes: RateLimit
}

/** All connections of one registration of the plugin, and the one timer that looks after them. */
export class ConnectionRegistry {
  readonly settings: Settings
  readonly rooms: Rooms
  readonly clock: Clock
  readonly heartbeat: HeartbeatRules
  readonly log: SafeLog
  readonly #connections = new Set<Connection>()
  readonly #perApp = new Map<string, number>()
  readonly #shared = new Map<AppSettings, Shared>()
  #timer: unknown = null
  #drained: Promise<void> | null = null
  #whenEmpty: (() => void) | null = null

  constructor (settings: Settings, log: FastifyBaseLogger, clock: Clock = systemClock) {
    this.settings = settings
    this.log = new SafeLog(log)
    this.clock = clock
    this.heartbeat = { ...settings.heartbeat, probeTimeout: settings.probeTimeout }
    this.rooms = new Rooms(settings.resume, clock, error => this.log.error({ err: error }, 'a listener of fastify.rooms threw'))
  }

  get connections (): number {
    return this.#connections.size
  }

  /** Who connects and joins how often, of those that share these limits. */
  book (settings: AppSettings): AddressBook {
    return this.#limits(settings).book
  }

  rates (settings: AppSettings): Shared {
    return this.#limits(settings)
  }

  /** The options of an application. */
  settingsOf (app: string): AppSettings {
    return this.settings.listed?.get(app) ?? this.settings.defaults
  }

  /** Whether one more connection fits, in all and into its application. */
  hasCapacity (app: string): boolean {
    return this.#connections.size < this.settings.defaults.limits.connections &&
      (this.#perApp.get(app) ?? 0) < this.settingsOf(app).limits.connectionsPerApp
  }

  /** Whether one more connection of this address fits, be it that another one gives way. */
  admits (settings: AppSettings, key: string): boolean {
    const { book, strays } = this.#limits(settings)
    if (!book.connect(key, this.clock.now())) return strays.any(key)
    book.disconnect(key)
    return true
  }

  /** Counts a connection of this address; false, and not counted, where there is no place for it. */
  takes (settings: AppSettings, key: string): boolean {
    const { book, strays } = this.#limits(settings)
    const now = this.clock.now()
    if (book.connect(key, now)) return true
    if (!strays.giveWay(key)) return false
    book.disconnect(key)
    return book.connect(key, now)
  }

  /** The connection has joined something: it gives way to nobody any more. */
  joined (connection: Connection): void {
    this.#limits(connection.settings).strays.joined(connection)
  }

  add (connection: Connection): void {
    this.#limits(connection.settings).strays.add(connection)
    this.#connections.add(connection)
    this.#perApp.set(connection.app, (this.#perApp.get(connection.app) ?? 0) + 1)
    if (this.#timer === null) this.#arm()
  }

  remove (connection: Connection): void {
    if (!this.#connections.delete(connection)) return
    const left = (this.#perApp.get(connection.app) ?? 1) - 1
    if (left === 0) this.#perApp.delete(connection.app)
    else this.#perApp.set(connection.app, left)
    const { book, strays } = this.#limits(connection.settings)
    if (!strays.remove(connection)) book.disconnect(connection.key)
    if (this.#connections.size === 0) this.#whenEmpty?.()
  }

  /** A time to come back, for one client: no two the same, or they would all come at once. */
  retryAfter (): number {
    return Math.round(this.settings.drain.retryAfter * (0.5 + Math.random()))
  }

  /** Tells every client and closes its connection; cuts off those that have not gone when the grace period is over. */
  drain (): Promise<void> {
    if (this.#drained === null) {
      let gone = (): void => {}
      // Before anybody is told: a listener of the application may ask for it again, and again.
      this.#drained = new Promise<void>(resolve => { gone = resolve }).then(() => this.clock.cancel(this.#timer))
      this.#drain(gone)
    }
    return this.#drained
  }

  #drain (gone: () => void): void {
    // The rooms first: nobody hears of a peer that goes because the server goes.
    this.rooms.drain()
    for (const connection of this.#connections) connection.drain(this.retryAfter())
    if (this.#connections.size === 0) {
      gone()
      return
    }
    const deadline = this.clock.after(this.settings.drain.grace, () => {
      for (const connection of this.#connections) connection.terminate()
    })
    this.#whenEmpty = () => {
      this.clock.cancel(deadline)
      gone()
    }
  }

  #limits (settings: AppSettings): Shared {
    let shared = this.#shared.get(settings)
    if (shared === undefined) {
      const { limits } = settings
      shared = {
        book: new AddressBook({ joinsPerMinute: limits.joinsPerMinute, connections: limits.connectionsPerAddress }),
        strays: new Strays(limits.connectionsPerAddress),
        messages: { rate: limits.messagesPerSecond, burst: limits.messageBurst },
        // A single frame that is allowed must always fit.
        bytes: { rate: limits.bytesPerSecond, burst: Math.max(limits.byteBurst, limits.frameBytes) }
      }
      this.#shared.set(settings, shared)
    }
    return shared
  }

  /** One timer for every deadline of every connection, there while there are connections, or addresses to forget. */
  #arm (): void {
    const { heartbeat } = this.settings
    const period = Math.max(10, Math.min(1_000, Math.min(heartbeat.interval, heartbeat.timeout, this.settings.defaults.limits.joinTimeout) / 4))
    this.#timer = this.clock.after(period, () => {
      const now = this.clock.now()
      const lived = this.clock.lived()
      for (const connection of this.#connections) connection.sweep(lived)
      let addresses = 0
      for (const { book } of this.#shared.values()) {
        book.sweep(now)
        addresses += book.size
      }
      if (this.#connections.size > 0 || addresses > 0) this.#arm()
      else this.#timer = null
    })
  }
}
