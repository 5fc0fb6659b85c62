import type { Environment } from '../../../lib/client/base/environment.js'
import { KEPT_FOR } from '../../../lib/cluster/record-times.js'
import { allTalk, mayForget, mayLose, mayPutOut, Messages, Owners, type Failure } from './checks.js'
import { Director, type Slots } from './director.js'
import { plan, type Fault } from './faults.js'
import { Machine } from './machine.js'
import { Network, of } from './network.js'
import { Person, type PersonWorld } from './person.js'
import { Random } from './random.js'
import { RedisState } from './redis-state.js'
import { gone, healed, rulesOf, type Rules } from './rules.js'
import { Scheduler } from './scheduler.js'
import { SimRedis, type KnownState } from './sim-redis.js'
import { SimServer, type ServerWorld } from './sim-server.js'
import { SimWebSocket } from './sim-web-socket.js'

export interface Options {
  readonly seed: number
  /** The faults that happen, by their numbers in the plan; by default all. */
  readonly only?: readonly number[]
  /** What happens in the first round, in place of what the seed says; there is no other one. */
  readonly faults?: readonly Fault[]
  /** How many rounds of faults there are; by default as many as the seed says. */
  readonly rounds?: number
  /** Makes what each Redis knows; by default in memory. `keepFor` is for how long, in ms, a room is kept of which no server says anything. */
  readonly makeState?: (keepFor: number) => KnownState
  /** Writes down what happens. */
  readonly trace?: boolean
}

export interface Result {
  readonly failure: Failure | null
  /** All that were planned, whether or not they happened. */
  readonly faults: Fault[]
  readonly rounds: number
  /** In ms. */
  readonly simulated: number
  readonly steps: number
  readonly messages: number
  /** How long it took after each round until everybody talked, in ms, and how long it might have taken. */
  readonly healed: number[]
  readonly mayTake: number
  readonly trace: string[]
}

/** One simulation: everything that its seed decides, from the first server's start until nobody is there any more. */
export class World implements ServerWorld, PersonWorld<Machine> {
  readonly scheduler = new Scheduler()
  readonly network: Network
  readonly rules: Rules
  redis: SimRedis
  /** The servers that still talk to a Redis that was replaced. */
  readonly isolated = new Map<SimServer, SimRedis>()
  readonly servers: Slots
  readonly persons: Person[] = []
  faultsUnderWay = 0
  /** When the last fault was over. */
  calmSince = 0
  readonly #options: Options
  readonly #all: SimServer[] = []
  readonly #director: Director
  readonly #balance: Random
  readonly #capacities: Map<string, number>
  readonly #messages = new Messages((invariant, how) => this.broken(invariant, how))
  readonly #owners: Owners
  readonly #trace: string[] = []
  readonly #names = new Map<string, string>()
  readonly #faults: Fault[] = []
  readonly #healed: number[] = []
  #pages = 0
  #mayPutOut = false
  #mayForget = false
  #failure: Failure | null = null

  constructor (options: Options) {
    const { seed, makeState = keepFor => new RedisState(keepFor) } = options
    this.#options = options
    const rules = this.rules = rulesOf(seed)
    this.network = new Network(this.scheduler, new Random(seed, 'network'))
    this.#balance = new Random(seed, 'balance')
    this.#capacities = new Map(rules.capacities.map((capacity, room) => [`room${room}`, capacity]))
    this.#owners = new Owners(rules, (invariant, how) => this.broken(invariant, how))
    this.redis = new SimRedis(this.scheduler, 'redis 1', () => makeState(KEPT_FOR * rules.lease))
    this.#director = new Director(this)
    this.servers = Array.from({ length: rules.servers }, (_, place) => this.startServer(place, 1))
    const crowd = new Random(seed, 'crowd')
    for (const [room, capacity] of this.#capacities) {
      const count = capacity + crowd.int(0, 2)
      for (let i = 0; i < count; i++) this.#move(room, `${room}/${i}`, this.persons.length, 0)
    }
  }

