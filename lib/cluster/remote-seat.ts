import type { Logger } from '../events.js'
import type { ClientKind } from '../rooms/client-kind.js'
import type { LinkTrace, PeerLink, TextFrame } from '../rooms/peer-link.js'
import { Seat, type SeatHolder, type SeatRoom } from '../rooms/seat.js'
import type { SeatRecord } from '../rooms/seat-arbiter.js'
import type { FrameNumber } from './frame-order.js'

/** Sends frames to seats of other servers. */
export interface SeatRelay {
  /** The id of this server. */
  readonly server: string
  /** A number that no other stream of frames of this server has. */
  newStream (): number
  relay (server: string, seat: string, stream: number, number: number, sender: string, frame: TextFrame): void
}

/** What a peer of this server has said to a seat that is coming. */
export interface HeldFrame {
  readonly sender: string
  readonly frame: TextFrame
}

/** How many characters may wait for a seat that is coming: its client may have gone meanwhile, and what decides may be away. */
const MAX_HELD = 1_000_000

const SILENT: Logger = { debug () {}, error () {} }

/** The way to the peer of a seat on another server. Whether that one lives, and what becomes of its connection, is its server's business. */
class RemoteLink implements PeerLink {
  readonly key = ''
  readonly log = SILENT
  readonly open = true
  server: string
  id: string
  readonly #seat: string
  readonly #relay: SeatRelay
  readonly #stream: number
  #number = 0
  /** What was said while the seat is coming to this server; null where it is elsewhere. */
  #held: HeldFrame[] | null = null
  #heldLength = 0

  constructor ({ id, server, connection }: SeatRecord, relay: SeatRelay) {
    this.#seat = id
    this.server = server
    this.id = connection
    this.#relay = relay
    this.#stream = relay.newStream()
  }

  /** Everything that goes to another server was said by a peer: {@link relay}. */
  send (): void {}

  /** Its peer has moved. Where it comes to this server, what is said until it is here waits: it must not come behind what is said after that. */
  moved ({ server, connection }: SeatRecord): void {
    this.server = server
    this.id = connection
    this.#held = server === this.#relay.server ? this.#held ?? [] : null
    if (this.#held === null) this.#heldLength = 0
  }

  relay (sender: string, frame: TextFrame): void {
    if (this.#held === null) this.#relay.relay(this.server, this.#seat, this.#stream, ++this.#number, sender, frame)
    else if ((this.#heldLength += frame.length) <= MAX_HELD) this.#held.push({ sender, frame })
  }

  /** The last frame that went to another server for the seat. */
  get sent (): FrameNumber {
    return { from: this.#relay.server, stream: this.#stream, number: this.#number }
  }

  /** The seat is here: what has waited for it. */
  take (): HeldFrame[] {
    return this.#held?.splice(0) ?? []
  }

  probe (answer: (alive: boolean) => void): void {
    setImmediate(answer, true)
  }

  trace (): LinkTrace {
    return { id: this.id, logIn: () => SILENT }
  }

  /** Its server writes the lines. */
  logIn (): Logger {
    return SILENT
  }

  close (): void {}
  terminate (): void {}
}

/** A seat of the same room whose peer is reached through another server. What is kept for its peer is kept there. */
export class RemoteSeat extends Seat {
  readonly #link: RemoteLink

  constructor (room: SeatRoom, record: SeatRecord, relay: SeatRelay) {
    const link = new RemoteLink(record, relay)
    const holder: SeatHolder = { link, seated () {}, unseated () {} }
    super(room, holder, record.toldPolite, {}, null, undefined, record.kind satisfies ClientKind, record.id)
    this.#link = link
  }

  /** Stands for a seat of this server that goes on at another one. */
  static of (room: SeatRoom, { id, connection, toldPolite, kind, resumable }: Seat, server: string, relay: SeatRelay): RemoteSeat {
    return new RemoteSeat(room, { id, server, connection, fence: 0, order: 0, toldPolite, kind, resumable }, relay)
  }

  override get isHere (): boolean {
    return false
  }

  /** The server through which its peer is reached. */
  get server (): string {
    return this.#link.server
  }

  /** Its peer has moved to another connection, maybe of another server. */
  moved (record: SeatRecord): void {
    this.#link.moved(record)
  }

  /** The last frame of this server that went to another one for it. */
  get sent (): FrameNumber {
    return this.#link.sent
  }

  /** What was said to its peer while it was coming to this server. */
  take (): HeldFrame[] {
    return this.#link.take()
  }

  override deliver (frame: TextFrame, from: Seat): boolean {
    if (!this.over) this.#link.relay(from.id, frame)
    return true
  }

  /** Does nothing: each server tells its own peers what it has to say of the room. */
  override notify (): boolean {
    return true
  }
}

/**
 * A seat that has come from another server. What peers of this server have said to it before went there, and may still be on its way back: until
 * then, what they say next waits behind it.
 */
export class ComeSeat extends Seat {
  /** Delivers in order, and returns whether something waits; null where nothing is on its way back. */
  #behind: ((sender: string, frame: TextFrame) => boolean) | null = null

  waitBehind (behind: (sender: string, frame: TextFrame) => boolean): void {
    this.#behind = behind
  }

  override deliver (frame: TextFrame, from?: Seat): boolean {
    return from === undefined ? super.deliver(frame) : this.relay(from.id, frame)
  }

  /** Delivers what a peer of this server has said. */
  relay (sender: string, frame: TextFrame): boolean {
    const behind = this.#behind
    if (behind === null || this.over) return super.deliver(frame)
    if (!behind(sender, frame)) this.#behind = null
    return true
  }
}
