import type { Clock } from '../rooms/clock.js'
import type { ServerSnapshot } from '../rooms/other-servers.js'
import type { CommandGate, ScriptClient } from './command-gate.js'
import { SERVER_KEPT_FOR } from './record-times.js'
import { RedisScript } from './redis-script.js'

/**
 * Renews a server's lease, and says which servers there are. A lease of no time ends it. By Redis's own time, which all servers share. Each
 * answer says since when the server is known, and since when its lease has not lapsed: of the renewal that found it forgotten, or too late,
 * nobody may hear, since its answer was lost, or came when nobody waited for it any more.
 */
const RENEW = new RedisScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('ZSCORE', KEYS[1], ARGV[1])
local since = held and redis.call('HGET', KEYS[2], ARGV[1] .. ' since') or now .. ' ' .. now
local known, steady = string.match(since, '(%d+) (%d+)')
if held and tonumber(held) < now then steady = now end
local lease = tonumber(ARGV[2])
if lease > 0 then
  redis.call('ZADD', KEYS[1], now + lease, ARGV[1])
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[3], ARGV[1] .. ' since', known .. ' ' .. steady)
else
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1], ARGV[1] .. ' since')
end
-- A server that has been dead for long is forgotten.
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[4]))) do
  redis.call('ZREM', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id, id .. ' since')
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
local servers = {}
local scores = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 1, #scores, 2 do
  servers[#servers + 1] = { id = scores[i], left = tonumber(scores[i + 1]) - now, about = redis.call('HGET', KEYS[2], scores[i]) }
end
return cjson.encode({ now = now, known = tonumber(known), steady = tonumber(steady), servers = servers })`)

/** How many renewals may wait for Redis: those that come later wait with the last of them. */
const MAX_OPEN = 3

export interface MembersOptions {
  client: ScriptClient
  gate: CommandGate
  prefix: string
  server: string
  /** How long, in ms, a server counts as alive after its last sign of life. */
  lease: number
  clock: Clock
  about (): Omit<ServerSnapshot, 'id'>
  /**
   * Redis has answered.
   *
   * @param lapsed it did not know of this server, or took it for dead
   * @param lost it has lost its data, since it knew of this server before
   */
  renewed (lapsed: boolean, lost: boolean): void
  /** Redis has not answered. */
  failed (error: unknown): void
  died (server: string): void
}

interface Reply {
  sentAt: number
  /** Its own time, in ms. */
  now: number
  /** Since when it knows of this server, by its own time, in ms. */
  known: number
  /** Since when the lease was never over. */
  steady: number
  /** An empty list is an object. */
  servers: Array<{ id: string, left: number, about: string }> | object
}

interface Member {
  isAlive: boolean
  /** Whether this server has ever seen it alive. */
  isSeen: boolean
  snapshot: ServerSnapshot
}

/** The servers that share one Redis: each holds a lease, which it renews every third of it. */
export class Members {
  readonly #options: MembersOptions
  #members = new Map<string, Member>()
  /** Servers that were named before this one has heard of them, and after which renewal that was. */
  readonly #unheard = new Map<string, number>()
  #renewals = 0
  /** As the last one said that had an answer. */
  #known = 0
  #steady = 0
  /** What Redis's time was ahead of the own one when it said it, in ms. */
  #ahead: number | undefined
  /** When the last one that had an answer was sent. */
  #renewedAt = -Infinity
  /** Since when each has had its answer in time. */
  #steadySince = -Infinity
  /** When the first one had its answer. */
  #beganAt: number | undefined
  /** Those that have no answer yet, however late they are. */
  readonly #open = new Set<Promise<Reply>>()
  #timer: unknown = null
  #isOver = false

  constructor (options: MembersOptions) {
    this.#options = options
  }

  /** Those that are alive, as far as this server has seen it. */
  get alive (): ServerSnapshot[] {
    return [...this.#members.values()].flatMap(({ isAlive, isSeen, snapshot }) => isAlive && isSeen ? snapshot : [])
  }

  /** Redis's own time, in ms: never more than it is, and less by as long as its last answer was on its way. Not known before the first one. */
  get redisTime (): number | undefined {
    return this.#ahead === undefined ? undefined : Math.floor(this.#ahead + this.#options.clock.now())
  }

  isDead (server: string): boolean {
    const member = this.#members.get(server)
    if (member !== undefined) return !member.isAlive
    // One that has just started, or one that was forgotten: the next renewal but one knows.
    const since = this.#unheard.get(server) ?? this.#renewals
    this.#unheard.set(server, since)
    return this.#renewals > since + 1
  }

  /** Begins to renew. Resolves after the first attempt. */
  async start (): Promise<void> {
    await this.#renew()
  }

  /** Gives the lease up. */
  async stop (): Promise<void> {
    this.#isOver = true
    this.#options.clock.cancel(this.#timer)
    await this.#run(0)
  }

  /** Renews out of turn: what is said of this server has changed. */
  async renewNow (): Promise<void> {
    this.#options.clock.cancel(this.#timer)
    await this.#renew()
  }

  async #renew (): Promise<void> {
    const { lease, clock, renewed, failed } = this.#options
    try {
      const { lapsed, lost } = await this.#run(lease)
      if (!this.#isOver) renewed(lapsed, lost)
    } catch (error) {
      this.#steadySince = Infinity
      if (!this.#isOver) failed(error)
    }
    // There may be one that was asked for out of turn.
    clock.cancel(this.#timer)
    if (!this.#isOver) this.#timer = clock.alarm(lease / 3, () => { void this.#renew() })
  }

  async #run (lease: number): Promise<{ lapsed: boolean, lost: boolean }> {
    const { clock, gate } = this.#options
    const reply = await gate.inTime(async () => this.#ask(lease)) as Reply
    const { now, known, steady, sentAt } = reply
    this.#ahead = now - clock.now()
    const forgot = known !== this.#known
    const lapsed = forgot || steady !== this.#steady
    this.#known = known
    this.#steady = steady
    // A lease cannot lapse before its time.
    const lost = lapsed && this.#renewals > 0 && (forgot || clock.now() - this.#renewedAt < this.#options.lease)
    this.#renewedAt = sentAt
    if (this.#steadySince === Infinity || (lapsed && this.#renewals > 0)) this.#steadySince = clock.now()
    this.#beganAt ??= clock.now()
    this.#renewals++
    this.#take(Array.isArray(reply.servers) ? reply.servers as Array<{ id: string, left: number, about: string }> : [])
    return { lapsed, lost }
  }

  async #ask (lease: number): Promise<Reply> {
    // Where Redis is away for hours, not one more is to wait for it each time.
    const last = [...this.#open].at(-1)
    if (last !== undefined && this.#open.size >= MAX_OPEN) return await last
    const reply = this.#send(lease).finally(() => this.#open.delete(reply))
    this.#open.add(reply)
    return await reply
  }

  async #send (lease: number): Promise<Reply> {
    const { client, clock, prefix, server, about } = this.#options
    const args = [server, String(lease), JSON.stringify(about()), String(this.#options.lease * SERVER_KEPT_FOR)]
    const sentAt = clock.now()
    const reply = await RENEW.run(client, [`${prefix}{servers}`, `${prefix}{servers}:about`], args)
    return { ...JSON.parse(String(reply)) as Omit<Reply, 'sentAt'>, sentAt }
  }

  #take (servers: Array<{ id: string, left: number, about: string }>): void {
    const { clock, lease, died } = this.#options
    const before = this.#members
    // Where Redis was away for all, or has lost its data, others are only about to say that they live.
    const spares = clock.now() - this.#steadySince < lease
    // A server that has just started does not know whether Redis was away until then.
    const isNew = clock.now() - (this.#beganAt ?? 0) < lease
    this.#members = new Map(servers.map(({ id, left, about }) => {
      this.#unheard.delete(id)
      const known = before.get(id)
      const isSeen = left > 0 || known?.isSeen === true
      const isAlive = left > 0 || ((spares || (isNew && !isSeen)) && known?.isAlive !== false)
      return [id, { isAlive, isSeen, snapshot: { id, ...JSON.parse(about) as Omit<ServerSnapshot, 'id'> } }]
    }))
    for (const [id, { isAlive }] of this.#members) if (!isAlive && before.get(id)?.isAlive !== false) died(id)
    // One that said goodbye, or was forgotten.
    for (const [id, member] of before) {
      if (!member.isAlive || this.#members.has(id)) continue
      if (spares) this.#members.set(id, member)
      else died(id)
    }
    for (const [id, since] of this.#unheard) if (this.#renewals === since + 2) died(id)
  }
}
