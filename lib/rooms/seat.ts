import type { Logger } from '../events.js'
import type { Absence } from './absence.js'
import type { ClientKind } from './client-kind.js'
import { newId } from './new-id.js'
import type { TextFrame, LinkTrace, PeerLink } from './peer-link.js'
import type { PeerProfile } from './peer-profile.js'
import { Share, type ReplayBudget, type ShareOwner } from './replay-budget.js'
import { ReplayLog, type ReplayBounds } from './replay-log.js'
import { ResumeProof } from './resume-proof.js'
import type { SeatHandOver } from './seat-hand-over.js'

/** The peer of one connection, as far as it holds seats. */
export interface SeatHolder {
  readonly link: PeerLink
  /** A seat was given to this peer. */
  seated (seat: Seat): void
  /** A seat was taken from this peer: it left, was put out, or was resumed on another link. */
  unseated (seat: Seat): void
}

/** What the holder of a seat needs of its room. */
export interface SeatRoom {
  readonly app: string
  readonly name: string
  /** @returns false where nobody else sits in the room */
  relay (from: Seat, frame: TextFrame, command: string): boolean
  /** The peer has made an offer. */
  offered (seat: Seat): void
  /** Sends a message of the application to one peer, or to everybody. */
  tell (frame: TextFrame, only?: Seat): void
  /** The peer gives its seat up. */
  leave (seat: Seat): void
  /** The application puts the peer out. */
  remove (seat: Seat, reason: string): void
  /** The link of the seat is gone. `clean`: the peer has said goodbye and does not come back. */
  lost (seat: Seat, clean: boolean): void
  /** Too much is kept for absent peers, and this one has been absent the longest. */
  giveUp (seat: Seat): void
}

/**
 * One peer's place in one room. It is named by its id, reached through a link, and can outlive that link.
 * What may happen to it is the room's business.
 */
export class Seat implements ShareOwner {
  readonly id: string
  readonly room: SeatRoom
  /** What the application last said of this peer. It is also asked at each resumption. */
  profile: PeerProfile
  /** Whether the client was told to give way to its peer: what politeness.ts decided when the two met. */
  readonly toldPolite: boolean
  readonly kind: ClientKind
  /** null while the peer is absent. */
  holder: SeatHolder | null
  /** How many messages of this peer were relayed, or had nobody to be relayed to. */
  relayed = 0
  /** How many messages of this peer were refused before that, each by an error. */
  refused = 0
  /** The secrets that prove the owner; null if the seat cannot be resumed. */
  readonly proof: ResumeProof | null
  #absence: Absence | null = null
  /** How many joins of the seat's owner the application is deciding on. The window is paused meanwhile. */
  #pauses = 0
  #over = false
  readonly #replay: ReplayLog | null
  /** The part of the budget that the log uses. */
  readonly #share: Share | null
  /** The number of the first message that found the peer absent. From it on the log must be complete. */
  #keepFrom = Infinity
  /** How many messages had been sent when the last ping was sent. */
  #pinged = 0
  /** The link that the peer is reached through, or what is left of the last one. */
  #trace: LinkTrace

  constructor (room: SeatRoom, holder: SeatHolder, toldPolite: boolean, profile: PeerProfile, replay: ReplayBounds | null, budget?: ReplayBudget, kind: ClientKind = 'other', id = newId()) {
    this.id = id
    this.room = room
    this.holder = holder
    this.#trace = holder.link
    this.toldPolite = toldPolite
    this.profile = profile
    this.kind = kind
    this.#share = replay === null || budget === undefined ? null : new Share(budget, this, holder.link.key)
    this.proof = replay === null ? null : new ResumeProof()
    this.#replay = replay === null ? null : new ReplayLog(replay, this.#share)
  }

  /** The id of the connection that the peer is reached through, or was while it is absent. */
  get connection (): string {
    return this.#trace.id
  }

  /** Writes lines about the peer. Made for each line: most seats write few in their life. */
  get log (): Logger {
    return this.#trace.logIn(this.room.name, this.id)
  }

  /** The peer's absence; null while it is present. */
  get absence (): Absence | null {
    return this.#absence
  }

