import type { HostRedis, OwnRedis } from '../../../lib/cluster/redis-connections.js'
import type { Machine } from './machine.js'
import type { Network, Wire } from './network.js'
import type { RedisSession, SimRedis } from './sim-redis.js'

/** As ioredis has them, in ms: until a connection counts as failed, until one that is ended is destroyed, and the longest pause between two attempts. */
const CONNECT_WITHIN = 10_000
const END_WITHIN = 2_000
const MAX_PAUSE = 2_000

/** Longest delay between a server and its Redis where nothing is wrong, in ms. */
const DELAY = 2

interface Command {
  readonly args: readonly string[]
  resolve (reply: unknown): void
  reject (error: Error): void
}

/** A client as ioredis makes it, with the options that our connections have: what was not answered is sent again after a reconnection. */
export class SimRedisClient implements HostRedis, OwnRedis {
  status = 'connecting'
  /** Those that were made like this one. */
  readonly duplicates: SimRedisClient[] = []
  readonly #machine: Machine
  readonly #network: Network
  readonly #redis: () => SimRedis
  /** Whether what was not answered is sent again by itself. */
  readonly resends: boolean
  readonly #listeners = new Map<string, Array<() => void>>()
  /** Sent, and not answered. */
  #sent: Command[] = []
  /** Sent on a connection that is gone. */
  #again: Command[] = []
  /** Not sent yet. */
  #offline: Command[] = []
  #wire: Wire | null = null
  #session: RedisSession | null = null
  #target: SimRedis | null = null
  #attempts = 0
  #isEnded = false

  /** @param redis the one that it is connected to, whenever it connects */
  constructor (machine: Machine, network: Network, redis: () => SimRedis, resends = true) {
    this.#machine = machine
    this.#network = network
    this.#redis = redis
    this.resends = resends
    this.#connect()
  }

  duplicate ({ autoResendUnfulfilledCommands: resends = true }: { autoResendUnfulfilledCommands?: boolean } = {}): SimRedisClient {
    const duplicate = new SimRedisClient(this.#machine, this.#network, this.#redis, resends)
    this.duplicates.push(duplicate)
    return duplicate
  }

  on (event: string, listener: () => void): void {
    this.#listeners.set(event, [...this.#listeners.get(event) ?? [], listener])
  }

  async call (command: string, ...args: string[]): Promise<unknown> {
    return await this.#command([command, ...args])
  }

  async evalsha (sha: string, keys: number, ...args: string[]): Promise<unknown> {
    return await this.#command(['EVALSHA', sha, String(keys), ...args])
  }

  async eval (script: string, keys: number, ...args: string[]): Promise<unknown> {
    return await this.#command(['EVAL', script, String(keys), ...args])
  }

  /** For so many ms the connection carries nothing, and tells nobody. One that is made meanwhile does. */
  stall (ms: number): void {
    this.#wire?.freeze(this.#machine.scheduler.now + ms)
  }

  /** What was sent and has not arrived may still arrive after that. */
  disconnect (reconnect = false): void {
    if (!reconnect) this.#isEnded = true
    const wire = this.#wire
    if (wire === null) return
    wire.close(0)
    this.#machine.after(END_WITHIN, () => this.#lost(wire))
    // Where the other end hears of it, it closes too.
    this.#machine.after(2 * DELAY + 1, () => { if (wire.isOver) this.#lost(wire) })
  }

  async #command (args: readonly string[]): Promise<unknown> {
    if (this.#isEnded) throw new Error('Connection is closed.')
    return await new Promise((resolve, reject) => {
      const command = { args, resolve, reject }
      if (this.status === 'ready') this.#send(command)
      else this.#offline.push(command)
    })
  }

  #send (command: Command): void {
    this.#sent.push(command)
    const session = this.#session
    const target = this.#target
    if (session !== null && target !== null) this.#wire?.send(1, () => target.handle(session, command.args))
  }

  #connect (): void {
    this.status = 'connecting'
    const target = this.#redis()
    const wire = this.#network.open(
      { machine: this.#machine, ended: () => this.#lost(wire) },
      { machine: target.machine, ended: () => target.forget(session) }, 0, DELAY)
    const session: RedisSession = {
      wire,
      answer: (reply, error) => wire.send(0, () => { if (wire === this.#wire) this.#answered(reply, error) })
    }
    this.#wire = wire
    this.#session = session
    this.#target = target
    if (!target.isUp) {
      wire.cut()
      return
    }
    wire.send(1, () => wire.send(0, () => { if (wire === this.#wire) this.#ready() }))
    this.#machine.after(CONNECT_WITHIN, () => {
      if (wire !== this.#wire || this.status !== 'connecting') return
      wire.close(0)
      this.#lost(wire)
    })
  }

  #ready (): void {
    this.#attempts = 0
    this.status = 'ready'
    for (const command of [...this.#again.splice(0), ...this.#offline.splice(0)]) this.#send(command)
    this.#emit('ready')
  }

  #lost (wire: Wire): void {
    if (wire !== this.#wire) return
    this.#wire = this.#session = this.#target = null
    const unanswered = this.#sent.splice(0)
    if (this.resends || this.#isEnded) this.#again.push(...unanswered)
    this.status = this.#isEnded ? 'end' : 'reconnecting'
    this.#emit('close')
    if (this.#isEnded) for (const command of [...this.#again.splice(0), ...this.#offline.splice(0)]) command.reject(new Error('Connection is closed.'))
    else this.#machine.after(Math.min(++this.#attempts * 50, MAX_PAUSE), () => { if (!this.#isEnded) this.#connect() })
  }

  #answered (reply: unknown, error: Error | null): void {
    const command = this.#sent.shift()
    if (error === null) command?.resolve(reply)
    else command?.reject(error)
  }

  #emit (event: string): void {
    for (const listener of this.#listeners.get(event) ?? []) listener()
  }
}
