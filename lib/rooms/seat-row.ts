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

  /**
   * Sends a frame to all seats but one. If no more can be kept for an absent peer, its seat is given up.
   *
   * @param harmless skips the clients that a `stop` would end for good
   */
  toOthers (from: Seat, frame: TextFrame, harmless = false): void {
    const { seats } = this
    for (let i = seats.length - 1; i >= 0; i--) {
      const seat = seats[i]
      if (seat !== undefined && seat !== from && !(harmless && endsAtStop(seat.kind)) && !seat.deliver(frame)) seat.room.giveUp(seat)
    }
  }
}
