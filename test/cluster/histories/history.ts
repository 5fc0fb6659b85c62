import { setTimeout as later } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Environment } from '../../../lib/client/base/environment.js'
import type { WebrtcSignallingOptions } from '../../../lib/index.js'
import { allTalk, Messages, type Failure } from '../simulator/checks.js'
import { Person, type PersonWorld } from '../simulator/person.js'
import { Random } from '../simulator/random.js'
import { Fleet, type RealServer } from './fleet.js'
import { Page, PageSocket } from './page.js'
import { HEARTBEAT, plan, rulesOf, SDK_SPEED, type Fault, type Rules } from './rules.js'

/** How long something that must come may take, in ms. Only a history that fails ever waits for it. */
const MAX_WAIT = 120_000
/** How many may sit in a room. */
const CAPACITY = 2
/** How often it is looked who sits where by Redis, in ms. */
const LOOKS_EVERY = 25
/** What is logged as this, or worse, is an error (pino). */
const ERROR = 50

export interface Result {
  readonly seed: number
  readonly failure: Failure | null
  readonly faults: readonly Fault[]
  readonly messages: number
  /** How many pieces of Redis's answers were lost, and how many people were put out of their seats by others. */
  readonly repliesLost: number
  readonly putOut: number
  /** How long it took each time until everybody talked, in ms. */
  readonly healed: readonly number[]
  readonly trace: readonly string[]
}

/** One history: real servers in processes of their own on a real Redis, and people with the signalling of the SDK on real connections. */
export class History implements PersonWorld<Page> {
  readonly rules: Rules
  readonly #seed: number
  readonly #begin = performance.now()
  readonly #redis: Redis
  readonly #prefix: string
  readonly #fleet: Fleet
  readonly #balance: Random
  readonly #persons: Array<Person<Page>> = []
  readonly #rooms: string[]
  readonly #messages = new Messages((invariant, how) => this.broken(invariant, how))
  readonly #faults: Fault[]
  readonly #trace: string[] = []
  readonly #names = new Map<string, string>()
  readonly #healed: number[] = []
  readonly #lost = new Set<RealServer>()
  #pages = 0
  #putOut = 0
  #isOver = false
  #failure: Failure | null = null

