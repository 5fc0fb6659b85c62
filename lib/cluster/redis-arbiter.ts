import { createHash } from 'node:crypto'
import { newId } from '../rooms/new-id.js'
import type { OwnedSeat, RoomName, SeatArbiter, SeatAsk, SeatChange, JoinAnswer, SeatRecord } from '../rooms/seat-arbiter.js'
import { SEATING_SCRIPT } from './seating-script.js'

/** What is asked of the client that the host gives: ioredis's, or one of the same shape. */
export interface RedisClient {
  evalsha (sha: string, keys: number, ...args: string[]): Promise<unknown>
  eval (script: string, keys: number, ...args: string[]): Promise<unknown>
}

/** For how long, in ms, a command that is sent again gets the answer that it had. */
const ANSWERS_KEPT = 30_000

const SHA = createHash('sha1').update(SEATING_SCRIPT).digest('hex')

/** Decides who sits where, in Redis: the same for all servers that share it. */
export class RedisArbiter implements SeatArbiter {
  readonly #redis: RedisClient
  readonly #prefix: string
  readonly #now: (() => number) | null

  /**
   * @param prefix before every key, so that several apps can share one Redis
   * @param now the time, for tests; by default Redis's own, since the clocks of servers differ
   */
  constructor (redis: RedisClient, prefix: string, now: (() => number) | null = null) {
    this.#redis = redis
    this.#prefix = prefix
    this.#now = now
  }

  async join (room: RoomName, ask: SeatAsk): Promise<JoinAnswer> {
    const seating = await this.#run(room, 'join', ask) as JoinAnswer
    seating.ended ??= []
    if (seating.outcome === 'wait') seating.sitters ??= []
    else if (seating.outcome !== 'full') seating.others ??= []
    return seating
  }

  async withdraw (room: RoomName, id: string): Promise<void> {
    await this.#run(room, 'withdraw', { id })
  }

  async lost (room: RoomName, { id, fence }: OwnedSeat, window: number): Promise<SeatChange> {
    return await this.#run(room, 'lost', { id, fence, window }) as SeatChange
  }

  async expire (room: RoomName, { id, fence }: OwnedSeat): Promise<SeatChange> {
    return await this.#run(room, 'expire', { id, fence }) as SeatChange
  }

  async revive (room: RoomName, { id, fence }: OwnedSeat): Promise<SeatChange> {
    return await this.#run(room, 'revive', { id, fence }) as SeatChange
  }

  async leave (room: RoomName, { id, fence }: OwnedSeat): Promise<SeatChange> {
    return await this.#run(room, 'leave', { id, fence }) as SeatChange
  }

  async remove (room: RoomName, id: string): Promise<SeatChange> {
    return await this.#run(room, 'remove', { id }) as SeatChange
  }

  async seats (room: RoomName): Promise<SeatRecord[]> {
    const { seats = [] } = await this.#run(room, 'seats', {}) as { seats?: SeatRecord[] }
    return seats
  }

  async #run ({ app, room }: RoomName, operation: string, argument: object): Promise<unknown> {
    // The braces make all keys of one room lie in one slot of a Redis Cluster. Names have neither braces nor slashes in them.
    const key = `${this.#prefix}{${app}/${room}}`
    const time = this.#now === null ? '' : String(this.#now())
    const args = [key, `${key}:${newId()}`, operation, time, JSON.stringify(argument), String(ANSWERS_KEPT)]
    try {
      return JSON.parse(String(await this.#redis.evalsha(SHA, 2, ...args)))
    } catch (error) {
      // Redis forgets its scripts where it starts again or fails over.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return JSON.parse(String(await this.#redis.eval(SEATING_SCRIPT, 2, ...args)))
    }
  }
}
