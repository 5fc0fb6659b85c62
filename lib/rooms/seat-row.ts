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
  /** Never changed in place, so that whoever goes through it may take seats out on the way. */
  seats: readonly Seat[] = NONE
  /** Seats that are kept for a joiner while everybody is told that the one who sat there is gone. */
  reserved = 0

  /** The seat of an absent peer. */
  get absent (): Seat | undefined {
    return this.seats.find(seat => seat.link === null)
  }

  /** The links of the peers that are present. */
  get links (): PeerLink[] {
    return this.seats.flatMap(({ link }) => link ?? [])
  }

  heldBy (holder: SeatHolder): Seat | undefined {
    return this.seats.find(seat => seat.holder === holder)
  }

  reachedBy (link: PeerLink): Seat | undefined {
    return this.seats.find(seat => seat.link === link)
  }

  /** The seat that the joiner can prove to be its own: by its token, or where that was lost on the way, by its claim. */
  ownedBy ({ resumeToken, claim }: SeatClaim): Seat | undefined {
    if (resumeToken !== undefined) {
      const { id, secret } = splitToken(resumeToken)
      const seat = this.seats.find(seat => seat.id === id)
      if (seat?.proof?.matchesToken(secret) === true) return seat
    }
    return claim === undefined ? undefined : this.seats.find(({ proof }) => proof?.matchesClaim(claim) === true)
  }

  /**
   * Whether there is a seat for a joiner, under the capacity that it brings or else the room's.
   *
   * @param leaving how many seats are given up for it
   */
  fits ({ capacity = this.capacity }: JoinRequest, leaving = 0): boolean {
    return this.seats.length - leaving + this.reserved < capacity
  }

  /** In how many ms the first window of an absent peer is over; undefined where nobody is absent. */
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
   * Sends a frame to everybody but one. A seat for which nothing more can be kept is given up.
   *
   * @param harmless not to clients that a `stop` ends for good
   */
  toOthers (from: Seat, frame: TextFrame, harmless = false): void {
    const { seats } = this
    for (let i = seats.length - 1; i >= 0; i--) {
      const seat = seats[i]
      if (seat !== undefined && seat !== from && !(harmless && endsAtStop(seat.kind)) && !seat.deliver(frame)) seat.room.giveUp(seat)
    }
  }
}