  /** Whether the peer is reached through a connection of this server. */
  get isHere (): boolean {
    return true
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
   * How many messages of this peer have been handled, relayed or refused. A returning client sends all later ones again. So a refused
   * message counts too: otherwise the client would send again a message that has already arrived.
   */
  get handled (): number {
    return this.relayed + this.refused
  }

  /** Whether the client declared that it comes back after a lost socket. */
  get resumable (): boolean {
    return this.#replay !== null
  }

  /** How many messages are kept for an absent peer. */
  get kept (): number {
    return this.#replay === null || this.holder !== null ? 0 : Math.max(0, this.#replay.end - this.#keepFrom)
  }

  /**
   * Sends a message of the room to this peer, now or when it is back.
   *
   * @returns false if the peer is absent and no more can be kept for it: the seat is to be given up
   */
  deliver (frame: TextFrame, _from?: Seat): boolean {
    // A loop over the seats of a room may reach one that a listener of the application has removed meanwhile.
    if (this.#over) return true
    const kept = this.#replay === null || this.#replay.push(frame, this.#keepFrom)
    if (this.holder === null) return kept
    this.holder.link.send(frame)
    return true
  }

  /** Tells this peer what the server itself has to say of the room; otherwise as {@link deliver}. */
  notify (frame: TextFrame): boolean {
    return this.deliver(frame)
  }

  /** A ping is sent, after everything sent so far. */
  markPing (): void {
    if (this.#replay !== null) this.#pinged = this.#replay.end
  }

  /** The last ping was answered: everything sent before it has arrived. */
  confirmPing (): void {
    this.#replay?.confirm(this.#pinged)
  }

  /** The link is gone. From now on every message must be kept. */
  detach (absence: Absence): void {
    this.#release()
    this.#absence = absence
    if (this.#pauses > 0) absence.pause()
    this.#keepFrom = this.#replay?.end ?? 0
    this.#share?.detach()
  }

  /**
   * Pauses the window while the application decides whether the seat's owner may come back. Otherwise the seat could be lost while its
   * owner waits for the answer. It is also called for a present peer, whose link may turn out to be dead meanwhile.
   *
   * @returns a function that ends the pause; undefined if the window has been paused for as long as it may be
   */
  pauseWindow (): (() => void) | undefined {
    if (this.#absence?.isPausedOut === true) return undefined
    if (this.#pauses++ === 0) this.#absence?.pause()
    return () => { if (--this.#pauses === 0) this.#absence?.unpause() }
  }

  /**
   * The messages that a returning client has not received.
   *
   * @param received how many messages of the seat it has received. If it does not say, it gets what came while it was absent
   * @returns null if the log does not reach back far enough: the call cannot go on as if nothing had happened
   */
  missed (received: number | undefined): TextFrame[] | null {
    if (this.#replay === null) return null
    return this.#replay.from(received ?? Math.min(this.#keepFrom, this.#replay.end))
  }

  /** The peer is back, through the same link or another one. */
  attach (holder: SeatHolder): void {
    this.#endAbsence()
    this.holder = holder
    this.#trace = holder.link
    this.#keepFrom = Infinity
    this.#pinged = 0
    this.#share?.attach(holder.link.key)
  }

  /** What another server needs to go on with this seat; null if the log does not reach back far enough. */
  handOver (received: number | undefined): SeatHandOver | null {
    const missed = this.missed(received)
    if (missed === null || this.#replay === null) return null
    return { relayed: this.relayed, refused: this.refused, first: this.#replay.end - missed.length, missed: missed.map(String) }
  }

  /** Goes on with a seat of another server. Its peer is still to be attached. */
  takeOver ({ relayed, refused, first, missed }: SeatHandOver): void {
    this.relayed = relayed
    this.refused = refused
    this.holder = null
    this.#keepFrom = first
    this.#replay?.begin(first, missed)
  }

  /** The seat has been taken out of its room. */
  end (): void {
    this.#over = true
    this.#endAbsence()
    this.#release()
    this.#replay?.clear()
  }

  /** The budget is exceeded: forgets messages that a present peer has most likely received. */
  forget (): void {
    this.#replay?.clear()
  }

  /** The budget is exceeded, and this seat's peer has been absent the longest. */
  giveUp (): void {
    this.room.giveUp(this)
  }

  #release (): void {
    if (this.holder !== null) this.#trace = this.holder.link.trace()
    this.holder = null
  }

  #endAbsence (): void {
    this.#absence?.end()
    this.#absence = null
  }
}
