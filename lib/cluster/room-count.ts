import type { Answer, RoomName } from '../rooms/seat-arbiter.js'
import type { ScriptClient } from './command-gate.js'
import { RedisScript } from './redis-script.js'

/**
 * Counts the rooms of each application over all servers. Each room is known by its name, so that to say it twice changes nothing, and is
 * forgotten where no server says it again: so what a dead server has left counts no more after some time.
 */
export interface RoomCount {
  /**
   * A room has begun.
   *
   * @returns false where the application has as many others as it may; then it does not count
   */
  begin (room: RoomName, max: number): Answer<boolean>
  /** A room has ended: nobody sits in it on any server. Where that is not heard, it counts for some time longer. */
  end (room: RoomName): void
  /** Rooms of one application go on, whether or not they counted before. */
  goOn (app: string, rooms: readonly string[]): void
}

/**
 * Exported for its twin in the simulator. `KEYS[1]` is a sorted set: each room of the application, and until when it counts. `ARGV` are the
 * operation, how many rooms there may be, for how long each counts, in ms, and the rooms. By Redis's own time, which all servers share.
 */
export const ROOM_COUNT_SCRIPT = `
if ARGV[1] == 'end' then
  redis.call('ZREM', KEYS[1], ARGV[4])
  return 1
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if ARGV[1] == 'begin' then
  local counts = redis.call('ZSCORE', KEYS[1], ARGV[4])
  if not counts and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
end
for i = 4, #ARGV do redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`

const SCRIPT = new RedisScript(ROOM_COUNT_SCRIPT)

/** Counts rooms in Redis: the same for all servers that share it. */
export class RedisRoomCount implements RoomCount {
  readonly #redis: ScriptClient
  readonly #prefix: string
  readonly #countFor: string
  readonly #failed: (error: unknown) => void

  /**
   * @param prefix before every key, so that several apps can share one Redis
   * @param countFor for how long, in ms, a room counts of which no server says anything
   * @param failed told what nobody waits for
   */
  constructor (redis: ScriptClient, prefix: string, countFor: number, failed: (error: unknown) => void) {
    this.#redis = redis
    this.#prefix = prefix
    this.#countFor = String(countFor)
    this.#failed = failed
  }

  async begin ({ app, room }: RoomName, max: number): Promise<boolean> {
    return Number(await this.#run(app, 'begin', max, [room])) === 1
  }

  end ({ app, room }: RoomName): void {
    this.#run(app, 'end', 0, [room]).catch(this.#failed)
  }

  goOn (app: string, rooms: readonly string[]): void {
    this.#run(app, 'goOn', 0, rooms).catch(this.#failed)
  }

  async #run (app: string, operation: string, max: number, rooms: readonly string[]): Promise<unknown> {
    // Names of applications have neither braces nor slashes in them.
    return await SCRIPT.run(this.#redis, [`${this.#prefix}{${app}}:rooms`], [operation, String(max), this.#countFor, ...rooms])
  }
}
