import { systemClock, type Clock } from '../rooms/clock.js'
import type { OtherServers } from '../rooms/other-servers.js'
import { RoomRegistry, type RoomMaker } from '../rooms/room-registry.js'
import type { AppSettings, Settings } from '../config/settings.js'
import type { Connection } from './connection.js'
import { ConnectionGroup, type ConnectionServer } from './connection-group.js'
import { WriteTurn } from './frame-writer.js'
import type { HeartbeatRules } from './heartbeat.js'

/** How often a server that drains looks whether others do too, in ms. */
const LOOK_EVERY = 250

/** All connections of one registration of the plugin, and the one timer that checks their deadlines. */
export class ConnectionRegistry implements ConnectionServer {
  readonly settings: Settings
  readonly rooms: RoomRegistry
  readonly others: OtherServers | undefined
  readonly clock: Clock
  readonly heartbeat: HeartbeatRules
  readonly writeTurn: WriteTurn
  readonly #connections = new Set<Connection>()
  readonly #perApp = new Map<string, number>()
  readonly #groups = new Map<AppSettings, ConnectionGroup>()
  #timer: unknown = null
  #drained: Promise<void> | null = null
  #whenEmpty: (() => void) | null = null

  /** @param shared the servers that share the rooms of this one, and who makes such rooms */
  constructor (settings: Settings, clock: Clock = systemClock, shared?: OtherServers & { makeRoom: RoomMaker }) {
    this.others = shared
    this.settings = settings
    this.clock = clock
    this.writeTurn = new WriteTurn(clock)
    this.heartbeat = { ...settings.heartbeat, probeTimeout: settings.probeTimeout }
    this.rooms = new RoomRegistry(settings.resume, clock, shared?.makeRoom)
    this.rooms.events.server = shared?.id
  }

  get connections (): number {
    return this.#connections.size
  }

  /** The options of an application: its own if it is listed, otherwise the defaults. */
  settingsOf (app: string): AppSettings {
    return this.settings.listed?.get(app) ?? this.settings.defaults
  }

  /** Whether one more connection is allowed, by the limits for the server and for the application. */
  hasCapacity (app: string): boolean {
    return this.#connections.size < this.settings.defaults.limits.connections &&
      (this.#perApp.get(app) ?? 0) < this.settingsOf(app).limits.connectionsPerApp
  }

  /** The group that the connections of an application belong to. */
  groupOf (app: string): ConnectionGroup {
    const settings = this.settingsOf(app)
    let group = this.#groups.get(settings)
    if (group === undefined) this.#groups.set(settings, group = new ConnectionGroup(settings))
    return group
  }

  /** Adds a connection that is open. */
  add (connection: Connection): void {
    connection.group.add(connection)
    this.#connections.add(connection)
    this.#perApp.set(connection.app, (this.#perApp.get(connection.app) ?? 0) + 1)
    if (this.#timer === null) this.#arm()
  }

  /** Removes a connection that is closed. */
  remove (connection: Connection): void {
    if (!this.#connections.delete(connection)) return
    const left = (this.#perApp.get(connection.app) ?? 1) - 1
    if (left === 0) this.#perApp.delete(connection.app)
    else this.#perApp.set(connection.app, left)
    connection.group.remove(connection)
    if (this.#connections.size === 0) this.#whenEmpty?.()
  }

  /** The time after which one client may come back, in ms. It is random, so that not all clients come at the same time. */
  retryAfter (): number {
    return Math.round(this.settings.drain.retryAfter * (0.5 + Math.random()))
  }

  /**
   * Tells every client to come back later and closes its connection. Where there is another server to come back to, waits until it has taken
   * their seats over. After the grace period cuts off those that are still there, and ends the seats. Idempotent.
   */
  drain (): Promise<void> {
    if (this.#drained === null) {
      let gone = (): void => {}
      // It is set before any client is told, because a listener of the application may call drain() again.
      this.#drained = new Promise<void>(resolve => { gone = resolve }).then(() => this.clock.cancel(this.#timer))
      this.#drain(gone)
    }
    return this.#drained
  }

  #drain (gone: () => void): void {
    const { others, rooms } = this
    // The rooms drain first: no client is told that its peer has left, when all of them leave.
    rooms.drain(others !== undefined)
    if (others !== undefined) void this.#lookForOthers(others)
    for (const connection of this.#connections) connection.drain(this.retryAfter())
    const deadline = this.clock.after(this.settings.drain.grace, () => {
      for (const connection of this.#connections) connection.terminate()
      rooms.drain(false)
    })
    this.#whenEmpty = rooms.whenEmpty = () => {
      if (this.#connections.size + rooms.size > 0) return
      this.clock.cancel(deadline)
      gone()
    }
    this.#whenEmpty()
  }

  /** Keeps no seat for others to take over where all of them drain too: nobody can come back to anywhere. */
  async #lookForOthers (others: OtherServers): Promise<void> {
    await others.changed()
    if (!others.servers.some(({ id, draining }) => id !== others.id && !draining)) this.rooms.drain(false)
    else if (this.rooms.size > 0) this.clock.after(LOOK_EVERY, () => { void this.#lookForOthers(others) })
  }

  /** Starts the one timer for all deadlines of all connections. It runs while there are connections, or addresses to forget. */
  #arm (): void {
    const { heartbeat } = this.settings
    const period = Math.max(10, Math.min(1_000, Math.min(heartbeat.interval, heartbeat.timeout, this.settings.defaults.limits.joinTimeout) / 4))
    this.#timer = this.clock.after(period, () => {
      const now = this.clock.now()
      const lived = this.clock.lived()
      for (const connection of this.#connections) connection.sweep(lived)
      let addresses = 0
      for (const group of this.#groups.values()) {
        group.addresses.sweep(now)
        addresses += group.addresses.size
      }
      if (this.#connections.size > 0 || addresses > 0) this.#arm()
      else this.#timer = null
    })
  }
}
