import { ClusterServer } from '../../../lib/cluster/cluster-server.js'
import { NoAnswerError } from '../../../lib/cluster/command-gate.js'
import { MemoryArbiter } from '../../../lib/cluster/memory-arbiter.js'
import { MemoryRoomCount } from '../../../lib/cluster/memory-room-count.js'
import { OutageClock } from '../../../lib/cluster/outage-clock.js'
import { SharedRoom } from '../../../lib/cluster/shared-room.js'
import type { BackplaneListener } from '../../../lib/rooms/backplane.js'
import type { SeatRules } from '../../../lib/rooms/room-context.js'
import { RoomRegistry } from '../../../lib/rooms/room-registry.js'
import type { RoomName, SeatArbiter } from '../../../lib/rooms/seat-arbiter.js'
import { namesOf, type Message } from '../signalling-client.js'
import { FakeLink } from './fake-link.js'
import { promisesDone } from './pending.js'
import { TestClock } from './test-clock.js'

const PROBE_TIMEOUT = 2_000
const LEASE = 10_000
const RULES: SeatRules = { window: 20_000, hold: true, messages: 100, bytes: 100_000 }

/** More than any test sends. */
const MAX_POSTED = 10_000

/** What decides was asked before the clock of the test began, so that no version is 0. */
const EPOCH = 1_000_000

/** What a server asks who decides. */
type SeatQuestion = Exclude<keyof SeatArbiter, 'time'>

/** Who decides, as one server sees it: its answers take their time, and may not come. What was asked is done at once all the same. */
class DistantArbiter implements SeatArbiter {
  readonly #arbiter: MemoryArbiter
  #held: Array<() => void> | null = null
  #holds: SeatQuestion | undefined
  /** What is asked is not done, and there is no answer. */
  isAway = false
  /** As the server knows it. */
  time: number | undefined
  /** What was asked so far. */
  readonly asked: string[] = []

  constructor (arbiter: MemoryArbiter) {
    this.#arbiter = arbiter
  }

  /** Answers stay on their way until {@link release}: all of them, or those to one question. */
  hold (method?: SeatQuestion): void {
    this.#held ??= []
    this.#holds = method
  }

