import { createHash } from 'node:crypto'
import { MemoryArbiter } from '../../../lib/cluster/memory-arbiter.js'
import { MemoryRoomCount } from '../../../lib/cluster/memory-room-count.js'
import { ROOM_COUNT_SCRIPT } from '../../../lib/cluster/room-count.js'
import { SEATING_SCRIPT } from '../../../lib/cluster/seating-script.js'
import type { AnnouncedSeat, OwnedSeat, RoomName, SeatAsk } from '../../../lib/rooms/seat-arbiter.js'
import type { KnownState } from './sim-redis.js'

interface Entry {
  readonly id: Id
  /** As it is told. */
  readonly told: readonly [id: string, fields: string[]]
}

type Id = readonly [ms: number, count: number]

interface Stream {
  entries: Entry[]
  last: Id
  forgetAt: number
}

/** What Redis knows, and what each command makes of it: as much of Redis as servers use. The twin of the seating script is the one of the contract. */
export class RedisState implements KnownState {
  now = 0
  readonly arbiter: MemoryArbiter
  readonly rooms = new Map<string, RoomName>()
  readonly #answers = new Map<string, string>()
  /** The number of the last command of each server in each room. */
  readonly #carriedOut = new Map<string, number>()
  readonly #members = new Map<string, { until: number, about: string, known: number, steady: number }>()
  #membersForgetAt = 0
  readonly #counted: MemoryRoomCount
  readonly #streams = new Map<string, Stream>()
  readonly #scripts = new Map<string, string>()

  /** @param keepFor for how long, in ms, a room is kept of which no server says anything */
  constructor (keepFor: number) {
    this.arbiter = new MemoryArbiter(() => this.now, keepFor)
    this.#counted = new MemoryRoomCount(() => this.now, keepFor)
  }

  apply (command: readonly string[], now: number): unknown {
    this.now = now
    const [name = '', first = '', ...rest] = command
    switch (name) {
      case 'EVALSHA': return this.#run(this.#scripts.get(first), rest)
      case 'EVAL':
        this.#scripts.set(createHash('sha1').update(first).digest('hex'), first)
        return this.#run(first, rest)
      case 'XADD': return this.#add(first, rest)
      case 'XREAD': return this.#read(command)
      case 'XTRIM': return this.#trim(first, rest)
      case 'PEXPIRE':
        this.#streamOf(first).forgetAt = now + Number(rest[0])
        return 1
      default: throw new Error(`ERR unknown command '${name}'`)
    }
  }

  forgetScripts (): void {
    this.#scripts.clear()
  }

