import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads'
import { SEATING_SCRIPT } from '../../../lib/cluster/seating-script.js'
import type { RoomName, RoomState } from '../../../lib/rooms/seat-arbiter.js'
import type { KnownState } from './sim-redis.js'

/** A connection to a real Redis on which each call waits for its answer: the simulation, and its time, stand still meanwhile. */
export class StillRedis {
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #answered: Int32Array
  #states = 0

  private constructor (worker: Worker, port: MessagePort, answered: Int32Array) {
    this.#worker = worker
    this.#port = port
    this.#answered = answered
  }

  static async connect (port: number): Promise<StillRedis> {
    const { port1: here, port2: there } = new MessageChannel()
    const answered = new Int32Array(new SharedArrayBuffer(4))
    const workerData = { redis: port, port: there, answered }
    const worker = new Worker(new URL('redis-thread.js', import.meta.url), { workerData, transferList: [there], execArgv: [], env: {} })
    // It says so once it is connected: whoever stands still before that may wait for ever.
    await once(worker, 'message')
    return new StillRedis(worker, here, answered)
  }

  /** @throws what Redis answers with an error */
  call (command: readonly string[]): unknown {
    Atomics.store(this.#answered, 0, 0)
    this.#port.postMessage(command)
    while (Atomics.load(this.#answered, 0) === 0) Atomics.wait(this.#answered, 0, 0)
    const { reply, message } = receiveMessageOnPort(this.#port)?.message as { reply?: unknown, message?: string }
    if (message !== undefined) throw new Error(message)
    return reply
  }

  /** Another Redis, which knows nothing: in the same one, under keys of its own. */
  makeState (): KnownState {
    return new RealState(this, `${this.#states++}:`)
  }

  async end (): Promise<void> {
    this.#port.close()
    await this.#worker.terminate()
  }
}

const sha = (script: string): string => createHash('sha1').update(script).digest('hex')

/**
 * A script by the time of the simulation, which is its last key. Its last key but one is a sorted set, which has when each key ends: Redis itself
 * would end them by its own clock.
 */
function timed (script: string): string {
  return `
for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[#KEYS - 1], '-inf', KEYS[#KEYS])) do
  redis.call('DEL', key)
  redis.call('ZREM', KEYS[#KEYS - 1], key)
end
${script
  .replaceAll("redis.call('TIME')", '{ math.floor(tonumber(KEYS[#KEYS]) / 1000), tonumber(KEYS[#KEYS]) % 1000 * 1000 }')
  .replaceAll(/redis\.call\('PEXPIRE', (\w+\[\d\]), (\w+\[\d\])\)/g, "redis.call('ZADD', KEYS[#KEYS - 1], tonumber(KEYS[#KEYS]) + tonumber($2), $1)")}`
}

/** What a real Redis knows, as the simulation asks it. The time alone is not its own: it is handed to the scripts, and to the ids of a stream's entries. */
class RealState implements KnownState {
  readonly rooms = new Map<string, RoomName>()
  readonly arbiter = { state: (name: RoomName): RoomState => this.#stateOf(name) }
  readonly #redis: StillRedis
  readonly #prefix: string
  /** What servers have sent, by its SHA. */
  readonly #scripts = new Map<string, string>()
  /** In the order in which they came. */
  #servers: string[] = []
  #now = 0

  constructor (redis: StillRedis, prefix: string) {
    this.#redis = redis
    this.#prefix = prefix
  }

  apply (command: readonly string[], now: number): unknown {
    this.#now = now
    const [name = '', first = '', ...rest] = command
    switch (name) {
      case 'EVALSHA': return this.#run(this.#scripts.get(first), rest)
      case 'EVAL':
        this.#scripts.set(sha(first), first)
        return this.#run(first, rest)
      case 'XADD': return this.#redis.call([name, this.#prefix + first, ...rest.map((word, place) => place === 3 ? `${now}-*` : word)])
      // Without BLOCK and its time: where there is nothing, the simulation asks again once there may be.
      case 'XREAD': return this.#redis.call([name, ...command.slice(1, 3), 'STREAMS', this.#prefix + String(command.at(-2)), String(command.at(-1))]) ?? undefined
      case 'XTRIM': return this.#redis.call([name, this.#prefix + first, ...rest])
      // Of a stream that nobody reads any more.
      case 'PEXPIRE': return 1
      default: throw new Error(`ERR unknown command '${name}'`)
    }
  }

  forgetScripts (): void {
    this.#scripts.clear()
  }

  #run (script: string | undefined, [count = '', ...words]: readonly string[]): unknown {
    if (script === undefined) throw new Error('NOSCRIPT No matching script. Please use EVAL.')
    const [keys, args] = [words.slice(0, Number(count)), words.slice(Number(count))]
    const [key = ''] = keys
    if (key.endsWith('{servers}')) return this.#inOrder(String(this.#evaluate(script, keys, args)))
    if (script !== SEATING_SCRIPT) return this.#evaluate(script, keys, args)
    const [app = '', room = ''] = key.slice(key.indexOf('{') + 1, -1).split('/')
    this.rooms.set(key, { app, room })
    return this.#evaluate(script, keys, args.map((word, place) => place === 1 ? String(this.#now) : word))
  }

  /** Redis has the servers in the order of their ids where they have the same time. Ids are random, and must order nothing in a simulation. */
  #inOrder (reply: string): string {
    const { servers, ...rest } = JSON.parse(reply) as { servers: Array<{ id: string }> | object }
    const those = Array.isArray(servers) ? servers as Array<{ id: string }> : []
    this.#servers = [...this.#servers.filter(id => those.some(server => server.id === id)), ...those.flatMap(({ id }) => this.#servers.includes(id) ? [] : id)]
    return JSON.stringify({ ...rest, servers: this.#servers.map(id => those.find(server => server.id === id)) })
  }

  #evaluate (script: string, keys: readonly string[], args: readonly string[]): unknown {
    const text = timed(script)
    const words = [String(keys.length + 2), ...[...keys, 'ends'].map(key => this.#prefix + key), String(this.#now), ...args]
    try {
      return this.#redis.call(['EVALSHA', sha(text), ...words])
    } catch (error) {
      if (!(error as Error).message.startsWith('NOSCRIPT')) throw error
      return this.#redis.call(['EVAL', text, ...words])
    }
  }

  #stateOf ({ app, room }: RoomName): RoomState {
    const key = `{${app}/${room}}`
    const { state } = JSON.parse(String(this.#evaluate(SEATING_SCRIPT, [key, `${key}:look`], ['state', String(this.#now), '{}', '1', '1']))) as { state: RoomState }
    return { ...state, seats: state.seats ?? [] }
  }
}
