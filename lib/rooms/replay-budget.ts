/** Bounds on what all replay logs hold together. A bound that is absent does not apply. */
export interface BudgetBounds {
  /** Bytes kept in all. */
  totalBytes?: number
  /** Bytes kept for the seats of one address. */
  bytesPerAddress?: number
}

/**
 * What one kept message costs beside its own bytes. A small Buffer that Node.js has read from a socket takes some 600
 * bytes of memory, so that without this many empty messages would pass for nothing.
 */
export const MESSAGE_COST = 512

/** What the budget needs of a seat. */
export interface ShareOwner {
  /** Forgets what is kept: the peer is present, and has most likely received it. */
  forget (): void
  /** Gives the seat up: its peer has been absent the longest. */
  giveUp (): void
}

/** What a group of seats holds: all seats, or those of one address. Both sets are in the order in which seats began to hold something. */
class Pool {
  bytes = 0
  readonly present = new Set<Share>()
  readonly absent = new Set<Share>()
  readonly bound: number

  constructor (bound: number) {
    this.bound = bound
  }

  /** Makes one seat free memory: one whose peer is present, or else the one whose peer has been absent the longest. */
  makeRoom (): void {
    const [present] = this.present
    if (present !== undefined) {
      present.owner.forget()
      return
    }
    const [absent] = this.absent
    absent?.owner.giveUp()
  }
}

/** The part of the budget that the log of one seat uses. */
export class Share {
  readonly owner: ShareOwner
  readonly #budget: ReplayBudget
  #key: string
  /** The group of the seat's address, while anything is held. */
  #pool: Pool | null = null
  #bytes = 0
  #absent = false

  constructor (budget: ReplayBudget, owner: ShareOwner, key: string) {
    this.#budget = budget
    this.owner = owner
    this.#key = key
  }

  /** Counts the bytes that the log has added or, if negative, released. */
  add (bytes: number): void {
    this.#pool ??= this.#enter()
    const pool = this.#pool
    const { whole } = this.#budget
    this.#bytes += bytes
    pool.bytes += bytes
    whole.bytes += bytes
    if (this.#bytes === 0) this.#leave(pool)
    else if (bytes > 0 && (pool.bytes > pool.bound || whole.bytes > whole.bound)) this.#budget.exceeded(pool)
  }

  /** The peer has lost its link. */
  detach (): void {
    this.#move(() => { this.#absent = true })
  }

  /** The peer is back, maybe from another address. */
  attach (key: string): void {
    this.#move(() => {
      this.#absent = false
      this.#key = key
    })
  }

  #move (change: () => void): void {
    const held = this.#bytes
    if (held > 0) this.add(-held)
    change()
    if (held > 0) this.add(held)
  }

  #enter (): Pool {
    const pool = this.#budget.pool(this.#key)
    for (const each of [pool, this.#budget.whole]) (this.#absent ? each.absent : each.present).add(this)
    return pool
  }

  #leave (pool: Pool): void {
    for (const each of [pool, this.#budget.whole]) (this.#absent ? each.absent : each.present).delete(this)
    if (pool.bytes === 0) this.#budget.forget(this.#key)
    this.#pool = null
  }
}

/**
 * Limits the memory of all replay logs together, and of the logs of each address. A limit per seat alone is not enough: one address
 * may have many connections, each of them with seats in many rooms.
 *
 * Above a limit, the logs of present peers are emptied first, the oldest log first. Those peers have most likely received everything,
 * and only lose the chance of a complete replay. Then the seats of absent peers are given up, the longest absent first. If all
 * addresses together are above the limit, an address that holds more than the average frees memory first.
 *
 * Counting costs a message a few additions. Memory is freed after the message has been handled, because giving up a seat sends
 * messages to others.
 */
export class ReplayBudget {
  readonly whole: Pool
  readonly #perAddress: number
  /** The addresses for which anything is held. */
  readonly #pools = new Map<string, Pool>()
  readonly #exceeded = new Set<Pool>()

  constructor ({ totalBytes = Infinity, bytesPerAddress = Infinity }: BudgetBounds) {
    this.whole = new Pool(totalBytes)
    this.#perAddress = bytesPerAddress
  }

  /** The bytes that all logs hold, the overhead of each message included. */
  get bytes (): number {
    return this.whole.bytes
  }

  /** The number of addresses for which anything is held. */
  get addresses (): number {
    return this.#pools.size
  }

  pool (key: string): Pool {
    let pool = this.#pools.get(key)
    if (pool === undefined) this.#pools.set(key, pool = new Pool(this.#perAddress))
    return pool
  }

  forget (key: string): void {
    this.#pools.delete(key)
  }

  /** Frees memory above a limit. This address was the last one to add to it. */
  exceeded (pool: Pool): void {
    if (this.#exceeded.size === 0) queueMicrotask(this.#makeRoom)
    this.#exceeded.add(pool)
  }

  readonly #makeRoom = (): void => {
    const { whole } = this
    // Giving up a seat sends messages to others. This loop also counts those that are kept for absent peers.
    for (const pool of this.#exceeded) {
      while (pool.bytes > pool.bound) pool.makeRoom()
      while (whole.bytes > whole.bound) (pool.bytes * this.#pools.size > whole.bytes ? pool : whole).makeRoom()
    }
    this.#exceeded.clear()
  }
}
