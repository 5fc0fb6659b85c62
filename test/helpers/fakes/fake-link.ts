import { randomUUID } from 'node:crypto'
import type { Logger } from '../../../lib/events.js'
import { decode, isBadFrame, type ServerMessage } from '../../../lib/protocol/codec.js'
import { CLOSE_CODES, type CloseReason } from '../../../lib/protocol/codes.js'
import type { RelayedMessage } from '../../../lib/protocol/client-messages.js'
import type { Clock } from '../../../lib/rooms/clock.js'
import type { HeldSeats } from '../../../lib/rooms/held-seats.js'
import { Participant } from '../../../lib/rooms/participant.js'
import type { Grant, ParticipantPorts } from '../../../lib/rooms/participant-ports.js'
import type { LinkTrace, PeerLink, TextFrame } from '../../../lib/rooms/peer-link.js'
import type { Refusal } from '../../../lib/rooms/refusal.js'
import type { RoomRegistry } from '../../../lib/rooms/room-registry.js'
import { buildIceServerConfig } from '../../../lib/turn/ice-config.js'

export type Heard = ServerMessage | RelayedMessage
/** What is on its way to the client: a frame, or the number of a ping. */
type OnTheWire = { frame: Heard } | { ping: number }

/** Writes nothing. What goes wrong fails the test. */
export const NO_LOG: Logger = { debug: () => {}, error: about => { throw (about as { err: unknown }).err } }

/** What a fake link may have: more than any test takes. */
export const LIMITS = { rooms: 100, roomsPerConnection: 100, waitingFrames: 1_000 } as const

/** How long a fake link may be closing before it is cut off, ms. No multiple of the other times in use, so that no two deadlines meet. */
export const CLOSE_GRACE = 2_000.125

/** A question whether the other end lives: a pong to this ping, or to a later one, answers it, and no other frame does. */
interface Probe {
  ping: number
  answer: (alive: boolean) => void
}

export interface FakeLinkOptions {
  app?: string
  /** What its address is counted as. */
  key?: string
  /** How many may sit in its room, by the application. */
  capacity?: number | undefined
  rooms: RoomRegistry
  clock: Clock
  /** How long a probe may take, ms. */
  probeTimeout: number
  /** Told of each frame as it is sent, before the client has it. */
  sent?: (message: Heard, link: FakeLink) => void
}

/**
 * A connection without a socket, with a real participant. What the server sends lies on the wire until the test lets the client read
 * it; what lies there when the link is lost never arrives. The server cannot tell the difference, as with TCP.
 */
export class FakeLink implements PeerLink, ParticipantPorts {
  readonly id = randomUUID()
  readonly key: string
  readonly log = NO_LOG
  readonly participant: Participant
  readonly iceServersNeedSeat = false
  /** Whether frames still get out: not once it is being closed. */
  open = true
  /** Whether the server still knows the link. */
  alive = true
  closedWith: CloseReason | null = null
  readonly #options: FakeLinkOptions
  readonly #probes: Probe[] = []
  #wire: OnTheWire[] = []
  #busySince = 0
  #ping = 0
  #cutOff: unknown = null

  constructor (options: FakeLinkOptions) {
    this.#options = options
    this.key = options.key ?? 'address'
    this.participant = new Participant(options.app ?? 'app', options.rooms, this, this, LIMITS)
  }

  /** Since when a command has been waiting for its answer, in time lived, or null. */
  get busySince (): number | null {
    return this.participant.busy ? this.#busySince : null
  }

  get seats (): HeldSeats {
    return this.participant.seats
  }

  // As the server sees it.

  trace (): LinkTrace {
    return { id: this.id, logIn: () => this.log }
  }

  logIn (): Logger {
    return this.log
  }

  send (frame: TextFrame): void {
    if (!this.open) return
    const message = JSON.parse(frame.toString()) as Heard
    this.#wire.push({ frame: message })
    this.#options.sent?.(message, this)
  }

