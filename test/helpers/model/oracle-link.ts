import type { Moment } from './lived-time.js'
import type { OracleProbing } from './oracle-probing.js'
import type { OracleRoom } from './oracle-room.js'
import type { OracleSeat } from './oracle-seat.js'

/** What a token was issued for; `serial` 0 is never issued. */
export interface OracleToken {
  seat: OracleSeat
  serial: number
}

/** What a client is told when it gets a seat, or gets it back: its token, and from which message of the seat on it will be told. */
export interface OracleGrant extends OracleToken {
  from: number
}

/** A room asks whether the other end of a link lives. */
export interface OracleProbe {
  link: OracleLink
  probing: OracleProbing
  /** The number of the ping that asks. */
  ping: number
  asked: Moment
  timer: unknown
}

/** One connection of a client. */
export class OracleLink {
  readonly seats: OracleSeat[] = []
  /** Every frame that the server owes this link, in order, described. */
  readonly expected: string[] = []
  readonly granted: OracleGrant[] = []
  readonly probes: OracleProbe[] = []
  /** How many pings went out. */
  pings = 0
  open = true
  alive = true
  waitingIn: OracleRoom | null = null
  cutOff: unknown = null

  constructor (readonly app: string) {}

  seatIn (name: string): OracleSeat | undefined {
    return this.seats.find(seat => seat.room.name === name)
  }

  say (what: string): void {
    if (this.open) this.expected.push(what)
  }

  ping (): void {
    this.pings++
    for (const seat of this.seats) seat.pinged = seat.ledger.length
  }
}
