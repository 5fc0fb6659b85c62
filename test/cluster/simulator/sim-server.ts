import { Cluster } from '../../../lib/cluster/cluster.js'
import { NoAnswerError } from '../../../lib/cluster/command-gate.js'
import { RoomRegistry } from '../../../lib/rooms/room-registry.js'
import { Machine } from './machine.js'
import type { Network } from './network.js'
import type { Rules } from './rules.js'
import type { Scheduler } from './scheduler.js'
import { SimConnection, type ConnectionWorld } from './sim-connection.js'
import { SimRedisClient } from './sim-redis-client.js'
import type { SimRedis } from './sim-redis.js'
import type { SimWebSocket } from './sim-web-socket.js'

/** After how many ms a client of a server that drains may come back. */
const RETRY_AFTER = 1_000

/** How often a server that drains looks how far it is, in ms. */
const DRAIN_LOOKS_EVERY = 250

export interface ServerWorld extends ConnectionWorld {
  readonly scheduler: Scheduler
  readonly network: Network
  redisOf (server: SimServer): SimRedis
}

/** One server: the real rooms and all that makes them span servers, between a network and a Redis that are not real. */
export class SimServer {
  readonly machine: Machine
  readonly rooms: RoomRegistry
  readonly cluster: Cluster
  readonly connections = new Set<SimConnection>()
  /** Takes connections: it has started, and does not drain. */
  isOpen = false
  readonly #world: ServerWorld
  readonly #rules: Rules
  readonly #redis: SimRedisClient

  constructor (world: ServerWorld, name: string, rules: Rules) {
    this.#world = world
    this.#rules = rules
    this.machine = new Machine(world.scheduler, name)
    const { clock } = this.machine
    const { window, hold, lease, timeout, probeTimeout } = rules
    this.#redis = new SimRedisClient(this.machine, world.network, () => world.redisOf(this))
    this.cluster = new Cluster({
      redis: this.#redis,
      prefix: '',
      lease,
      timeout,
      probeTimeout,
      maxWaiting: 1e6,
      clock,
      failed: error => { if (!isExpected(error)) world.broken('nothing fails but Redis', String((error as Error).stack)) }
    })
    this.rooms = new RoomRegistry({ window, hold, messages: 512, bytes: 2 ** 20 }, clock, this.cluster.makeRoom)
    this.cluster.serve(this.rooms)
    this.machine.after(0, () => {
      void this.cluster.start().then(() => {
        this.isOpen = true
        this.#sweepLater()
      })
    })
  }

  /** A client's handshake has arrived. */
  accept (socket: SimWebSocket): SimConnection | null {
    if (!this.isOpen) return null
    const connection = new SimConnection(this, this.#world, this.#rules, socket)
    this.connections.add(connection)
    return connection
  }

  /** What is said of who sits where is on its way for so many ms, and what else goes to and from Redis is not. */
  stallDecisions (ms: number): void {
    for (const client of this.#redis.duplicates) if (!client.resends) client.stall(ms)
  }

  /** The network loses the connection of one person. `which`: from 0 to 1. */
  cutOne (which: number): void {
    const connections = [...this.connections]
    connections[Math.floor(which * connections.length)]?.cut()
  }

  /** Dies at once. `silently`: as a machine does that loses its power; otherwise its system ends its connections. */
  kill (silently: boolean): void {
    const { network } = this.#world
    this.isOpen = false
    this.machine.isDead = true
    const mine = (one: Machine, other: Machine): boolean => one === this.machine || other === this.machine
    if (silently) network.freeze(mine, Infinity)
    else network.cut(mine)
  }

  /** Drains and ends, as `fastify.close()` does. */
  drain (): void {
    if (!this.isOpen) return
    this.isOpen = false
    const { clock } = this.machine
    this.machine.after(0, () => {
      this.rooms.drain(true)
      void this.#lookForOthers()
      for (const connection of this.connections) connection.drain(RETRY_AFTER)
      const until = clock.lived() + this.#rules.grace
      const look = (): void => {
        if (clock.lived() < until && this.connections.size + this.rooms.size > 0) {
          clock.after(DRAIN_LOOKS_EVERY, look)
          return
        }
        for (const connection of this.connections) connection.terminate()
        this.rooms.drain(false)
        void this.cluster.stop().then(() => this.kill(false))
      }
      look()
    })
  }

  /** As `lib/transport/connection-registry.ts` does: where all others drain too, no seat is kept for them. */
  async #lookForOthers (): Promise<void> {
    await this.cluster.changed()
    if (!this.cluster.servers.some(({ id, draining }) => id !== this.cluster.id && !draining)) this.rooms.drain(false)
    else if (this.rooms.size > 0) this.machine.clock.after(DRAIN_LOOKS_EVERY, () => { void this.#lookForOthers() })
  }

  #sweepLater (): void {
    const { interval, pong, joinTimeout } = this.#rules
    const { clock } = this.machine
    clock.after(Math.max(10, Math.min(1_000, Math.min(interval, pong, joinTimeout) / 4)), () => {
      const lived = clock.lived()
      for (const connection of this.connections) connection.sweep(lived)
      this.#sweepLater()
    })
  }
}

/** What may be said of Redis where it is away. */
function isExpected (error: unknown): boolean {
  return error instanceof NoAnswerError || (error instanceof Error && error.message === 'Connection is closed.')
}
