import type { Clock } from '../rooms/clock.js'
import { newId } from '../rooms/new-id.js'
import type { AskedByServer, OtherServers, ServerSnapshot } from '../rooms/other-servers.js'
import type { RoomMaker, RoomRegistry } from '../rooms/room-registry.js'
import { ClusterServer } from './cluster-server.js'
import { CommandGate, NoAnswerError } from './command-gate.js'
import { Members } from './members.js'
import { OutageClock } from './outage-clock.js'
import { COUNTED_FOR, KEPT_FOR } from './record-times.js'
import { RedisArbiter } from './redis-arbiter.js'
import { RedisBackplane } from './redis-backplane.js'
import { connectLike, type HostRedis, type OwnRedis } from './redis-connections.js'
import { RedisRoomCount } from './room-count.js'
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
  /** For messages to other servers, and for the lease. */
  readonly #writer: OwnRedis
  readonly #reader: OwnRedis
  /** For who sits where. What is said there must be looked at before it is said again. */
  readonly #decider: OwnRedis
  readonly #gate: CommandGate
  readonly #windowClock: OutageClock
  readonly #members: Members
  readonly #server: ClusterServer
  #rooms: RoomRegistry | null = null
  #wasAway = false
  #isKnown = false

  constructor (options: ClusterOptions) {
    this.#options = options
    const { redis, prefix, lease, timeout, probeTimeout, maxWaiting, clock } = options
    // ioredis tells it once for each attempt to connect: what matters is told where a command has no answer.
    const quiet = (): void => {}
    this.#writer = connectLike(redis, quiet)
    this.#reader = connectLike(redis, quiet)
    this.#decider = connectLike(redis, quiet, false)
    this.#gate = new CommandGate(this.#decider, clock, timeout)
    // Redis may have come back without its data, or without its last writes: that is looked at before anything is asked of it.
    this.#decider.on('close', () => this.#cut())
    this.#decider.on('ready', () => this.#look())
    // A node of a Redis Cluster is gone: another one may have taken over what it had.
    this.#decider.on('-node', () => {
      this.#cut()
      this.#look()
    })
    this.#windowClock = new OutageClock(clock)
    this.#members = new Members({
      client: this.#writer,
      gate: this.#gate,
      prefix,
      server: this.id,
      lease,
      clock,
      about: () => ({ since: this.#since, draining: this.#rooms?.draining ?? false, peers: this.#rooms?.size ?? 0 }),
      renewed: (lapsed, lost) => this.#renewed(lapsed, lost),
      failed: error => this.#away(error),
      died: server => this.#died(server)
    })
    this.#server = new ClusterServer({
      server: this.id,
      arbiter: new RedisArbiter(this.#gate, prefix, KEPT_FOR * lease, null, () => this.#members.redisTime),
      count: new RedisRoomCount(this.#gate, prefix, COUNTED_FOR * lease, error => this.#failed(error)),
      clock,
      windowClock: this.#windowClock,
      probeTimeout,
      lease,
      connect: received => new RedisBackplane({
        writer: this.#writer,
        reader: this.#reader,
        prefix,
        server: this.id,
        maxWaiting,
        keepFor: KEPT_FOR * lease,
        timeout,
        clock,
        received,
        failed: options.failed,
        stuck: () => reconnect(this.#reader)
      }),
      isDead: server => this.#members.isDead(server),
      failed: error => this.#failed(error)
    })
  }

  readonly makeRoom: RoomMaker = (app, name, context, maxRooms) => new SharedRoom(app, name, context, this.#server, maxRooms)

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
    await this.#server.whenIdle()
    if (!this.#wasAway) await this.#server.passedOn(this.#others)
    await this.#gate.inTime(async () => this.#server.written()).catch(this.#options.failed)
    await this.#members.stop().catch(this.#options.failed)
    this.#server.close()
    this.#writer.disconnect()
    this.#reader.disconnect()
    this.#decider.disconnect()
  }

  get #others (): string[] {
    return this.#members.alive.flatMap(({ id }) => id === this.id ? [] : id)
  }

  #cut (): void {
    this.#wasAway = true
    this.#gate.pause()
  }

  /** What does Redis know of this server? */
  #look (): void {
    if (this.#isKnown) void this.#members.renewNow()
  }

  #renewed (lapsed: boolean, lost: boolean): void {
    const all = lapsed || this.#wasAway
    this.#isKnown = true
    this.#wasAway = false
    this.#windowClock.go()
    if (lost) {
      // The seats are lost too. Each server says its own again, and nobody new may come before them.
      this.#server.recover(this.#options.lease)
      this.#gate.openAnew()
    } else {
      this.#gate.open()
    }
    this.#server.renewed(all)
  }

  #away (error: unknown): void {
    this.#wasAway = true
    this.#gate.isShut = true
    this.#windowClock.stop()
    this.#options.failed(error)
    // A connection that is cut somewhere on its way looks as if it were open.
    for (const client of [this.#writer, this.#reader, this.#decider]) reconnect(client)
  }

  /** That Redis is away is told once: not once more for each command that has no answer. */
  #failed (error: unknown): void {
    if (!(error instanceof NoAnswerError && this.#gate.isShut)) this.#options.failed(error)
  }

  #died (server: string): void {
    if (server !== this.id) this.#server.died(server)
  }
}

function reconnect (client: OwnRedis): void {
  if (client.status === 'ready') client.disconnect(true)
}
