import type { Logger } from '../events.js'
import type { ClientKind } from '../rooms/client-kind.js'
import type { LinkTrace, PeerLink, TextFrame } from '../rooms/peer-link.js'
import { Seat, type SeatHolder, type SeatRoom } from '../rooms/seat.js'
import type { SeatRecord } from '../rooms/seat-arbiter.js'

/** Sends frames to seats of other servers. */
export interface SeatRelay {
  /** The id of this server. */
  readonly server: string
  /** A number that no other stream of frames of this server has. */
  newStream (): number
  relay (server: string, seat: string, stream: number, number: number, sender: string, frame: TextFrame): void
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
  #sent = 0
  /** What was said while the seat is coming to this server; null where it is elsewhere. */
  #held: TextFrame[] | null = null
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
    if (this.#held === null) this.#relay.relay(this.server, this.#seat, this.#stream, ++this.#sent, sender, frame)
    else if ((this.#heldLength += frame.length) <= MAX_HELD) this.#held.push(frame)
  }

  /** The seat is here: what has waited for it. */
  take (): TextFrame[] {
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

  /** What was said to its peer while it was coming to this server. */
  take (): TextFrame[] {
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