  release (): void {
    for (const go of this.#held?.splice(0) ?? []) go()
    this.#held = null
  }

  join = this.#ask('join')
  withdraw = this.#ask('withdraw')
  lost = this.#ask('lost')
  expire = this.#ask('expire')
  leave = this.#ask('leave')
  announce = this.#ask('announce')
  state = this.#ask('state')
  renew = this.#ask('renew')

  #ask<M extends SeatQuestion> (method: M): SeatArbiter[M] {
    return (async (...args: unknown[]): Promise<unknown> => {
      this.asked.push(method)
      if (this.isAway) throw new NoAnswerError('the test has it away')
      const answer = structuredClone((this.#arbiter[method] as (...args: unknown[]) => unknown).apply(this.#arbiter, args))
      const held = this.#held
      if (held !== null && (this.#holds ?? method) === method) await new Promise<void>(resolve => held.push(resolve))
      return answer
    }) as SeatArbiter[M]
  }
}

interface Letter {
  from: string
  to: string
  message: string
}

/**
 * Servers that share their rooms, with all that makes rooms span them, and no Redis: who decides is in memory. The clock moves, messages of
 * servers arrive, and answers come when the test says so.
 */
export class ClusterWorld {
  readonly clock = new TestClock()
  readonly rules: SeatRules
  readonly arbiter = new MemoryArbiter(() => EPOCH + this.clock.now())
  readonly count = new MemoryRoomCount(() => this.clock.now())
  readonly #servers = new Map<string, FakeServer>()
  #letters: Letter[] = []
  /** How many messages servers have sent each other. */
  posted = 0

  constructor (rules: Partial<SeatRules> = {}) {
    this.rules = { ...RULES, ...rules }
  }

  start (name: string): FakeServer {
    const server = new FakeServer(name, this)
    this.#servers.set(name, server)
    return server
  }

  post (letter: Letter): void {
    if (this.posted++ > MAX_POSTED) throw new Error('Servers do not come to an end with each other.')
    this.#letters.push(letter)
  }

  /** One message of a server arrives, and what comes of it happens. */
  async next (): Promise<void> {
    await promisesDone()
    const letter = this.#letters.shift()
    if (letter !== undefined) this.#servers.get(letter.to)?.receive(letter)
    await promisesDone()
  }

  /** Until nothing is on its way but what is held back. */
  async idle (): Promise<void> {
    await promisesDone()
    while (this.#letters.length > 0) {
      for (const letter of this.#letters.splice(0)) this.#servers.get(letter.to)?.receive(letter)
      await promisesDone()
    }
  }

  /** Moves on, and lets everything happen that comes of it. */
  async pass (ms: number): Promise<void> {
    await this.idle()
    await this.clock.advanceSlowly(ms, async () => this.idle())
    await this.idle()
  }

  /** These servers' leases have lapsed, as all others learn. */
  async die (...names: string[]): Promise<void> {
    for (const name of names) this.#servers.get(name)?.die()
    for (const [name, { cluster }] of this.#servers) if (!names.includes(name)) for (const dead of names) cluster.died(dead)
    await this.idle()
  }

  /** What decides loses all that it knows of a room. */
  forget (room: RoomName): void {
    for (const server of this.#servers.keys()) this.arbiter.announce(room, server, [], 2)
  }

  isDead (name: string): boolean {
    return this.#servers.get(name)?.isDead ?? false
  }
}

export class FakeServer {
  readonly arbiter: DistantArbiter
  readonly cluster: ClusterServer
  readonly rooms: RoomRegistry
  readonly failures: unknown[] = []
  isDead = false
  readonly #world: ClusterWorld
  #received: BackplaneListener = () => {}

  constructor (name: string, world: ClusterWorld) {
    const { clock } = world
    this.#world = world
    this.arbiter = new DistantArbiter(world.arbiter)
    this.cluster = new ClusterServer({
      server: name,
      arbiter: this.arbiter,
      count: world.count,
      clock,
      windowClock: new OutageClock(clock),
      probeTimeout: PROBE_TIMEOUT,
      lease: LEASE,
      connect: received => {
        this.#received = received
        return {
          send: (to, message) => {
            if (!this.isDead) world.post({ from: name, to, message })
            return true
          },
          async written () {},
          close () {}
        }
      },
      isDead: name => world.isDead(name),
      failed: error => { this.failures.push(error) }
    })
    this.rooms = new RoomRegistry(world.rules, clock, (app, room, context, maxRooms) => new SharedRoom(app, room, context, this.cluster, maxRooms))
    this.cluster.serve(this.rooms)
  }

  receive ({ from, message }: Letter): void {
    if (!this.isDead) this.#received(from, message)
  }

  die (): void {
    this.isDead = true
  }

  /** @param capacity how many may sit in its room; by default as many as the room has it */
  connect (app = 'app', capacity?: number): FakePeer {
    const { clock } = this.#world
    return new FakePeer(new FakeLink({ app, capacity, rooms: this.rooms, clock, probeTimeout: PROBE_TIMEOUT }), this.#world)
  }
}

/** A client that does nothing by itself. It sits in the room `room`. */
export class FakePeer {
  readonly link: FakeLink
  readonly #world: ClusterWorld

  constructor (link: FakeLink, world: ClusterWorld) {
    this.link = link
    this.#world = world
  }

  say (message: object): void {
    this.link.say({ streamId: 'room', ...message })
  }

  chat (data: unknown): void {
    this.say({ command: 'peerMessageCommand', definition: 'chat', data })
  }

  /** Everything that has come since the last time. */
  read (): Message[] {
    const messages: Message[] = []
    this.link.read(Infinity, message => messages.push(message as unknown as Message), () => {})
    return messages
  }

  /** The names of it. */
  heard (): string[] {
    return namesOf(this.read())
  }

  /** What others have said in chat since then. */
  chats (): unknown[] {
    return this.read().flatMap(({ command, data }) => command === 'peerMessageCommand' ? [data] : [])
  }

  /** Joins, and takes the `joined`, or what comes instead. */
  async join (fields: object = {}): Promise<Message | undefined> {
    this.say({ command: 'join', ...fields })
    await this.#world.idle()
    return this.read()[0]
  }
}
