import { isIPv6 } from 'node:net'

export interface AddressLimits {
  /** How often one address may join within a minute that begins with its first join. `Infinity` for no limit. */
  joinsPerMinute: number
  /** How many connections one address may hold at a time. `Infinity` for no limit. */
  connections: number
  /**
   * How many addresses without a connection are remembered at most, for the joins they have made; at least 2. @default 50000
   *
   * Someone with more addresses than that is not held by a limit per address anyway; the bound keeps them from
   * filling the memory, at the price of forgetting the others early.
   */
  maxAddresses?: number
}

/** What one address has done. */
interface Entry {
  connections: number
  joins: number
  /** When the minute in which `joins` were counted began. */
  since: number
}

const MINUTE = 60_000

/**
 * Who is connected how often, and who joins how often, by address, or by whatever the key generator makes of it.
 *
 * An address with a connection is in `#open`. One without is kept for the joins that it made, in the younger of two
 * generations; each minute, on use or on `sweep`, the older is dropped as a whole. So there is no timer, nothing is
 * searched, and an address without a connection is forgotten two minutes after it was last seen at the latest;
 * its joins no longer count once their minute is over.
 *
 * `now` is milliseconds from a monotonic clock, the same for every call.
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

  /** Counts a connection; false, and not counted, where the address holds as many as it may. */
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

  /** Takes back one `connect` that returned true. */
  disconnect (key: string): void {
    const entry = this.#open.get(key)
    if (entry === undefined || --entry.connections > 0) return
    this.#open.delete(key)
    if (entry.joins > 0) this.#keep(key, entry)
  }

  /** Counts a join; false, and not counted, where the address has joined as often as it may in this minute. */
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

  /** Forgets who has been quiet long enough. Every other method does it too; call it where there may be no other. */
  sweep (now: number): void {
    const age = now - this.#turnedAt
    if (age < MINUTE) return
    // What is in the younger generation when its minute ends may have come a moment ago: it gets another one.
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
 * The default key of an address: IPv4 as it is, also where it comes mapped into IPv6 (RFC 4291 section 2.5.5.2), and
 * of IPv6 the first 64 bits, since one subscriber holds a whole /64 (RFC 6177) and could otherwise come from a new
 * address each time.
 */
export function addressKey (ip: string): string {
  const [address = ''] = ip.split('%')
  if (!isIPv6(address)) return ip
  // URL writes every IPv6 address in the one form of RFC 5952, in hexadecimal throughout.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
  if (groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff') {
    return groups.slice(6).flatMap(group => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]).join('.')
  }
  return `${groups.slice(0, 4).join(':')}::/64`
}
