import { longestDelay, type Fault } from './faults.js'
import type { Person, PersonMachine } from './person.js'
import type { Rules } from './rules.js'
import type { SimRedis } from './sim-redis.js'
import type { SimServer } from './sim-server.js'

/** What must hold. A failure bears the name of what did not. */
export const INVARIANTS = [
  'a room never has more owners than its capacity',
  'nobody is told of more others than there are seats',
  'nobody is told twice that somebody has come, or left',
  'who was put out of a seat by others does not stay in it',
  'a message reaches nobody without a seat',
  'a message reaches nobody twice',
  'messages arrive in order',
  'no message is lost on a hiccup',
  'nobody is heard who has left',
  'nobody who is there is put out',
  'two who want to talk do talk in time',
  'a seat that nobody renews ends',
  'nothing fails but Redis',
  'no frame fails'
] as const

export type Invariant = typeof INVARIANTS[number]

export interface Failure {
  readonly invariant: string
  readonly how: string
  /** In ms since the beginning of the simulation. */
  readonly at: number
}

/** What was said and heard: each once, in order, and nothing left out on the same two seats. */
export class Messages {
  readonly #fail: (invariant: Invariant, how: string) => void
  /** By the seats on which they were said, in order. */
  readonly #said = new Map<string, number[]>()
  /** The seat on which each was said. */
  readonly #seats = new Map<string, string>()
  readonly #heard = new Map<string, Set<number>>()
  readonly #last = new Map<string, number>()
  /** Messages may be lost: Redis has lost some, or has kept a server waiting for too long. */
  mayLose = false
  count = 0

  constructor (fail: (invariant: Invariant, how: string) => void) {
    this.#fail = fail
  }

  said (by: string, seat: string, number: number): void {
    const said = this.#said.get(seat)
    if (said === undefined) this.#said.set(seat, [number])
    else if (number > (said.at(-1) ?? 0)) said.push(number)
    this.#seats.set(`${by} ${number}`, seat)
  }

  /** @returns the seat on which it was said */
  heard (by: string, seat: string, from: string, number: number): string {
    this.count++
    const pair = `${by} < ${from}`
    const heard = this.#heard.get(pair) ?? new Set()
    this.#heard.set(pair, heard)
    if (heard.has(number)) this.#fail('a message reaches nobody twice', `${by} hears message ${number} of ${from} again`)
    heard.add(number)
    const senders = this.#seats.get(`${from} ${number}`) ?? ''
    const seats = `${seat} < ${senders}`
    const said = this.#said.get(senders) ?? []
    const place = said.lastIndexOf(number)
    const last = this.#last.get(seats)
    if (last !== undefined && place <= last) {
      this.#fail('messages arrive in order', `${by} hears message ${number} of ${from} after ${said[last]}`)
    } else if (last !== undefined && place > last + 1 && !this.mayLose) {
      this.#fail('no message is lost on a hiccup', `${by} hears message ${number} of ${from} right after ${said[last]}, and both sit where they sat`)
    }
    this.#last.set(seats, place)
    return senders
  }
}

/** Whether Redis may lose what was written to it. */
export function mayForget ({ kind }: Fault): boolean {
  return kind === 'failOver' || kind === 'emptyRedis' || kind === 'splitRedis'
}

/** Whether some faults may cost messages between servers. */
export function mayLose (fault: Fault, rules: Rules): boolean {
  const { kind, lasts } = fault
  const { probeTimeout, latency } = rules
  // What somebody says who was taken for lost is not heard until his server has said that he is there.
  if (mayForget(fault) || mayPutOut(fault, rules)) return true
  const stalls = kind === 'freezeRedis' || kind === 'slowRedis' || kind === 'pauseRedis' || kind === 'restartRedis' || kind === 'pauseServer' || kind === 'stallDecisions'
  return stalls && lasts + latency > probeTimeout / 2
}

/** Whether a fault may cost somebody a seat who is there: it was given up for lost, and another one sits there. */
export function mayPutOut ({ kind, lasts, how }: Fault, { lease, timeout }: Rules): boolean {
  if (kind === 'failOver' || kind === 'splitRedis') return true
  // What is slow may still be on its way when the fault is over.
  if (kind === 'slowRedis') return lasts + longestDelay(how, timeout) > lease / 2
  return (kind === 'pauseServer' || kind === 'freezeRedis') && lasts > lease / 2
}

/** How often those are counted who believe that they sit in a room, in ms: far less than they may be too many for. */
const COUNTED_EVERY = 50

/** Who sits where, by Redis and by the servers. */
export class Owners {
  readonly #fail: (invariant: Invariant, how: string) => void
  readonly #limit: number
  readonly #since = new Map<string, number>()
  #version = -1
  #countAt = 0

  constructor ({ lease, timeout, probeTimeout }: Rules, fail: (invariant: Invariant, how: string) => void) {
    this.#fail = fail
    this.#limit = 2 * lease + timeout + probeTimeout + 2_000
  }

  /**
   * @param calmSince when the last fault was over; Infinity while one is not
   */
  check (now: number, calmSince: number, redis: SimRedis, servers: readonly SimServer[], capacities: ReadonlyMap<string, number>): void {
    if (redis.version !== this.#version) {
      this.#version = redis.version
      for (const name of redis.state.rooms.values()) {
        const { room } = name
        const { length } = redis.state.arbiter.state(name).seats
        if (length > (capacities.get(room) ?? 2)) this.#fail('a room never has more owners than its capacity', `${length} seats in ${room}`)
      }
    }
    if (now < this.#countAt) return
    this.#countAt = now + COUNTED_EVERY
    for (const [room, capacity] of capacities) {
      let present = 0
      for (const { rooms, machine } of servers) {
        if (!machine.isDead) for (const seat of rooms.find('app', room)?.seats ?? []) if (seat.isHere && seat.link?.open === true) present++
      }
      if (present <= capacity) {
        this.#since.delete(room)
        continue
      }
      const since = this.#since.get(room) ?? now
      this.#since.set(room, since)
      if (now - Math.max(since, calmSince) > this.#limit) {
        this.#fail('who was put out of a seat by others does not stay in it', `${present} sit in ${room} for ${now - since} ms`)
      }
    }
  }
}

/** Whether everybody in a room who wants to talk is heard by everybody else, on the seats that they have now, and two are in a call. */
export function allTalk<M extends PersonMachine> (persons: ReadonlyArray<Person<M>>, since: number): boolean {
  return persons.every(one => one.isSeated && persons.every(other => {
    if (one === other) return true
    const heardAt = one.heardAt.get(other.name) ?? -1
    if (heardAt < Math.max(since, one.seatedAt, other.seatedAt)) return false
    // Of more than two nobody knows who is in a call with whom.
    return persons.length > 2 || one.inCallWith === other.page
  }))
}
