import type { Clock } from '../rooms/clock.js'
import { newId } from '../rooms/new-id.js'
import type { AskedByServer, OtherServers, ServerSnapshot } from '../rooms/other-servers.js'
import type { RoomMaker, RoomRegistry } from '../rooms/room-registry.js'
import { ClusterServer } from './cluster-server.js'
import { CommandGate } from './command-gate.js'
import { Members } from './members.js'
import { OutageClock } from './outage-clock.js'
import { RedisArbiter } from './redis-arbiter.js'
import { RedisBackplane } from './redis-backplane.js'
import { connectLike, type HostRedis, type OwnRedis } from './redis-connections.js'
import { SharedRoom } from './shared-room.js'

export interface ClusterOptions {
  redis: HostRedis
  /** Before every key. */
  prefix: string
  /** How long, in ms, a server counts as alive after its last sign of life. */
  lease: number
  /** How long, in ms, Redis may take to answer. */
  timeout: number
  /** How long, in ms, the peers in a full room may take to answer. */
  probeTimeout: number
  /** How much may wait for one other server, in characters. */
  maxWaiting: number
  clock: Clock
  failed (error: unknown): void
}

/** The servers that share one Redis, seen from this one: makes rooms that span them. */
export class Cluster implements OtherServers {
  /** The id of this server: new each time that it starts. */
  readonly id = newId()
  readonly #options: ClusterOptions
  readonly #since = Date.now()
  readonly #writer: OwnRedis
  readonly #reader: OwnRedis
  readonly #gate: CommandGate
  readonly #windowClock: OutageClock
  readonly #members: Members
  readonly #server: ClusterServer
  #rooms: RoomRegistry | null = null
  #wasAway = false
  #renewedAt = -Infinity

  constructor (options: ClusterOptions) {
    this.#options = options
    const { redis, prefix, lease, timeout, probeTimeout, maxWaiting, clock } = options
    // ioredis tells it once for each attempt to connect: what matters is told where a command has no answer.
    const quiet = (): void => {}
    this.#writer = connectLike(redis, quiet)
    this.#reader = connectLike(redis, quiet)
    this.#gate = new CommandGate(this.#writer, clock, timeout)
    // Redis may have come back without its data: that is looked at before anything is asked of it.
    this.#writer.on('close', () => this.#gate.pause())
    this.#writer.on('ready', () => { if (this.#renewedAt !== -Infinity) void this.#members.renewNow() })
    this.#windowClock = new OutageClock(clock)
    this.#members = new Members({
      client: this.#writer,
      gate: this.#gate,
      prefix,
      server: this.id,
      lease,
      clock,
      about: () => ({ since: this.#since, draining: this.#rooms?.draining ?? false, peers: this.#rooms?.size ?? 0 }),
      renewed: lapsed => this.#renewed(lapsed),
      failed: error => this.#away(error),
      died: server => this.#died(server)
    })
    this.#server = new ClusterServer({
      server: this.id,
      arbiter: new RedisArbiter(this.#gate, prefix),
      clock,
      windowClock: this.#windowClock,
      probeTimeout,
      lease,
      connect: received => new RedisBackplane({
        writer: this.#writer, reader: this.#reader, prefix, server: this.id, maxWaiting, clock, received, failed: options.failed
      }),
      isDead: server => this.#members.isDead(server),
      failed: options.failed
    })
  }

  readonly makeRoom: RoomMaker = (app, name, context) => new SharedRoom(app, name, context, this.#server)

  serve (rooms: RoomRegistry): void {
    this.#rooms = rooms
    this.#server.serve(rooms)
  }

  /** Takes the lease. Resolves also where Redis is away: then nobody can join until it is back. */
  async start (): Promise<void> {
    await this.#members.start()
  }

  /** Those that are alive, this one included. */
  get servers (): ServerSnapshot[] {
    return this.#members.alive
  }

  async askAll (method: string, args: readonly unknown[]): Promise<unknown[]> {
    return await this.#server.askAll(this.#others, method, args)
  }

  answerBy (asked: AskedByServer): void {
    this.#server.answerBy(asked)
  }

  async changed (): Promise<void> {
    await this.#members.renewNow()
  }

  /** Says what is still to be said, gives the lease up, and closes our connections. Ends also where Redis is away. */
  async stop (): Promise<void> {
    await this.#server.settled()
    if (!this.#wasAway) await this.#server.passedOn(this.#others)
    // Behind everything that was sent.
    await this.#members.stop().catch(this.#options.failed)
    this.#server.close()
    this.#writer.disconnect()
    this.#reader.disconnect()
  }

  get #others (): string[] {
    return this.#members.alive.flatMap(({ id }) => id === this.id ? [] : id)
  }

  #renewed (lapsed: boolean): void {
    const { clock, lease } = this.#options
    const all = lapsed || this.#wasAway
    // The lease was forgotten before its time, and the seats with it. Each server says its own again, and nobody new may come before them.
    if (lapsed && clock.now() - this.#renewedAt < lease) this.#server.recover(lease)
    this.#renewedAt = clock.now()
    this.#wasAway = false
    this.#windowClock.go()
    this.#gate.open()
    this.#server.renewed(all)
  }

  #away (error: unknown): void {
    this.#wasAway = true
    this.#gate.isShut = true
    this.#windowClock.stop()
    this.#options.failed(error)
    // A connection that is cut somewhere on its way looks as if it were open.
    for (const client of [this.#writer, this.#reader]) if (client.status === 'ready') client.disconnect(true)
  }

  #died (server: string): void {
    if (server !== this.id) this.#server.died(server)
  }
}
