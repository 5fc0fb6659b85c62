import type { Absence } from './absence.js'
import type { ClientKind } from './client-kind.js'
import { newId } from './new-id.js'
import type { TextFrame, PeerLink } from './peer-link.js'
import { Share, type ReplayBudget, type ShareOwner } from './replay-budget.js'
import { ReplayLog, type ReplayBounds } from './replay-log.js'
import { ResumeProof } from './resume-proof.js'

/** What the application knows of a peer and lets everybody see: set by `authorize`. */
export interface PeerProfile {
  role?: string
  metadata?: unknown
}

/** Holds seats, and is told which: the peer of one connection. */
export interface SeatHolder {
  readonly link: PeerLink
  /** A seat was given to this peer. */
  seated (seat: Seat): void
  /** A seat was taken from this peer: it left, was put out, or was resumed on another link. */
  unseated (seat: Seat): void
}

/** The room of a seat, as far as whoever holds the seat has to do with it. */
export interface SeatRoom {
  readonly app: string
  readonly name: string
  /** @returns false where nobody else sits in the room */
  relay (from: Seat, frame: TextFrame, command: string): boolean
  /** The peer makes an offer. */
  offered (seat: Seat): void
  /** Sends a message of the application to one peer, or to everybody. */
  tell (frame: TextFrame, only?: Seat): void
  /** The peer gives its seat up. */
  leave (seat: Seat): void
  /** The application puts the peer out. */
  remove (seat: Seat, reason: string): void
  /** The link of the seat is gone; `clean` where the peer has said that it does not come back. */
  lost (seat: Seat, clean: boolean): void
  /** Too much is kept for absent peers, and this one has been away the longest. */
  giveUp (seat: Seat): void
}

/**
 * One peer's place in one room. It is named by its id, reached through a link, and can outlive that link.
 * What may happen to it is the room's business.
 */
export class Seat implements ShareOwner {
  readonly id = newId()
  readonly room: SeatRoom
  /** What the application last said of this peer: it is asked at a resumption too. */
  profile: PeerProfile
  /** Which side gives way when both offer at once (W3C WebRTC 1.0, section 10.7): always one of the two. */
  readonly polite: boolean
  readonly kind: ClientKind
  /** null while the peer is absent. */
  holder: SeatHolder | null
  /** How many messages of this peer were relayed, or had nobody to be relayed to. */
  relayed = 0
  /** How many messages of this peer were refused before that, each by an error. */
  refused = 0
  /** What the owner proves itself by; null where the seat cannot be resumed. */
  readonly proof: ResumeProof | null
  #absence: Absence | null = null
  /** How many joins of the seat's owner the application is deciding on. The window is paused meanwhile. */
  #pauses = 0
  #over = false
  readonly #log: ReplayLog | null
  /** What the log holds of all that is held. */
  readonly #share: Share | null
  /** From which message on the log must be whole: the first that found the peer absent. */
  #keepFrom = Infinity
  /** What had been sent when the last ping went out. */
  #pinged = 0
  /** The connection that the peer was last reached through, where it is not any more. */
  #lastConnection = ''

  constructor (room: SeatRoom, holder: SeatHolder, polite: boolean, profile: PeerProfile, replay: ReplayBounds | null, budget?: ReplayBudget, kind: ClientKind = 'other') {
    this.room = room
    this.holder = holder
    this.polite = polite
    this.profile = profile
    this.kind = kind
    this.#share = replay === null || budget === undefined ? null : new Share(budget, this, holder.link.key)
    this.proof = replay === null ? null : new ResumeProof()
    this.#log = replay === null ? null : new ReplayLog(replay, this.#share)
  }

  /** The id of the connection that the peer is reached through, or was while it is absent. */
  get connection (): string {
    return this.holder === null ? this.#lastConnection : this.holder.link.id
  }

  /** The peer's absence; null while it is present. */
  get absence (): Absence | null {
    return this.#absence
  }

  /** Whether the seat has been taken out of its room. */
  get over (): boolean {
    return this.#over
  }

  /** What the peer is reached through; null while it is absent. */
  get link (): PeerLink | null {
    return this.holder === null ? null : this.holder.link
  }

  /**
   * How many messages of this peer are done with. A returning client sends those behind them again. So a refused one counts as well:
   * without it the count would fall short, and the client would send again what has arrived, in place of what was refused.
   */
  get handled (): number {
    return this.relayed + this.refused
  }

  /** Whether the client declared that it comes back after a lost socket. */
  get resumable (): boolean {
    return this.#log !== null
  }

  /** How many messages wait for an absent peer. */
  get kept (): number {
    return this.#log === null || this.holder !== null ? 0 : Math.max(0, this.#log.end - this.#keepFrom)
  }

  /**
   * Sends a message of the room to this peer, now or when it is back.
   *
   * @returns false where the peer is absent and the bounds of what is kept for it are exceeded: give the seat up.
   */
  deliver (frame: TextFrame): boolean {
    // Who goes through the seats of a room may come to one that a listener of the application has put out meanwhile.
    if (this.#over) return true
    const kept = this.#log === null || this.#log.push(frame, this.#keepFrom)
    if (this.holder === null) return kept
    this.holder.link.send(frame)
    return true
  }

  /** A ping goes out behind everything sent so far. */
  markPing (): void {
    if (this.#log !== null) this.#pinged = this.#log.end
  }

  /** The last ping was answered: what was sent before it has arrived. */
  confirmPing (): void {
    this.#log?.confirm(this.#pinged)
  }

  /** The link is gone; from here on every message must be kept. */
  detach (absence: Absence): void {
    this.#lastConnection = this.connection
    this.holder = null
    this.#absence = absence
    if (this.#pauses > 0) absence.pause()
    this.#keepFrom = this.#log?.end ?? 0
    this.#share?.detach()
  }

  /**
   * Pauses the window while the application decides whether the seat's owner may come back: or the seat would be lost while its owner
   * waits for the answer. Also for a peer that is present, whose link may turn out to be dead meanwhile.
   *
   * @returns ends the pause; undefined where the window has been paused for as long as it may
   */
  pauseWindow (): (() => void) | undefined {
    if (this.#absence?.isPausedOut === true) return undefined
    if (this.#pauses++ === 0) this.#absence?.pause()
    return () => { if (--this.#pauses === 0) this.#absence?.unpause() }
  }

  /**
   * What a returning client has not got.
   *
   * @param received how many messages of the seat it got, where it says so; else what came while it was absent.
   * @returns null where the log does not reach back as far: the call cannot go on as if nothing had happened.
   */
  missed (received: number | undefined): TextFrame[] | null {
    if (this.#log === null) return null
    return this.#log.from(received ?? Math.min(this.#keepFrom, this.#log.end))
  }

  /** The peer is reached anew, through the same link or another. */
  attach (holder: SeatHolder): void {
    this.#endAbsence()
    this.holder = holder
    this.#keepFrom = Infinity
    this.#pinged = 0
    this.#share?.attach(holder.link.key)
  }

  /** The seat has been taken out of its room. */
  end (): void {
    this.#over = true
    this.#lastConnection = this.connection
    this.#endAbsence()
    this.holder = null
    this.#log?.clear()
  }

  /** Too much is held in all: forgets what a peer that is there most likely has got. */
  forget (): void {
    this.#log?.clear()
  }

  /** Too much is held in all, and this seat's peer has been away the longest. */
  giveUp (): void {
    this.room.giveUp(this)
  }

  #endAbsence (): void {
    this.#absence?.end()
    this.#absence = null
  }
}
