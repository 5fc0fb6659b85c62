import { longestDelay, type Fault } from './faults.js'
import { Machine } from './machine.js'
import { between, of } from './network.js'
import type { SimServer } from './sim-server.js'
import type { SimRedis } from './sim-redis.js'
import type { World } from './world.js'

/** Makes faults happen, and mends them when they are over. */
export class Director {
  readonly #world: World
  /** Never stands still. */
  readonly #machine: Machine
  #generation = 1

  constructor (world: World) {
    this.#world = world
    this.#machine = new Machine(world.scheduler, 'the director')
  }

  at (time: number, task: () => void): void {
    this.#machine.after(time - this.#world.scheduler.now, task)
  }

  begin (fault: Fault): void {
    this.at(fault.at, () => {
      this.#world.note('-----', `${fault.kind} ${fault.which}, ${fault.how.toFixed(2)}, for ${fault.lasts} ms`)
      this.#world.faultsUnderWay++
      const mend = this.#apply(fault) ?? (() => {})
      this.#machine.after(fault.lasts, () => {
        this.#world.note('-----', `${fault.kind} is over`)
        mend()
        if (--this.#world.faultsUnderWay === 0) this.#world.calmSince = this.#world.scheduler.now
      })
    })
  }

  /** @returns what is to be done when it is over */
  #apply (fault: Fault): (() => void) | undefined {
    const { kind } = fault
    if (kind === 'leave' || kind === 'closePage' || kind.endsWith('Person') || kind === 'losePage') return this.#ofPerson(fault)
    if (kind.endsWith('Server')) return this.#ofServer(fault)
    return this.#ofRedis(fault)
  }

  #ofPerson ({ kind, lasts, which, how }: Fault): (() => void) | undefined {
    const { persons, network } = this.#world
    const place = which % persons.length
    const person = persons[place]
    // Its page is gone, and whatever ended it brings another one.
    if (person === undefined || person.isGone) return undefined
    const { machine } = person
    const comeBack = (): void => this.#world.openPage(place)
    switch (kind) {
      case 'cutPerson': network.cut(of(machine)); break
      case 'freezePerson': network.freeze(of(machine), lasts); break
      case 'slowPerson': network.slow(of(machine), how * 3_000, lasts); break
      case 'sleepPerson': machine.pause(lasts); break
      case 'leave':
        person.does(() => person.leave())
        return () => {
          const now = persons[place]
          now?.does(() => now.join())
        }
      case 'closePage':
        person.close()
        return comeBack
      case 'losePage':
        person.die()
        if (how < 0.5) network.cut(of(machine))
        else network.freeze(of(machine), Infinity)
        return comeBack
    }
    return undefined
  }

  #ofServer ({ kind, lasts, which }: Fault): (() => void) | undefined {
    const { servers, network } = this.#world
    const place = which % servers.length
    const server = servers[place]
    if (server === undefined || server === null) return undefined
    if (kind === 'pauseServer') {
      server.machine.pause(lasts)
      return undefined
    }
    servers[place] = null
    if (kind === 'drainServer') server.drain()
    else server.kill(kind === 'loseServer')
    return () => {
      // It is known again, and knows nothing of its old connections.
      if (kind === 'loseServer') network.reset(of(server.machine))
      servers[place] = this.#world.startServer(place, ++this.#generation)
    }
  }

  #ofRedis ({ kind, lasts, which, how }: Fault): (() => void) | undefined {
    const world = this.#world
    const { servers, network, redis } = world
    const server = servers[which % servers.length]
    const isRedis = (machine: Machine): boolean => machine.name.startsWith('redis')
    const way = (one: Machine, other: Machine): boolean => (one === server?.machine && isRedis(other)) || (other === server?.machine && isRedis(one))
    switch (kind) {
      case 'cutRedis': network.cut(way); return undefined
      case 'freezeRedis': network.freeze(way, lasts); return undefined
      case 'slowRedis': network.slow(way, longestDelay(how, world.rules.timeout), lasts); return undefined
      case 'stallDecisions':
        server?.stallDecisions(lasts)
        server?.cutOne(how)
        return undefined
      case 'pauseRedis': redis.machine.pause(lasts); return undefined
    }
    // One thing at a time.
    if (!redis.isUp || world.isolated.size > 0) return undefined
    const name = `redis ${++this.#generation}`
    const lost = kind === 'emptyRedis' ? Infinity : kind === 'restartRedis' ? 0 : Math.round(how * 1_500)
    const next = world.redis = redis.successor(name, lost)
    if (kind === 'splitRedis') {
      for (const [place, server] of servers.entries()) {
        if (server === null) continue
        if ((which >> place) % 2 === 0) world.isolated.set(server, redis)
        else network.cut(between(server.machine, redis.machine))
      }
      return () => {
        world.isolated.clear()
        this.#end(redis)
      }
    }
    this.#end(redis)
    next.isUp = false
    return () => { next.isUp = true }
  }

  #end (redis: SimRedis): void {
    redis.isUp = false
    redis.machine.isDead = true
    this.#world.network.cut(of(redis.machine))
  }
}

export type Slots = Array<SimServer | null>
