import { isIPv6 } from 'node:net'

export interface AddressLimits {
  /** How often one address may join within a minute, which begins with its first join. Infinity for no limit. */
  joinsPerMinute: number
  /** How many connections one address may have at a time. Infinity for no limit. */
  connections: number
  /**
   * The most addresses without a connection whose joins are remembered; at least 2. @default 50000
   *
   * No limit per address holds an attacker who has more addresses than that. The bound keeps the attacker from filling the memory. The price is
   * that other addresses are forgotten early.
   */
  maxAddresses?: number
}

/** The counts of one address. */
interface Entry {
  connections: number
  joins: number
  /** The beginning of the minute in which `joins` were counted, in ms. */
  since: number
}

const MINUTE = 60_000

/**
 * Counts connections and joins by address, or by the key that the option `keyGenerator` makes of it.
 *
 * An address with a connection is in `#open`. An address without one is kept because of its joins, in the younger of two generations. Each minute,
 * on use or on `sweep`, the older generation is dropped as a whole. So there is no timer and no search. An address without a connection is forgotten
 * at the latest two minutes after it was last seen. Its joins no longer count once their minute is over.
 *
 * `now` is the time in ms on a monotonic clock, the same for all calls.
 */
export class AddressBook {
  readonly #limits: Required<AddressLimits>
  readonly #open = new Map<string, Entry>()
  #young = new Map<string, Entry>()
  #old = new Map<string, Entry>()
  #turnedAt = -Infinity

  constructor (limits: AddressLimits) {
    this.#limits = { maxAddresses: 50_000, ...limits }
  }

  /** How many addresses are remembered. */
  get size (): number {
    return this.#open.size + this.#young.size + this.#old.size
  }

  /** Counts a connection. Returns false, and does not count it, if the address has reached its limit. */
  connect (key: string, now: number): boolean {
    this.sweep(now)
    const entry = this.#find(key)
    if ((entry?.connections ?? 0) >= this.#limits.connections) return false
    if (entry === undefined) {
      this.#open.set(key, { connections: 1, joins: 0, since: now })
      return true
    }
    if (entry.connections++ === 0) {
      this.#forget(key)
      this.#open.set(key, entry)
    }
    return true
  }

  /** Undoes one `connect` that returned true. */
  disconnect (key: string): void {
    const entry = this.#open.get(key)
    if (entry === undefined || --entry.connections > 0) return
    this.#open.delete(key)
    if (entry.joins > 0) this.#keep(key, entry)
  }

  /** Counts a join. Returns false, and does not count it, if the address has reached its limit in this minute. */
  join (key: string, now: number): boolean {
    if (this.#limits.joinsPerMinute === Infinity) return true
    this.sweep(now)
    const entry = this.#find(key) ?? { connections: 0, joins: 0, since: now }
    if (entry.joins === 0 || now - entry.since >= MINUTE) {
      entry.joins = 0
      entry.since = now
    }
    if (entry.joins >= this.#limits.joinsPerMinute) return false
    entry.joins++
    if (entry.connections === 0) {
      this.#forget(key)
      this.#keep(key, entry)
    }
    return true
  }

  /** Forgets addresses that have been quiet for long enough. `connect` and `join` do it too. It is called in case neither of them is. */
  sweep (now: number): void {
    const age = now - this.#turnedAt
    if (age < MINUTE) return
    // An address in the younger generation may have come a moment ago. It is kept for another minute.
    this.#old = age < 2 * MINUTE ? this.#young : new Map()
    this.#young = new Map()
    this.#turnedAt = now
  }

  #find (key: string): Entry | undefined {
    return this.#open.get(key) ?? this.#young.get(key) ?? this.#old.get(key)
  }

  #forget (key: string): void {
    if (!this.#young.delete(key)) this.#old.delete(key)
  }

  #keep (key: string, entry: Entry): void {
    if (this.#young.size >= this.#limits.maxAddresses / 2) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, entry)
  }
}

/**
 * The default key of an address. An IPv4 address is its own key, even if it is mapped into IPv6 (RFC 4291, section 2.5.5.2). Of an IPv6 address
 * only the first 64 bits count: one subscriber has a whole /64 at least (RFC 6177), and could otherwise come from a new address each time.
 */
export function addressKey (ip: string): string {
  // At once for IPv4: the pattern behind isIPv6 takes longer than all else that is done for the limits of a new connection.
  if (!ip.includes(':')) return ip
  const [address = ''] = ip.split('%')
  if (!isIPv6(address)) return ip
  // URL writes every IPv6 address in the canonical form of RFC 5952, and all of it in hexadecimal.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
  if (groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff') {
    return groups.slice(6).flatMap(group => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]).join('.')
  }
  return `${groups.slice(0, 4).join(':')}::/64`
}