  /**
   * @param program what a server runs
   * @param redis for looking what it knows
   */
  constructor (seed: number, program: string, redis: Redis, redisPort: number) {
    const rules = this.rules = rulesOf(seed)
    this.#seed = seed
    this.#redis = redis
    this.#prefix = `history ${seed} ${process.pid}:`
    this.#faults = plan(seed, rules)
    this.#balance = new Random(seed, 'balance')
    this.#rooms = Array.from({ length: rules.rooms }, (_, room) => `room${room}`)
    // People that are lost leave much behind, which is not what this is about.
    this.#messages.mayLose = true
    const { lease, timeout, probeTimeout, window, hold, decidesIn } = rules
    const options: WebrtcSignallingOptions = {
      cluster: { keyPrefix: this.#prefix, lease, timeout },
      probeTimeout,
      resume: { window, hold },
      heartbeat: HEARTBEAT,
      drain: { grace: 1_000, retryAfter: 500 },
      limits: { joinsPerMinute: 1e6, connectionsPerAddress: 1e4 }
    }
    this.#fleet = new Fleet(program, redisPort, { options, tells: true, ...decidesIn === undefined ? {} : { decidesIn } }, {
      logged: (server, line) => this.#logged(server, line),
      ended: server => this.broken('no server ends by itself', server)
    })
  }

  async run (): Promise<Result> {
    try {
      await Promise.all(Array.from({ length: this.rules.servers }, async (_, place) => this.#fleet.start(place)))
      // However long it takes: this is not what the promises are about.
      while (this.#failure === null && !this.#fleet.servers.every(server => server?.isOpen === true)) await later(LOOKS_EVERY)
      const watch = this.#watchRedis()
      const crowd = new Random(this.#seed, 'crowd')
      for (const room of this.#rooms) {
        const count = CAPACITY + crowd.int(0, 2)
        for (let i = 0; i < count; i++) this.#open(room, `${room}/${i}`, this.#persons.length, 0)
      }
      await this.#goWrong()
      await this.#calm()
      await this.#end()
      await this.#calm()
      this.#isOver = true
      await watch
    } catch (error) {
      if (!(error instanceof BrokenError)) this.broken('the history itself works', String((error as Error).stack))
    } finally {
      this.#isOver = true
      for (const { machine } of this.#persons) machine.vanish(true)
      await this.#fleet.end()
      const keys = await this.#redis.keys(`${this.#prefix}*`)
      if (keys.length > 0) await this.#redis.unlink(...keys)
    }
    return {
      seed: this.#seed,
      failure: this.#failure,
      faults: this.#faults,
      messages: this.#messages.count,
      repliesLost: [...this.#lost].reduce((sum, { way }) => sum + way.lost, 0),
      putOut: this.#putOut,
      healed: this.#healed,
      trace: this.#trace
    }
  }

  // For the people.

  get now (): number {
    return performance.now() - this.#begin
  }

  makeMachine (): Page {
    return new Page()
  }

  environmentOn (page: Page, random: Random): ReturnType<PersonWorld<Page>['environmentOn']> {
    const makeSocket = (): PageSocket => new PageSocket(page, this.#fleet.balanced(this.#balance), (invariant, how) => this.broken(invariant, how))
    return {
      WebSocket: function WebSocket () { return makeSocket() } as unknown as Environment['WebSocket'],
      setTimeout: (task, ms) => page.after(ms / SDK_SPEED, task) as object,
      clearTimeout: timer => page.cancel(timer),
      now: () => this.now * SDK_SPEED,
      random: () => random.next(),
      secret: () => random.hex()
    }
  }

  said (by: Person<Page>, seat: string, number: number): void {
    this.#messages.said(by.name, seat, number)
  }

  heard (by: Person<Page>, seat: string, from: string, number: number): void {
    const sender = this.#messages.heard(by.name, seat, from, number)
    if (by.left.has(sender)) this.broken('nobody is heard who has left', `${by.name} hears message ${number} of ${from}, of whom it was told that he has left`)
    if (by.others > CAPACITY - 1) this.broken('nobody is told of more others than there are seats', `${by.name} was told of ${by.others}`)
  }

  flows ({ page, inCallWith }: Person<Page>): boolean {
    return this.#persons.some(other => other.page === inCallWith && other.inCallWith === page && !other.machine.isDead)
  }

  toldTwice (by: Person<Page>, definition: string, seat: string): void {
    this.broken('nobody is told twice that somebody has come, or left', `${by.name} is told ${definition} ${seat} again`)
  }

  closed (_by: Person<Page>, code: number): void {
    if (code === 4001) this.#putOut++
  }

  note (who: string, what: string): void {
    this.#trace.push(`${this.now.toFixed().padStart(7)} ${who} ${this.#short(what)}`)
  }

  broken (invariant: string, how: string): void {
    if (this.#isOver) return
    this.note('!!!!!', `${invariant}: ${how}`)
    this.#failure ??= { invariant, how: this.#short(how), at: Math.round(this.now) }
  }

  // What happens.

  #open (room: string, name: string, place: number, number: number): void {
    const random = new Random(this.#seed, `${name} ${number} ${this.#pages++}`)
    const person = this.#persons[place] = new Person<Page>(this, name, room, random.chance(0.8), random, number)
    person.machine.after(random.int(0, 1_000), () => person.join())
  }

  #openAgain (place: number): void {
    const before = this.#persons[place]
    if (before !== undefined) this.#open(before.room, before.name, place, before.number)
  }

  /** Makes all faults happen, each at its time, and mends them. */
  async #goWrong (): Promise<void> {
    const begin = this.now
    const at = async (time: number): Promise<void> => { await later(Math.max(0, begin + time - this.now)) }
    await Promise.all(this.#faults.map(async fault => {
      await at(fault.at)
      this.note('-----', `${fault.kind} ${fault.which}, ${fault.how.toFixed(2)}, for ${fault.lasts} ms`)
      const mend = this.#apply(fault)
      await at(fault.at + fault.lasts)
      await mend?.()
      this.note('-----', `${fault.kind} is over`)
    }))
    await at(this.rules.lasts)
    if (this.#failure !== null) throw new BrokenError()
  }

  /** @returns what is to be done when it is over */
  #apply (fault: Fault): (() => void | Promise<void>) | undefined {
    if (fault.kind.endsWith('Server')) return this.#ofServer(fault)
    return fault.kind.endsWith('Redis') ? this.#ofWay(fault) : this.#ofPerson(fault)
  }

  #ofPerson ({ kind, which, how }: Fault): (() => void) | undefined {
    const place = which % this.#persons.length
    const person = this.#persons[place]
    if (person === undefined || person.isGone) return undefined
    const { machine } = person
    const comeBack = (): void => this.#openAgain(place)
    switch (kind) {
      case 'cutPerson':
        machine.cut()
        return undefined
      case 'freezePerson':
        machine.freeze()
        return () => machine.thaw()
      case 'leave':
        person.does(() => person.leave())
        return () => {
          const now = this.#persons[place]
          now?.does(() => now.join())
        }
      case 'closePage':
        person.close()
        return comeBack
      case 'losePage':
        person.die()
        machine.vanish(how < 0.5)
        return comeBack
    }
    return undefined
  }

  #ofServer ({ kind, which }: Fault): (() => void | Promise<void>) | undefined {
    const { servers } = this.#fleet
    const place = which % servers.length
    const server = servers[place]
    if (server === undefined || server === null) return undefined
    if (kind === 'pauseServer') {
      server.pause()
      return () => server.goOn()
    }
    servers[place] = null
    if (kind === 'drainServer') server.drain()
    else server.kill()
    return async () => this.#fleet.start(place)
  }

  #ofWay ({ kind, lasts, which, how }: Fault): (() => void) | undefined {
    const { servers } = this.#fleet
    const server = servers[which % servers.length]
    if (server === undefined || server === null) return undefined
    const { way } = server
    switch (kind) {
      case 'cutRedis':
        way.cut()
        return undefined
      case 'refuseRedis':
        way.refuse()
        return () => way.accept()
      case 'holdRedis':
        way.hold(lasts)
        return undefined
      case 'slowRedis':
        way.delay = how * 2 * this.rules.timeout
        return () => { way.delay = 0 }
      case 'doubleRedis':
        this.#lost.add(server)
        way.loseReplies()
        return () => way.cutWithoutReplies()
    }
    return undefined
  }

  /** Nothing goes wrong any more: everybody for whom there is a seat talks, and all know the same. */
  async #calm (): Promise<void> {
    const since = this.now
    const talking = this.#rooms.map(room => {
      const inRoom = this.#persons.filter(person => person.room === room)
      for (const one of inRoom.slice(CAPACITY)) one.stayOut()
      return inRoom.slice(0, CAPACITY)
    })
    this.note('-----', 'nothing goes wrong any more')
    await this.#until('two who want to talk do talk in time', () => talking.every(persons => allTalk(persons, since)), () => {
      return talking.filter(persons => !allTalk(persons, since)).flat().map(person => this.#about(person)).join(', ')
    })
    this.#healed.push(this.now - since)
    await this.#agree(talking.flat())
    for (const person of this.#persons) person.comeIn()
  }

  /** Everybody goes, each in another way, but for some who stay and have to hear of it; then there is room for others. */
  async #end (): Promise<void> {
    const random = new Random(this.#seed, 'end')
    const since = this.now
    const stay = new Map<string, Person<Page>>()
    for (const person of this.#persons) if (person.isSeated && !stay.has(person.room) && random.chance(0.4)) stay.set(person.room, person)
    const goes = this.#persons.filter(person => stay.get(person.room) !== person)
    const seats = goes.flatMap(({ isSeated, room, seat }) => isSeated ? { room, seat } : [])
    // With those that were on it, so that nobody but other servers can say that they are gone.
    const place = random.int(0, this.rules.servers - 1)
    const isKilled = random.chance(0.6)
    this.note('-----', `everybody goes but ${[...stay.values()].map(({ name }) => name).join(', ')}${isKilled ? ` and server ${place} is killed` : ''}`)
    if (isKilled) this.#fleet.servers[place]?.kill()
    for (const person of goes) {
      const way = random.next()
      if (way < 0.4) {
        person.close()
      } else {
        person.die()
        person.machine.vanish(way < 0.7)
      }
    }
    if (isKilled) await this.#fleet.start(place)
    const unheard = (): string[] => seats.flatMap(({ room, seat }) => {
      const person = stay.get(room)
      // Who got another seat meanwhile, since its server was killed, was told who is there then.
      return person === undefined || person.seatedAt > since || person.left.has(seat) ? [] : `${person.name} was not told that ${seat} has left`
    })
    await this.#until('a seat that nobody renews ends', () => unheard().length === 0, () => unheard().join(', '))
    await this.#agree([...stay.values()])
    for (const person of goes) this.#openAgain(this.#persons.indexOf(person))
  }

  /** In the end Redis and every server know who sits where, and nobody else believes that he does. */
  async #agree (those: ReadonlyArray<Person<Page>>): Promise<void> {
    let other: string[] = []
    const same = (one: readonly string[], another: readonly string[]): boolean => String([...one].sort()) === String([...another].sort())
    await this.#until('a seat that nobody renews ends', async () => {
      other = this.#persons.filter(person => person.isSeated && !those.includes(person)).map(({ name }) => `${name} believes that he sits there`)
      const seatsIn = (room: string): string[] => those.filter(person => person.room === room).map(({ seat }) => seat)
      const known = await this.#known()
      for (const room of this.#rooms) {
        const seats = seatsIn(room)
        // A room of which no server knows is forgotten in time, and nobody has to look for it.
        if (seats.length > 0 && !same(known.get(room) ?? [], seats)) other.push(`Redis has ${known.get(room)?.join(' and ')} in ${room}, and not ${seats.join(' and ')}`)
      }
      for (const server of this.#fleet.servers) {
        if (server?.isOpen !== true) {
          other.push('a server is still to start')
          continue
        }
        const rooms = await server.list()
        for (const room of this.#rooms) {
          const peers = rooms.find(({ name }) => name === room)?.peers ?? []
          if (!same(peers, seatsIn(room))) other.push(`${server.name} has ${peers.join(' and ')} in ${room}, and not ${seatsIn(room).join(' and ')}`)
        }
      }
      return other.length === 0
    }, () => other.join(', '))
  }

  // What is looked at.

  /** Who sits where, by Redis. */
  async #known (): Promise<Map<string, string[]>> {
    const records = await this.#redis.pipeline(this.#rooms.map(room => ['hkeys', `${this.#prefix}{app/${room}}`])).exec() ?? []
    return new Map(this.#rooms.map((room, i) => [room, (records[i]?.[1] as string[]).filter(key => key.startsWith('s:')).map(key => key.slice(2))]))
  }

  async #watchRedis (): Promise<void> {
    while (!this.#isOver && this.#failure === null) {
      for (const [room, seats] of await this.#known()) {
        if (seats.length > CAPACITY) this.broken('a room never has more owners than its capacity', `${seats.length} seats in ${room}: ${seats.join(', ')}`)
      }
      await later(LOOKS_EVERY)
    }
  }

  #logged (server: string, line: string): void {
    const { level, msg, err } = JSON.parse(line) as { level: number, msg: string, err?: { message: string, stack: string } }
    this.note(server, `logs ${msg}: ${err?.message}`)
    if (level >= ERROR) this.broken('no frame fails', `${server} ${msg}: ${err?.stack}`)
    else if (err !== undefined && !isExpected(err.message)) this.broken('nothing fails but Redis', `${server} ${msg}: ${err.stack}`)
  }

  async #until (invariant: string, holds: () => boolean | Promise<boolean>, how: () => string): Promise<void> {
    const begin = this.now
    while (this.#failure === null && !await holds()) {
      if (this.now - begin > MAX_WAIT) this.broken(invariant, `after ${MAX_WAIT} ms not yet: ${how()}`)
      await later(50)
    }
    if (this.#failure !== null) throw new BrokenError()
  }

  #about ({ name, isSeated, seat, others, inCallWith, heardAt }: Person<Page>): string {
    return `${name} ${isSeated ? 'sits' : 'does not sit'} on ${seat} with ${others}, in a call with ${inCallWith}, heard ${JSON.stringify([...heardAt])}`
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

/** An invariant was broken: nothing more needs to happen. */
class BrokenError extends Error {}

/** What may be said of Redis where it is away. */
function isExpected (message: string): boolean {
  return message.startsWith('Redis does not answer') || /^Connection is closed|ECONNREFUSED|ECONNRESET|EPIPE|Socket closed/.test(message)
}