  probe (answer: (alive: boolean) => void): void {
    const { clock, probeTimeout } = this.#options
    const timer = clock.after(this.open ? probeTimeout : 0, () => probe.answer(false))
    if (this.open) this.ping()
    const probe: Probe = {
      ping: this.#ping,
      answer: alive => {
        clock.cancel(timer)
        const index = this.#probes.indexOf(probe)
        if (index === -1) return
        this.#probes.splice(index, 1)
        answer(alive)
      }
    }
    this.#probes.push(probe)
  }

  close (reason: CloseReason): void {
    if (!this.open) return
    this.closedWith = reason
    this.open = false
    this.#cutOff = this.#options.clock.after(CLOSE_GRACE, () => this.lose(false))
  }

  terminate (): void {
    this.lose(false)
  }

  authorize (): Grant | Refusal {
    const { rooms, capacity } = this.#options
    if (rooms.draining) return { refused: 'serverDraining' }
    return capacity === undefined ? {} : { capacity }
  }

  iceServerConfig (): ReturnType<typeof buildIceServerConfig> {
    return buildIceServerConfig({ iceServers: [] })
  }

  joined (): void {}

  failed (error: unknown): void {
    throw error
  }

  dismiss (reason: CloseReason): void {
    this.#end(!CLOSE_CODES[reason].resumable)
    this.close(reason)
  }

  // As the network and the client do.

  /** The server pings, behind everything that it has sent. */
  ping (): void {
    this.seats.markPing()
    this.#wire.push({ ping: ++this.#ping })
  }

  /** The client sends a command; `tooFast`: more often than it may. */
  say (message: object, tooFast = false): void {
    if (!this.open) return
    const frame = Buffer.from(JSON.stringify(message))
    const decoded = decode(frame.toString())
    if (isBadFrame(decoded)) throw new Error(`The test sent a bad frame: ${decoded.message}`)
    const { busy } = this.participant
    if (tooFast) this.participant.refuseFrame(frame, { refused: 'rateExceeded' })
    else this.participant.handle(frame)
    if (!busy) this.#busySince = this.#options.clock.lived()
  }

  /** How much lies on the wire. */
  get unread (): number {
    return this.#wire.length
  }

  /** The client reads up to `most` of what lies on the wire, and answers the pings among it. */
  read (most: number, got: (message: Heard) => void, ponged: (ping: number) => void): void {
    for (const each of this.#wire.splice(0, most)) {
      if ('frame' in each) {
        got(each.frame)
      } else if (this.alive) {
        for (const { ping, answer } of [...this.#probes]) if (each.ping >= ping) answer(true)
        if (each.ping === this.#ping) this.seats.confirmPing()
        ponged(each.ping)
      }
    }
  }

  /** The link fails, but for the first `most` things on the wire, which still arrive: no pong comes back for them. */
  fail (clean: boolean, most: number, got: (message: Heard) => void): void {
    this.#arrive(most, got)
    this.lose(clean)
  }

  /**
   * The client's close frame comes, behind what it has still read; `clean` where the frame is a goodbye. The socket is still there, and
   * {@link lose} ends it later.
   */
  conclude (clean: boolean, most: number, got: (message: Heard) => void): void {
    if (!this.alive) return
    this.#arrive(most, got)
    this.#wire = []
    this.open = false
    this.#cutOff ??= this.#options.clock.after(CLOSE_GRACE, () => this.lose(false))
    this.#end(clean)
  }

  /** The link is gone; `clean` where the client said so itself. What lies on the wire is lost. */
  lose (clean: boolean): void {
    if (!this.alive) return
    this.alive = false
    this.open = false
    this.#wire = []
    this.#options.clock.cancel(this.#cutOff)
    this.#end(clean)
  }

  #arrive (most: number, got: (message: Heard) => void): void {
    for (const each of this.#wire.splice(0, most)) if ('frame' in each) got(each.frame)
  }

  /** Everything that hangs on this link ends. */
  #end (clean: boolean): void {
    this.participant.lost(!clean)
    for (const { answer } of [...this.#probes]) answer(false)
  }
}