  #run (script: string | undefined, [count = '', ...words]: readonly string[]): string {
    if (script === undefined) throw new Error('NOSCRIPT No matching script. Please use EVAL.')
    const [keys, args] = [words.slice(0, Number(count)), words.slice(Number(count))]
    if (script === SEATING_SCRIPT) return this.#seat(keys, args)
    return script === ROOM_COUNT_SCRIPT ? this.#count(keys[0] ?? '', args) : this.#renew(args)
  }

  #seat ([key = '', command = '', by = '']: readonly string[], [operation = '', , argument = '', , , number = '']: readonly string[]): string {
    const known = this.#answers.get(command)
    if (known !== undefined) return known
    if (number !== '') {
      if (Number(number) <= (this.#carriedOut.get(by) ?? 0)) throw new Error('LATE a newer command was carried out')
      this.#carriedOut.set(by, Number(number))
    }
    const [app = '', room = ''] = key.slice(key.indexOf('{') + 1, -1).split('/')
    const name = { app, room }
    this.rooms.set(key, name)
    if (operation === 'renew') return JSON.stringify({ version: this.arbiter.renew(name) })
    const answer = JSON.stringify(this.#decide(name, operation, JSON.parse(argument)))
    if (operation !== 'state') this.#answers.set(command, answer)
    return answer
  }

  #decide (name: RoomName, operation: string, ask: unknown): object {
    const { arbiter } = this
    switch (operation) {
      case 'join': return arbiter.join(name, ask as SeatAsk)
      case 'lost': {
        const { window, grace, ...owned } = ask as OwnedSeat & { window: number, grace: number }
        return arbiter.lost(name, owned, window, grace)
      }
      case 'expire': return arbiter.expire(name, ask as OwnedSeat)
      case 'leave': return arbiter.leave(name, ask as OwnedSeat)
      case 'announce': {
        const { server, seats, capacity, known } = ask as { server: string, seats: AnnouncedSeat[], capacity: number, known: number }
        return { state: arbiter.announce(name, server, seats, capacity, known) }
      }
      case 'withdraw': arbiter.withdraw(name, (ask as { id: string }).id)
    }
    return { state: arbiter.state(name) }
  }

  #count (key: string, [operation, max, , ...rooms]: readonly string[]): string {
    const app = key.slice(key.indexOf('{') + 1, key.indexOf('}'))
    if (operation === 'begin') return this.#counted.begin({ app, room: rooms[0] ?? '' }, Number(max)) ? '1' : '0'
    if (operation === 'end') this.#counted.end({ app, room: rooms[0] ?? '' })
    else this.#counted.goOn(app, rooms)
    return '1'
  }

  /** What the script of `lib/cluster/members.ts` does. */
  #renew ([server = '', lease = '', about = '', forget = '']: readonly string[]): string {
    if (this.now >= this.#membersForgetAt) this.#members.clear()
    this.#membersForgetAt = this.now + Number(forget)
    const held = this.#members.get(server)
    const known = held?.known ?? this.now
    const steady = held === undefined || held.until < this.now ? this.now : held.steady
    if (Number(lease) > 0) this.#members.set(server, { until: this.now + Number(lease), about, known, steady })
    else this.#members.delete(server)
    for (const [id, { until }] of this.#members) if (until <= this.now - Number(forget)) this.#members.delete(id)
    const servers = [...this.#members].map(([id, { until, about }]) => ({ id, left: until - this.now, about }))
    return JSON.stringify({ now: this.now, known, steady, servers })
  }

  #streamOf (name: string): Stream {
    let stream = this.#streams.get(name)
    if (stream === undefined || stream.forgetAt <= this.now) this.#streams.set(name, stream = { entries: [], last: [0, 0], forgetAt: Infinity })
    return stream
  }

  #add (name: string, [, , most = '', , ...fields]: readonly string[]): string {
    const stream = this.#streamOf(name)
    const [ms, count] = stream.last
    stream.last = this.now > ms ? [this.now, 0] : [ms, count + 1]
    const id = stream.last.join('-')
    stream.entries.push({ id: stream.last, told: [id, fields] })
    if (stream.entries.length > Number(most)) stream.entries.shift()
    return id
  }

  #read (command: readonly string[]): unknown {
    const [name = '', last = '0'] = command.slice(-2)
    const { entries } = this.#streamOf(name)
    const after = idOf(last)
    // What is asked for is nearly always what came last.
    let first = entries.length
    while (first > 0 && isLater((entries[first - 1] as Entry).id, after)) first--
    return first === entries.length ? undefined : [[name, entries.slice(first, first + Number(command[2])).map(({ told }) => told)]]
  }

  #trim (name: string, [, least = '']: readonly string[]): number {
    const stream = this.#streamOf(name)
    const before = stream.entries.length
    const id = idOf(least)
    stream.entries = stream.entries.filter(entry => !isLater(id, entry.id))
    return before - stream.entries.length
  }
}

function idOf (text: string): Id {
  const [ms = 0, count = 0] = text.split('-').map(Number)
  return [ms, count]
}

function isLater ([ms, count]: Id, [thanMs, thanCount]: Id): boolean {
  return ms > thanMs || (ms === thanMs && count > thanCount)
}
