import { decode, isBadFrame } from '../../lib/protocol/codec.js'
import { CLOSE_CODES, type CloseReason } from '../../lib/protocol/codes.js'
import type { ClientMessage } from '../../lib/protocol/client-messages.js'
import { commands, refuseFrame, type Caller, type Grant, type Refusal } from '../../lib/rooms/commands.js'
import type { Frame } from '../../lib/rooms/peer-link.js'
import type { PendingJoin } from '../../lib/rooms/pending-join.js'
import { Rooms } from '../../lib/rooms/room-registry.js'
import type { Seat } from '../../lib/rooms/seat.js'
import { buildIceServerConfig, type IceConfigParts } from '../../lib/turn/ice-config.js'
import type { ToldLimits } from '../../lib/protocol/server-messages.js'
import type { FakeWebSocket, ServerEnd } from './fake-web-socket.js'
import type { TestClock } from './test-clock.js'

type Dispatch = (caller: Caller, message: ClientMessage, frame: Buffer) => undefined | Promise<void>

const PROBE_TIMEOUT = 2_000

/** The server's real rooms behind fake sockets: what the SDK meets in production, without the transport. */
export class FakeServer {
  readonly clock: TestClock
  rooms: Rooms
  ice: IceConfigParts = { iceServers: [] }
  /** Decides on each join. */
  admit: () => Grant | Refusal = () => ({})
  /** What clients are told that they may send: more than any test sends, unless it is about that. `undefined`: nothing, as other servers do. */
  limits: ToldLimits | undefined = {
    messagesPerSecond: 1e6, messageBurst: 1e6, bytesPerSecond: 1e9, byteBurst: 1e9, frameBytes: 1e6, waitingFrames: 1e6
  }

  /** What becomes of each frame that comes; a test may put something before it. */
  receive = (text: string, link: FakeServerLink): void => link.take(text)
  /** Every command that has come, in order. */
  readonly heard: ClientMessage[] = []

  constructor (clock: TestClock) {
    this.clock = clock
    this.rooms = this.#newRooms()
  }

  /** Nothing of what was before is known any more. */
  restart (): void {
    this.rooms = this.#newRooms()
  }

  listen = (socket: FakeWebSocket): ServerEnd => new FakeServerLink(this, socket)

  #newRooms (): Rooms {
    return new Rooms({ window: 20_000, hold: true, messages: 512, bytes: 2 ** 20 }, this.clock)
  }
}

class FakeServerLink implements Caller, ServerEnd {
  readonly app = 'app'
  readonly key = 'address'
  readonly rooms: Rooms
  readonly mostRooms = 100
  readonly seats: Seat[] = []
  pending: PendingJoin | null = null
  readonly link = this
  open = true
  readonly #server: FakeServer
  readonly #socket: FakeWebSocket
  #queue: string[] | null = null

  constructor (server: FakeServer, socket: FakeWebSocket) {
    this.#server = server
    this.#socket = socket
    this.rooms = server.rooms
  }

  receive (text: string): void {
    this.#server.receive(text, this)
  }

  take (text: string): void {
    if (this.#queue !== null) {
      this.#queue.push(text)
      return
    }
    const message = decode(text)
    if (isBadFrame(message)) return refuseFrame(this, message, { refused: message.error, message: message.message })
    this.#server.heard.push(message)
    const handled = (commands[message.command] as Dispatch)(this, message, Buffer.from(text))
    if (handled === undefined) return
    this.#queue = []
    void handled.finally(() => {
      const waiting = this.#queue ?? []
      this.#queue = null
      for (const text of waiting) this.take(text)
    })
  }

  /** The frame comes too fast. */
  tooFast (text: string): void {
    refuseFrame(this, decode(text), { refused: 'rateExceeded' })
  }

  ended (code: number): void {
    this.open = false
    this.pending?.cancel()
    for (const seat of [...this.seats]) seat.room.lost(seat, code === 1000 || code === 1001 || code === 1005)
  }

  get limits (): ToldLimits | undefined {
    return this.#server.limits
  }

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
    if (this.open) this.#socket.push(frame.toString())
  }

  probe (answer: (alive: boolean) => void): void {
    this.#server.clock.after(PROBE_TIMEOUT, () => answer(this.open))
  }

  close (reason: CloseReason): void {
    this.open = false
    this.#socket.end(CLOSE_CODES[reason].code, CLOSE_CODES[reason].meaning)
  }

  terminate (): void {
    this.#socket.cut()
  }

  admit (): Grant | Refusal {
    return this.#server.admit()
  }

  iceServerConfig (): ReturnType<typeof buildIceServerConfig> {
    return buildIceServerConfig(this.#server.ice)
  }

  seatTaken (): void {}

  refuse (refusal: Refusal, streamId?: string): void {
    const { refused, message = refused, retryAfter } = refusal
    this.send(JSON.stringify({ command: 'error', definition: refused, streamId, message, retryAfter }))
  }
}
