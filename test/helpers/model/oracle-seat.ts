import type { ClientKind } from '../../../lib/rooms/client-kind.js'
import type { SeatRules } from '../../../lib/rooms/room-context.js'
import type { Moment } from './lived-time.js'
import type { OracleLink } from './oracle-link.js'
import type { OracleRoom } from './oracle-room.js'

/** A message of a seat, and what it counts for in the bounds on what is kept. */
export interface Entry {
  what: string
  bytes: number
}

/** A seat, which forgets nothing. */
export class OracleSeat {
  /** Every message since the seat was taken, whether it has arrived or not. */
  readonly ledger: Entry[] = []
  /** Which of its tokens is the newest. */
  serial = 0
  relayed = 0
  /** What came too fast. */
  refused = 0
  /** Below this everything is known to have arrived. */
  confirmed = 0
  pinged = 0
  /** The first message that found the peer absent. */
  awaySince = 0
  /** Since when the peer has been absent. */
  away: Moment | null = null
  timer: unknown = null
  /** The secret of the join that led to the newest token: it proves the owner where that token was lost on the way. */
  claim: string | undefined
  /** How many others there were when it was taken. */
  firstOthers = 0

  constructor (readonly room: OracleRoom, public link: OracleLink | null, readonly resumable: boolean, readonly polite: boolean, readonly kind: ClientKind) {}

  /** Whether what a client lacks from this message on is within the bounds on what is kept. */
  fits (from: number, { messages, bytes }: SeatRules): boolean {
    const lacking = this.ledger.slice(from)
    return lacking.length <= messages && lacking.reduce((sum, entry) => sum + entry.bytes, 0) <= bytes
  }

  /** The seat is reached through another link, or through none. One that is resumed on its own link keeps its place among that link's seats. */
  move (link: OracleLink | null): void {
    if (link === this.link) return
    this.link?.seats.splice(this.link.seats.indexOf(this), 1)
    this.link = link
    link?.seats.push(this)
  }

  /** The client is told that the seat is its own: a new one, or one resumed `from` this message on. */
  grant (link: OracleLink, from?: number, another = false, others = this.room.seats.length - 1): void {
    this.serial++
    if (link.open) link.granted.push({ seat: this, serial: this.serial, from: from ?? 0 })
    const { room: { name }, polite, resumable } = this
    if (from === undefined) this.firstOthers = others
    const done = from === undefined || another ? 'new' : this.relayed + this.refused
    link.say(`joined ${name} ${others} ${polite ? 'polite' : 'impolite'} ${resumable ? 'resumable' : 'fleeting'} ${done}`)
  }
}