  async run (): Promise<Result> {
    const { seed, faults: given, rounds = given !== undefined ? 1 : new Random(this.#options.seed, 'rounds').int(1, 3) } = this.#options
    for (let round = 0; round < rounds && this.#failure === null; round++) await this.#round(round)
    if (this.#failure === null) await this.#end()
    return {
      failure: this.#failure,
      faults: this.#faults,
      rounds,
      simulated: this.scheduler.now,
      steps: this.scheduler.steps,
      messages: this.#messages.count,
      healed: this.#healed,
      mayTake: healed(rulesOf(seed)),
      trace: this.#trace
    }
  }

  // For what is in it.

  redisOf (server: SimServer): SimRedis {
    return this.isolated.get(server) ?? this.redis
  }

  capacityOf (room: string): number {
    return this.#capacities.get(room) ?? 2
  }

  get now (): number {
    return this.scheduler.now
  }

  makeMachine (name: string): Machine {
    return new Machine(this.scheduler, name)
  }

  environmentOn (machine: Machine, random: Random): ReturnType<PersonWorld<Machine>['environmentOn']> {
    const makeSocket = (): SimWebSocket => new SimWebSocket(machine, this.network, this.#balanced(), this.rules.latency)
    return {
      WebSocket: function WebSocket () { return makeSocket() } as unknown as Environment['WebSocket'],
      setTimeout: (task, ms) => machine.after(ms, task),
      clearTimeout: timer => machine.cancel(timer),
      now: () => this.scheduler.now,
      random: () => random.next(),
      secret: () => random.hex()
    }
  }

  /** The server to which a load balancer sends the next connection; null where none is up. */
  #balanced (): SimServer | null {
    const open = this.servers.filter(server => server?.isOpen === true)
    return open.length === 0 ? null : this.#balance.pick(open)
  }

  said (by: Person, seat: string, number: number): void {
    this.#messages.said(by.name, seat, number)
  }

  heard (by: Person, seat: string, from: string, number: number): void {
    const sender = this.#messages.heard(by.name, seat, from, number)
    // What is said of others by a Redis that has forgotten some is true again only once their servers have said who they are.
    if (by.others > this.capacityOf(by.room) - 1 && !this.#mayForget) this.broken('nobody is told of more others than there are seats', `${by.name} was told of ${by.others}`)
    const leftAt = by.left.get(sender)
    if (leftAt !== undefined && (leftAt >= by.seatedAt || !this.#mayForget)) {
      this.broken('nobody is heard who has left', `${by.name} hears message ${number} of ${from}, of whom it was told that he has left`)
    }
  }

  flows ({ page, inCallWith }: Person): boolean {
    return this.persons.some(other => other.page === inCallWith && other.inCallWith === page && !other.machine.isDead)
  }

  toldTwice (by: Person, definition: string, seat: string): void {
    this.broken('nobody is told twice that somebody has come, or left', `${by.name} is told ${definition} ${seat} again`)
  }

  closed (by: Person, code: number): void {
    if (code === 4001 && !this.#mayPutOut) this.broken('nobody who is there is put out', `${by.name} is closed with 4001`)
  }

  broken (invariant: string, how: string): void {
    this.note('!!!!!', `${invariant}: ${how}`)
    this.#failure ??= { invariant, how, at: this.scheduler.now }
  }

  note (who: string, what: string): void {
    if (this.#options.trace === true) this.#trace.push(`${String(this.scheduler.now).padStart(7)} ${who} ${this.#short(what)}`)
  }

  // For the director.

  startServer (place: number, generation: number): SimServer {
    const server = new SimServer(this, `server ${place}.${generation}`, this.rules)
    this.#all.push(server)
    return server
  }

  /** Opens a page again that was closed or lost. */
  openPage (place: number): void {
    const before = this.persons[place]
    if (before !== undefined) this.#move(before.room, before.name, place, before.number)
  }

  #move (room: string, name: string, place: number, number: number): void {
    const random = new Random(this.#options.seed, `${name} ${number} ${this.#pages++}`)
    const resume = random.chance(0.8)
    const person = this.persons[place] = new Person(this, name, room, resume, random, number)
    person.machine.after(random.int(0, 3_000), () => person.join())
  }

  async #round (round: number): Promise<void> {
    const { seed, only } = this.#options
    const begin = this.scheduler.now
    const lasts = new Random(seed, `round ${round}`).duration(5_000, 60_000)
    const { faults = plan(seed, round, begin, lasts, this.rules) } = this.#options
    for (const fault of faults) {
      const number = this.#faults.push(fault) - 1
      if (only?.includes(number) === false) continue
      this.#messages.mayLose ||= mayLose(fault, this.rules)
      this.#mayPutOut ||= mayPutOut(fault, this.rules)
      this.#mayForget ||= mayForget(fault)
      this.#director.begin(fault)
    }
    await this.#pass(lasts + 1)
    await this.#calm()
  }

  /** Nothing goes wrong any more: everybody for whom there is a seat talks, in time. */
  async #calm (): Promise<void> {
    const since = this.scheduler.now
    const talking: Person[][] = []
    for (const [room, capacity] of this.#capacities) {
      const inRoom = this.persons.filter(person => person.room === room)
      talking.push(inRoom.slice(0, capacity))
      for (const one of inRoom.slice(capacity)) one.stayOut()
    }
    this.note('-----', 'nothing goes wrong any more')
    const most = healed(this.rules)
    let lookAt = since
    await this.#pass(most, () => {
      if (this.scheduler.now < lookAt) return false
      lookAt = this.scheduler.now + 100
      return talking.every(persons => allTalk(persons, since))
    })
    if (this.#failure !== null) return
    for (const persons of talking) {
      if (allTalk(persons, since)) continue
      const how = persons.map(person => this.#about(person)).join(', ')
      this.broken('two who want to talk do talk in time', `after ${most} ms not yet: ${how}`)
    }
    this.#healed.push(this.scheduler.now - since)
    for (const person of this.persons) person.comeIn()
    await this.#pass(this.rules.talksEvery)
  }

  /** Everybody goes, each in another way, but for some who stay and have to hear of it; then there is room for others. */
  async #end (): Promise<void> {
    const random = new Random(this.#options.seed, 'end')
    const stay = new Map<string, Person>()
    for (const person of this.persons) if (person.isSeated && !stay.has(person.room) && random.chance(0.4)) stay.set(person.room, person)
    const goes = this.persons.filter(person => stay.get(person.room) !== person)
    const seats = goes.flatMap(({ isSeated, room, seat }) => isSeated ? { room, seat } : [])
    for (const person of goes) {
      const way = random.next()
      if (way < 0.4) {
        person.close()
      } else {
        person.die()
        if (way < 0.7) this.network.cut(of(person.machine))
        else this.network.freeze(of(person.machine), Infinity)
      }
    }
    this.note('-----', `everybody goes but ${[...stay.values()].map(({ name }) => name).join(', ')}`)
    // With those that were on it, so that nobody but other servers can say that they are gone.
    const sitOn = (server: SimServer, those: Iterable<{ seat: string }>): boolean => [...those].some(({ seat }) => server.rooms.seat(seat)?.isHere === true)
    const which = this.servers.findIndex(server => server !== null && sitOn(server, seats) && !sitOn(server, stay.values()))
    if (which !== -1 && random.chance(0.6)) {
      this.#director.begin({ kind: random.pick(['killServer', 'loseServer']), at: this.scheduler.now, lasts: 1_000, which, how: 0 })
    }
    await this.#forget(stay, seats)
    if (this.#failure !== null) return
    for (const person of goes) this.openPage(this.persons.indexOf(person))
    await this.#calm()
  }

  /**
   * In time nothing is left of those who are gone, where one in each of these rooms is not.
   *
   * @param seats the seats that they had
   */
  async #forget (stay: ReadonlyMap<string, Person>, seats: ReadonlyArray<{ room: string, seat: string }>): Promise<void> {
    const until = this.scheduler.now + gone(this.rules)
    for (;;) {
      await this.#pass(until - this.scheduler.now, () => this.#remains(stay, seats).length === 0)
      // What was said of them may still be on its way.
      await this.#pass(Math.min(until - this.scheduler.now, this.rules.lease + this.rules.timeout))
      if (this.#failure !== null) return
      const remains = this.#remains(stay, seats)
      if (remains.length === 0) return
      // Who was still joining when it went may have got the seat of another one, and has to be noticed as well. What has ended does not come again.
      const { arbiter } = this.redis.state
      const isBack = seats.some(({ room, seat }) => stay.has(room) && arbiter.state({ app: 'app', room }).seats.some(({ id }) => id === seat))
      if (this.scheduler.now < until && !isBack) continue
      this.broken('a seat that nobody renews ends', remains.join(', '))
      return
    }
  }

  /**
   * What there is of those who are gone, where one in each of these rooms is not.
   *
   * @param seats the seats that they had
   */
  #remains (stay: ReadonlyMap<string, Person>, seats: ReadonlyArray<{ room: string, seat: string }>): string[] {
    const remains: string[] = []
    for (const { machine, rooms } of this.#all) {
      if (!machine.isDead) for (const { name } of rooms.in('app')) if (!stay.has(name)) remains.push(`${machine.name} still has ${name}`)
    }
    const { arbiter, rooms } = this.redis.state
    for (const name of rooms.values()) {
      const person = stay.get(name.room)
      // A room of which no server knows is forgotten in time, and nobody has to look for it.
      if (person === undefined) continue
      const { length } = arbiter.state(name).seats
      if (length !== 1) remains.push(`Redis has ${length} seats in ${name.room}`)
      for (const { room, seat } of seats) if (room === name.room && !person.left.has(seat)) remains.push(`${person.name} was not told that ${seat} has left`)
    }
    return remains
  }

  async #pass (ms: number, isEnough: () => boolean = () => false): Promise<void> {
    if (this.#failure !== null) return
    await this.scheduler.run(this.scheduler.now + ms, () => {
      const { now } = this.scheduler
      this.#owners.check(now, this.faultsUnderWay > 0 ? Infinity : this.calmSince, this.redis, this.#all, this.#capacities)
      return this.#failure !== null || isEnough()
    })
  }

  #about ({ name, isSeated, seat, others, inCallWith, heardAt }: Person): string {
    return this.#short(`${name} ${isSeated ? 'sits' : 'does not sit'} on ${seat} with ${others}, in a call with ${inCallWith}, heard ${JSON.stringify([...heardAt])}`)
  }

  /** Ids are random, and hard to read. */
  #short (text: string): string {
    return text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, id => {
      const name = this.#names.get(id) ?? `#${this.#names.size + 1}`
      this.#names.set(id, name)
      return name
    })
  }
}
