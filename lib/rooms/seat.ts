import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import type { ClientKind } from './client-kind.js'
import type { Frame, PeerLink } from './peer-link.js'
import { Share, type ReplayBudget, type ShareOwner } from './replay-budget.js'
import { ReplayLog, type ReplayBounds } from './replay-log.js'
import type { Room } from './room.js'

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

/** A peer has lost its link, and its seat waits for it. */
export interface Absence {
  /** Gives the seat up, at `until`; none while the window stands still. */
  timer: unknown
  until: number
  /** Since when the window stands still, where it does. */
  since: number
  /** For how long it has stood still before, ms. */
  stood: number
}

const SECRET_BYTES = 24

/**
 * One peer's place in one room. It is named by its id, reached through a link, and can outlive that link.
 * What may happen to it is the room's business.
 */
export class Seat implements ShareOwner {
  readonly id = randomUUID()
  readonly room: Room
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
  /** Ends the absence, while there is one. */
  absence: Absence | null = null
  /** How many joins that prove to be its owner's the application is considering; meanwhile the window stands still. */
  considered = 0
  /** Whether the seat has been taken out of its room. */
  #over = false
  readonly #log: ReplayLog | null
  /** What the log holds of all that is held. */
  readonly #share: Share | null
  #secret: Buffer | null = null
  #claim: Buffer | null = null
  /** From which message on the log must be whole: the first that found the peer absent. */
  #keepFrom = Infinity
  /** What had been sent when the last ping went out. */
  #pinged = 0
  /** The connection that the peer was last reached through, where it is not any more. */
  #lastConnection = ''

  constructor (room: Room, holder: SeatHolder, polite: boolean, profile: PeerProfile, replay: ReplayBounds | null, budget?: ReplayBudget, kind: ClientKind = 'other') {
    this.room = room
    this.holder = holder
    this.polite = polite
    this.profile = profile
    this.kind = kind
    this.#share = replay === null || budget === undefined ? null : new Share(budget, this, holder.link.key)
    this.#log = replay === null ? null : new ReplayLog(replay, this.#share)
  }

  /** The id of the connection that the peer is reached through, or was while it is absent. */
  get connection (): string {
    return this.holder === null ? this.#lastConnection : this.holder.link.id
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
  deliver (frame: Frame): boolean {
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

  /** Makes a new resume token: the seat's id, which finds it, and a secret, which proves the owner. */
  issueToken (): string {
    this.#secret = randomBytes(SECRET_BYTES)
    return `${this.id}.${this.#secret.toString('base64url')}`
  }

  /** Whether `secret` is the one of the last token. Takes the same time for every wrong one. */
  owns (secret: string): boolean {
    if (this.#secret === null) return false
    const given = Buffer.from(secret, 'base64url')
    return given.length === SECRET_BYTES && timingSafeEqual(given, this.#secret)
  }

  /** Remembers the secret by which the client that is given a token now can prove itself, should that token never reach it. */
  claim (secret: string | undefined): void {
    this.#claim = secret === undefined ? null : Buffer.from(secret)
  }

  /** Whether `secret` is the one of the join that led to the last token. Takes the same time for every wrong one. */
  claimedBy (secret: string): boolean {
    if (this.#claim === null) return false
    const given = Buffer.from(secret)
    return given.length === this.#claim.length && timingSafeEqual(given, this.#claim)
  }

  /** The link is gone; from here on every message must be kept. */
  detach (): void {
    this.#lastConnection = this.connection
    this.holder = null
    this.#keepFrom = this.#log?.end ?? 0
    this.#share?.detach()
  }

  /**
   * What a returning client has not got.
   *
   * @param received how many messages of the seat it got, where it says so; else what came while it was absent.
   * @returns null where the log does not reach back as far: the call cannot go on as if nothing had happened.
   */
  missed (received: number | undefined): Frame[] | null {
    if (this.#log === null) return null
    return this.#log.from(received ?? Math.min(this.#keepFrom, this.#log.end))
  }

  /** The peer is reached anew, through the same link or another. */
  attach (holder: SeatHolder): void {
    this.holder = holder
    this.#keepFrom = Infinity
    this.#pinged = 0
    this.#share?.attach(holder.link.key)
  }

  /** The seat has been taken out of its room. */
  end (): void {
    this.#over = true
    this.#lastConnection = this.connection
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
}

/** Splits a resume token into the seat's id and the secret. */
export function splitToken (token: string): { id: string, secret: string } {
  const dot = token.indexOf('.')
  return dot === -1 ? { id: token, secret: '' } : { id: token.slice(0, dot), secret: token.slice(dot + 1) }
}
