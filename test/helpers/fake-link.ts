import { decode, isBadFrame, type ServerMessage } from '../../lib/protocol/codec.js'
import type { CloseReason } from '../../lib/protocol/codes.js'
import type { ClientMessage, RelayedMessage } from '../../lib/protocol/client-messages.js'
import { buildIceServerConfig } from '../../lib/turn/ice-config.js'
import { commands, refuseFrame, type Caller, type Grant, type Refusal } from '../../lib/rooms/commands.js'
import type { Clock } from '../../lib/rooms/clock.js'
import type { Frame } from '../../lib/rooms/peer-link.js'
import type { PendingJoin } from '../../lib/rooms/pending-join.js'
import type { Rooms } from '../../lib/rooms/room-registry.js'
import type { Seat } from '../../lib/rooms/seat.js'

export type Heard = ServerMessage | RelayedMessage
/** What is on its way to the client: a frame, or the number of a ping. */
type OnTheWire = { frame: Heard } | { ping: number }
type Dispatch = (caller: Caller, message: ClientMessage, frame: Buffer) => undefined | Promise<void>

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
  rooms: Rooms
  clock: Clock
  /** How long a probe may take, ms. */
  probeTimeout: number
  /** Told of each frame as it is sent, before the client has it. */
  sent?: (message: Heard, link: FakeLink) => void
}

/**
 * A connection without a socket. What the server sends lies on the wire until the test lets the client read it; what lies
 * there when the link is lost never arrives. The server cannot tell the difference, as with TCP.
 */
export class FakeLink implements Caller {
  readonly app: string
  readonly key: string
  readonly rooms: Rooms
  readonly mostRooms = 100
  readonly seats: Seat[] = []
  pending: PendingJoin | null = null
  readonly link = this
  /** Whether frames still get out: not once it is being closed. */
  open = true
  /** Whether the server still knows the link. */
  alive = true
  closedWith: CloseReason | null = null
  /** Since when a command has been waiting for its answer, in time lived, or null. */
  busySince: number | null = null
  readonly #options: FakeLinkOptions
  readonly #probes: Probe[] = []
  #wire: OnTheWire[] = []
  #ping = 0
  #cutOff: unknown = null

  constructor (options: FakeLinkOptions) {
    this.#options = options
    this.app = options.app ?? 'app'
    this.key = options.key ?? 'address'
    this.rooms = options.rooms
  }

  // As the server sees it.

  seatIn (room: string): Seat | undefined {
    return this.seats.find(seat => seat.room.name === room)
  }

  seated (seat: Seat): void {
    this.seats.push(seat)
  }

  unseated (seat: Seat): void {
    const index = this.seats.indexOf(seat)
    if (index !== -1) this.seats.splice(index, 1)
  }

  send (frame: Frame): void {
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

  admit (): Grant | Refusal {
    return this.rooms.draining ? { refused: 'serverDraining' } : {}
  }

  iceServerConfig (): ReturnType<typeof buildIceServerConfig> {
    return buildIceServerConfig({ iceServers: [] })
  }

  seatTaken (): void {}

  refuse ({ refused, retryAfter }: Refusal, streamId?: string): void {
    this.send(JSON.stringify({ command: 'error', definition: refused, streamId, message: refused, retryAfter }))
  }

  // As the network and the client do.

  /** The server pings, behind everything that it has sent. */
  ping (): void {
    for (const seat of this.seats) seat.markPing()
    this.#wire.push({ ping: ++this.#ping })
  }

  /** The client sends a command; `tooFast`: more often than it may. */
  say (message: object, tooFast = false): void {
    if (!this.open) return
    const frame = Buffer.from(JSON.stringify(message))
    const decoded = decode(frame.toString())
    if (tooFast) return refuseFrame(this, decoded, { refused: 'rateExceeded' })
    if (isBadFrame(decoded)) throw new Error(`The test sent a bad frame: ${decoded.message}`)
    const handled = (commands[decoded.command] as Dispatch)(this, decoded, frame)
    if (handled === undefined) return
    this.busySince = this.#options.clock.lived()
    void handled.finally(() => { this.busySince = null })
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
        if (each.ping === this.#ping) for (const seat of this.seats) seat.confirmPing()
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
    this.pending?.cancel()
    for (const seat of [...this.seats]) seat.room.lost(seat, clean)
    for (const { answer } of [...this.#probes]) answer(false)
  }
}
