import type { Machine } from './machine.js'

/** Something that happens at its time on its machine. */
export interface Scheduled {
  at: number
  order: number
  readonly machine: Machine
  /** By the lived time of its machine; null where it does not matter whether the machine stood still. */
  readonly due: number | null
  /** null once it is cancelled. */
  task: (() => void) | null
}

/** The one clock of a simulation, and everything that is still to happen. It happens one after the other, in an order that hangs on nothing else. */
export class Scheduler {
  now = 0
  /** How much has happened. */
  steps = 0
  readonly #heap: Scheduled[] = []
  #order = 0
  /** On whose machine something happens now: what its promises set off belongs there too. */
  #current: Machine | null = null

  add (machine: Machine, at: number, due: number | null, task: () => void): Scheduled {
    const scheduled = { at: Math.max(at, this.now), order: 0, machine, due, task }
    this.#push(scheduled)
    return scheduled
  }

  /**
   * Lets things happen until `end`.
   *
   * @param each called after each of them, when its promises are done; returns true to stop
   */
  async run (end: number, each: () => boolean): Promise<void> {
    // What the code under test leaves for the end of a turn comes after what is due now, as it does there.
    const { setImmediate } = globalThis
    globalThis.setImmediate = ((task: (...args: unknown[]) => void, ...args: unknown[]) => {
      const machine = this.#current
      if (machine === null) throw new Error('Something happens on no machine.')
      this.add(machine, this.now, null, () => task(...args))
    }) as unknown as typeof globalThis.setImmediate
    // From here on it is in the queue of the promises.
    await undefined
    try {
      for (let next = this.#pop(end); next !== undefined; next = this.#pop(end)) {
        if (!this.#isDue(next)) continue
        this.steps++
        this.#current = next.machine
        next.task?.()
        // A tick of the process runs only when no promise has anything left to do.
        await new Promise<void>(resolve => { process.nextTick(resolve) })
        if (each()) return
      }
      this.now = end
    } finally {
      globalThis.setImmediate = setImmediate
      this.#current = null
    }
  }

  /** Sets it off later where its machine stands still, or did. */
  #isDue (next: Scheduled): boolean {
    const { machine, due } = next
    if (next.task === null || machine.isDead) return false
    this.now = next.at
    const left = due === null ? 0 : due - machine.lived()
    if (machine.pausedUntil <= this.now && left <= 0) return true
    // A timer waits until what has arrived meanwhile was read.
    next.at = Math.max(this.now, machine.pausedUntil) + (due === null ? 0 : Math.max(left, 1))
    this.#push(next)
    return false
  }

  #push (scheduled: Scheduled): void {
    const heap = this.#heap
    scheduled.order = this.#order++
    let place = heap.push(scheduled) - 1
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = heap[above] as Scheduled
      if (!isBefore(scheduled, parent)) break
      heap[place] = parent
      place = above
    }
    heap[place] = scheduled
  }

  #pop (end: number): Scheduled | undefined {
    const heap = this.#heap
    const first = heap[0]
    if (first === undefined || first.at > end) return undefined
    const last = heap.pop() as Scheduled
    if (heap.length > 0) this.#sink(last)
    return first
  }

  #sink (scheduled: Scheduled): void {
    const heap = this.#heap
    let place = 0
    for (;;) {
      let below = 2 * place + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Scheduled, heap[below] as Scheduled)) below++
      if (!isBefore(heap[below] as Scheduled, scheduled)) break
      heap[place] = heap[below] as Scheduled
      place = below
    }
    heap[place] = scheduled
  }
}

function isBefore (one: Scheduled, other: Scheduled): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order)
}
