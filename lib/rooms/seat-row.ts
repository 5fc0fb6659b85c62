import { endsAtStop } from './client-kind.js'
import type { JoinRequest } from './join-request.js'
import type { TextFrame, PeerLink } from './peer-link.js'
import { splitToken, type SeatClaim } from './resume-proof.js'
import type { Seat, SeatHolder } from './seat.js'

/** How many peers may sit in a room by default. */
const CAPACITY = 2

const NONE: readonly Seat[] = []

/** The seats of one room, in the order in which they were taken, and how many there may be. */
export class SeatRow {
  capacity = CAPACITY
  /** Never changed in place, so that a loop over it may remove seats. */
  seats: readonly Seat[] = NONE
  /** Seats reserved for a joiner while the others are told that the previous peer is gone. */
  reserved = 0

  /** The seat of an absent peer. */
  get absent (): Seat | undefined {
    return this.seats.find(seat => seat.link === null)
  }

  /** The links of the peers that are present. */
  get links (): PeerLink[] {
    return this.seats.flatMap(({ link }) => link ?? [])
  }

  find (id: string): Seat | undefined {
    return this.seats.find(seat => seat.id === id)
  }

  heldBy (holder: SeatHolder): Seat | undefined {
    return this.seats.find(seat => seat.holder === holder)
  }

  reachedBy (link: PeerLink): Seat | undefined {
    return this.seats.find(seat => seat.link === link)
  }

  /** The seat that the joiner can prove to be its own: by its token or, if that token never arrived, by its claim. */
  ownedBy ({ resumeToken, claim }: SeatClaim): Seat | undefined {
    if (resumeToken !== undefined) {
      const { id, secret } = splitToken(resumeToken)
      const seat = this.find(id)
      if (seat?.proof?.matchesToken(secret) === true) return seat
    }
    return claim === undefined ? undefined : this.seats.find(({ proof }) => proof?.matchesClaim(claim) === true)
  }

  /**
   * Whether there is a seat for a joiner. The capacity is the one that the joiner brings, or else the room's.
   *
   * @param leaving how many seats are given up for it
   */
  fits ({ capacity = this.capacity }: JoinRequest, leaving = 0): boolean {
    return this.seats.length - leaving + this.reserved < capacity
  }

  /** The time until the first window of an absent peer is over, in ms; undefined if nobody is absent. */
  nextExpiry (now: number): number | undefined {
    const expiries = this.seats.flatMap(({ absence }) => absence === null ? [] : Math.max(0, Math.ceil(absence.until - now)))
    return expiries.length === 0 ? undefined : Math.min(...expiries)
  }

  /** Whether a client knows already that another seat ends, and is told no more of it. */
  knowsEnd (_client: Seat, _about: Seat): boolean {
    return false
  }

  /** How many others a client knows of. */
  countOthers (_client: Seat): number {
    return this.seats.length - 1
  }

  add (seat: Seat): void {
    // An array that something is pushed to has room for seventeen, of which a room needs two.
    this.seats = this.seats.length === 0 ? [seat] : this.seats.concat(seat)
  }

  /** @returns false where the seat has been taken out before */
  remove (seat: Seat): boolean {
    if (!this.seats.includes(seat)) return false
    this.seats = this.seats.length === 1 ? NONE : this.seats.filter(other => other !== seat)
    return true
  }

  /** Puts in a seat, in the place of the one with the same id if there is one: the same seat, reached through another server. */
  put (seat: Seat): void {
    if (this.find(seat.id) === undefined) this.add(seat)
    else this.seats = this.seats.map(each => each.id === seat.id ? seat : each)
  }

  /** Puts the seats into the order of these ids; those that are not among them come last. */
  sort (ids: readonly string[]): void {
    const place = ({ id }: Seat): number => ids.includes(id) ? ids.indexOf(id) : ids.length
    this.seats = [...this.seats].sort((a, b) => place(a) - place(b))
  }

  /** Sends a frame of one peer to all the others. If no more can be kept for an absent peer, its seat is given up. */
  toOthers (from: Seat, frame: TextFrame): void {
    const { seats } = this
    for (let i = seats.length - 1; i >= 0; i--) {
      const seat = seats[i]
      if (seat !== undefined && seat !== from && !seat.deliver(frame, from)) seat.room.giveUp(seat)
    }
  }

  /**
   * Tells all others that a seat has ended.
   *
   * @param harmless skips the clients that a `stop` would end for good
   */
  notifyOthers (about: Seat, frame: TextFrame, harmless = false): void {
    const { seats } = this
    for (let i = seats.length - 1; i >= 0; i--) {
      const seat = seats[i]
      if (seat === undefined || seat === about || (harmless && endsAtStop(seat.kind)) || this.knowsEnd(seat, about)) continue
      if (!seat.notify(frame)) seat.room.giveUp(seat)
    }
  }
}
