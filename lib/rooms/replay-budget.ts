/** Bounds on what all replay logs hold together. Absent where there is none. */
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

/** A seat, as far as the budget has to do with it. */
export interface ShareOwner {
  /** Forget what is kept: the peer is there, and has most likely got it. */
  forget (): void
  /** Give the seat up: its peer has been away the longest. */
  giveUp (): void
}

/** What is held together: by everybody, or by one address. Both sets are in the order in which their seats began to hold something. */
class Pool {
  bytes = 0
  readonly present = new Set<Share>()
  readonly absent = new Set<Share>()
  readonly bound: number

  constructor (bound: number) {
    this.bound = bound
  }

  /** Lets one seat make room: one whose peer is there, or else the one whose peer has been away the longest. */
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

/** What the log of one seat holds of the whole. */
export class Share {
  readonly owner: ShareOwner
  readonly #budget: ReplayBudget
  #key: string
  /** That of the address, while anything is held. */
  #pool: Pool | null = null
  #bytes = 0
  #absent = false

  constructor (budget: ReplayBudget, owner: ShareOwner, key: string) {
    this.#budget = budget
    this.owner = owner
    this.#key = key
  }

  /** Counts what the log has taken in, or, where it is negative, let go. */
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
 * Bounds what all replay logs hold together, and those of each address: a bound per seat alone would let one address have as
 * many times that as it has connections, times the rooms that each may sit in.
 *
 * Where too much is held, the logs of present peers are emptied first, the one that was begun first before the others: those
 * peers most likely have got it all, and only lose the chance of a whole replay. Then the seats of absent peers are given up,
 * the oldest first. Where all addresses together hold too much, one that holds more than the average makes room itself.
 *
 * Counting costs a message a few additions. Room is made once the message is dealt with, since giving up a seat tells others.
 */
export class ReplayBudget {
  readonly whole: Pool
  readonly #perAddress: number
  /** The addresses of which anything is held. */
  readonly #pools = new Map<string, Pool>()
  readonly #exceeded = new Set<Pool>()

  constructor ({ totalBytes = Infinity, bytesPerAddress = Infinity }: BudgetBounds) {
    this.whole = new Pool(totalBytes)
    this.#perAddress = bytesPerAddress
  }

  /** How many bytes all logs hold, with what their messages cost beside. */
  get bytes (): number {
    return this.whole.bytes
  }

  /** Of how many addresses anything is held. */
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

  /** Too much is held, and this address was the last to add to it. */
  exceeded (pool: Pool): void {
    if (this.#exceeded.size === 0) queueMicrotask(this.#makeRoom)
    this.#exceeded.add(pool)
  }

  readonly #makeRoom = (): void => {
    const { whole } = this
    // Others are told of a seat that is given up. What is kept of that for those who are away is dealt with in this loop too.
    for (const pool of this.#exceeded) {
      while (pool.bytes > pool.bound) pool.makeRoom()
      while (whole.bytes > whole.bound) (pool.bytes * this.#pools.size > whole.bytes ? pool : whole).makeRoom()
    }
    this.#exceeded.clear()
  }
}
