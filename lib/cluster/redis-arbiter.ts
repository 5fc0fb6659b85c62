import { newId } from '../rooms/new-id.js'
import type { AnnouncedSeat, JoinAnswer, OwnedSeat, RoomName, RoomState, SeatArbiter, SeatAsk, SeatChange } from '../rooms/seat-arbiter.js'
import { NoAnswerError, type ScriptClient } from './command-gate.js'
import { isLate } from './command-order.js'
import { RedisScript } from './redis-script.js'
import { SEATING_SCRIPT } from './seating-script.js'

/** For how long, in ms, a command that is sent again gets the answer that it had. */
const ANSWERS_KEPT = 30_000

const SCRIPT = new RedisScript(SEATING_SCRIPT)

/** What may be carried out however late it is. */
const CHANGES_NOTHING = new Set(['state', 'renew'])

/** Decides who sits where, in Redis: the same for all servers that share it. */
export class RedisArbiter implements SeatArbiter {
  readonly #redis: ScriptClient
  readonly #prefix: string
  readonly #keepFor: string
  readonly #now: (() => number) | null
  readonly #at: () => number | undefined
  /** Whose commands are numbered. */
  readonly #sender = newId()
  #number = 0

  /**
   * @param prefix before every key, so that several apps can share one Redis
   * @param keepFor for how long, in ms, a room is kept of which no server says anything
   * @param now the time, for tests; by default Redis's own, since the clocks of servers differ
   * @param at what Redis's own time is, as far as it is known
   */
  constructor (redis: ScriptClient, prefix: string, keepFor: number, now: (() => number) | null = null, at: () => number | undefined = () => undefined) {
    this.#redis = redis
    this.#prefix = prefix
    this.#keepFor = String(keepFor)
    this.#now = now
    this.#at = at
  }

  get time (): number | undefined {
    return this.#at()
  }

  async join (room: RoomName, ask: SeatAsk): Promise<JoinAnswer> {
    const answer = await this.#run(room, 'join', ask) as JoinAnswer
    answer.ended ??= []
    if (answer.outcome === 'wait') answer.sitters ??= []
    return answer
  }

  async withdraw (room: RoomName, id: string): Promise<void> {
    await this.#run(room, 'withdraw', { id })
  }

  async lost (room: RoomName, { id, fence }: OwnedSeat, window: number, grace: number): Promise<SeatChange> {
    return await this.#run(room, 'lost', { id, fence, window, grace }) as SeatChange
  }

  async expire (room: RoomName, { id, fence }: OwnedSeat): Promise<SeatChange> {
    return await this.#run(room, 'expire', { id, fence }) as SeatChange
  }

  async leave (room: RoomName, { id, fence }: OwnedSeat): Promise<SeatChange> {
    return await this.#run(room, 'leave', { id, fence }) as SeatChange
  }

  async announce (room: RoomName, server: string, seats: readonly AnnouncedSeat[], capacity: number, known = 0): Promise<RoomState> {
    return (await this.#run(room, 'announce', { server, seats, capacity, known })).state
  }

  async state (room: RoomName): Promise<RoomState> {
    return (await this.#run(room, 'state', {})).state
  }

  async renew (room: RoomName): Promise<number> {
    return (await this.#ask(room, 'renew', {}) as { version: number }).version
  }

  async #run (room: RoomName, operation: string, argument: object): Promise<{ state: RoomState }> {
    const answer = await this.#ask(room, operation, argument) as { state: Partial<Writable<RoomState>> }
    answer.state.seats ??= []
    return answer as { state: RoomState }
  }

  async #ask ({ app, room }: RoomName, operation: string, argument: object): Promise<unknown> {
    // The braces make all keys of one room lie in one slot of a Redis Cluster. Names have neither braces nor slashes in them.
    const key = `${this.#prefix}{${app}/${room}}`
    const time = this.#now === null ? '' : String(this.#now())
    const number = CHANGES_NOTHING.has(operation) ? '' : String(++this.#number)
    const args = [operation, time, JSON.stringify(argument), String(ANSWERS_KEPT), this.#keepFor, number]
    try {
      return JSON.parse(String(await SCRIPT.run(this.#redis, [key, `${key}:${newId()}`, `${key}:by ${this.#sender}`], args)))
    } catch (error) {
      throw isLate(error) ? new NoAnswerError('it came too late') : error
    }
  }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }
