import type { Machine } from './machine.js'
import type { Random } from './random.js'
import type { Scheduler } from './scheduler.js'

/** One end of a connection. */
export interface End {
  readonly machine: Machine
  /** The connection is gone. It is told once, and not to the end that has closed it. */
  ended (): void
}

export type Side = 0 | 1

/** Which connections: by the machines at its two ends. */
export type Which = (one: Machine, other: Machine) => boolean

/**
 * A connection as TCP makes it: what one end sends arrives in order, late or never. Frozen, it carries nothing and tells nobody; what was sent
 * meanwhile arrives when it thaws. Cut, it loses what is on its way, and both ends learn of it.
 */
export class Wire {
  readonly ends: readonly [End, End]
  readonly #scheduler: Scheduler
  readonly #delay: () => number
  readonly #queues: [Array<() => void>, Array<() => void>] = [[], []]
  readonly #last: [number, number] = [0, 0]
  #frozenUntil = 0
  #isOver = false
  /** The end that wants to hear nothing any more. */
  #deaf: Side | null = null

  constructor (scheduler: Scheduler, ends: readonly [End, End], delay: () => number) {
    this.#scheduler = scheduler
    this.ends = ends
    this.#delay = delay
  }

  get isOver (): boolean {
    return this.#isOver
  }

  send (to: Side, arrive: () => void): void {
    if (this.#isOver) return
    const { now } = this.#scheduler
    this.#last[to] = Math.max(this.#last[to], Math.max(now, Math.min(this.#frozenUntil, Number.MAX_SAFE_INTEGER)) + this.#delay())
    this.#queues[to].push(arrive)
    this.#arriveAt(to, this.#last[to])
  }

  /** One end closes: behind what it has sent, the other one is told. */
  close (by: Side): void {
    if (this.#deaf !== null) return
    this.#deaf = by
    const other = by === 0 ? 1 : 0
    this.send(other, () => {
      this.#isOver = true
      this.ends[other].ended()
    })
  }

  cut (): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const side of [0, 1] as const) {
      if (side === this.#deaf || this.#frozenUntil === Infinity) continue
      const { machine } = this.ends[side]
      this.#scheduler.add(machine, Math.max(this.#scheduler.now, this.#frozenUntil) + this.#delay(), null, () => this.ends[side].ended())
    }
  }

  freeze (until: number): void {
    this.#frozenUntil = Math.max(this.#frozenUntil, until)
  }

  /** The machine that was lost without a word is there again, and knows nothing of it. */
  reset (): void {
    this.#frozenUntil = 0
    this.cut()
  }

  #arriveAt (to: Side, at: number): void {
    this.#scheduler.add(this.ends[to].machine, at, null, () => this.#arrive(to))
  }

  #arrive (to: Side): void {
    if (this.#isOver) return
    if (this.#frozenUntil > this.#scheduler.now) {
      if (this.#frozenUntil < Infinity) this.#arriveAt(to, this.#frozenUntil)
      return
    }
    const arrive = this.#queues[to].shift()
    if (to !== this.#deaf) arrive?.()
  }
}

interface Rule {
  readonly which: Which
  readonly until: number
}

/** All connections, and what the weather is like. */
export class Network {
  readonly #scheduler: Scheduler
  readonly #random: Random
  #wires: Wire[] = []
  #frozen: Rule[] = []
  #slow: Array<Rule & { extra: number }> = []

  constructor (scheduler: Scheduler, random: Random) {
    this.#scheduler = scheduler
    this.#random = random
  }

  /** @param least the shortest delay, in ms; `most`: the longest, where nothing is wrong */
  open (one: End, other: End, least: number, most: number): Wire {
    const delay = (): number => {
      let longest = most
      for (const { which, until, extra } of this.#slow) if (until > this.#scheduler.now && which(one.machine, other.machine)) longest += extra
      return this.#random.int(least, Math.round(longest))
    }
    const wire = new Wire(this.#scheduler, [one, other], delay)
    for (const { which, until } of this.#frozen) if (until > this.#scheduler.now && which(one.machine, other.machine)) wire.freeze(until)
    this.#wires = this.#wires.filter(({ isOver }) => !isOver)
    this.#wires.push(wire)
    return wire
  }

  freeze (which: Which, ms: number): void {
    const until = this.#scheduler.now + ms
    this.#frozen = this.#frozen.filter(({ until }) => until > this.#scheduler.now)
    this.#frozen.push({ which, until })
    for (const wire of this.#those(which)) wire.freeze(until)
  }

  slow (which: Which, extra: number, ms: number): void {
    const until = this.#scheduler.now + ms
    this.#slow = this.#slow.filter(({ until }) => until > this.#scheduler.now)
    this.#slow.push({ which, extra, until })
  }

  cut (which: Which): void {
    for (const wire of this.#those(which)) wire.cut()
  }

  reset (which: Which): void {
    for (const wire of this.#those(which)) wire.reset()
  }

  #those (which: Which): Wire[] {
    return this.#wires.filter(wire => !wire.isOver && which(wire.ends[0].machine, wire.ends[1].machine))
  }
}

/** Everything that one machine has to do with. */
export function of (machine: Machine): Which {
  return (one, other) => one === machine || other === machine
}

export function between (machine: Machine, another: Machine): Which {
  return (one, other) => (one === machine && other === another) || (one === another && other === machine)
}
