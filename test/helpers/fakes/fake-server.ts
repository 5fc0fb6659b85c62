import type { Logger } from '../../../lib/events.js'
import { decode, isBadFrame } from '../../../lib/protocol/codec.js'
import { CLOSE_CODES, isGoodbye, type CloseReason } from '../../../lib/protocol/codes.js'
import type { ClientMessage } from '../../../lib/protocol/client-messages.js'
import { Participant } from '../../../lib/rooms/participant.js'
import type { Grant, ParticipantPorts } from '../../../lib/rooms/participant-ports.js'
import type { LinkTrace, PeerLink, TextFrame } from '../../../lib/rooms/peer-link.js'
import type { Refusal } from '../../../lib/rooms/refusal.js'
import { RoomRegistry } from '../../../lib/rooms/room-registry.js'
import { buildIceServerConfig, type IceConfigParts } from '../../../lib/turn/ice-config.js'
import type { ToldLimits } from '../../../lib/protocol/server-messages.js'
import { LIMITS, NO_LOG } from './fake-link.js'
import type { FakeWebSocket, ServerEnd } from './fake-web-socket.js'
import type { TestClock } from './test-clock.js'

const PROBE_TIMEOUT = 2_000

/** The server's real rooms behind fake sockets: what the SDK meets in production, without the transport. */
export class FakeServer {
  readonly clock: TestClock
  rooms: RoomRegistry
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

  #newRooms (): RoomRegistry {
    return new RoomRegistry({ window: 20_000, hold: true, messages: 512, bytes: 2 ** 20 }, this.clock)
  }
}

class FakeServerLink implements PeerLink, ParticipantPorts, ServerEnd {
  readonly id = 'connection'
  readonly key = 'address'
  readonly log = NO_LOG
  readonly participant: Participant
  readonly iceServersNeedSeat = false
  open = true
  readonly #server: FakeServer
  readonly #socket: FakeWebSocket

  constructor (server: FakeServer, socket: FakeWebSocket) {
    this.#server = server
    this.#socket = socket
    this.participant = new Participant('app', server.rooms, this, this, LIMITS)
  }

  receive (text: string): void {
    this.#server.receive(text, this)
  }

  take (text: string): void {
    const message = decode(text)
    if (!isBadFrame(message)) this.#server.heard.push(message)
    this.participant.handle(Buffer.from(text))
  }

  /** The frame comes too fast. */
  tooFast (text: string): void {
    this.participant.refuseFrame(Buffer.from(text), { refused: 'rateExceeded' })
  }

  ended (code: number): void {
    this.open = false
    this.participant.lost(!isGoodbye(code))
  }

  get limits (): ToldLimits | undefined {
    return this.#server.limits
  }

  send (frame: TextFrame): void {
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

  trace (): LinkTrace {
    return { id: this.id, logIn: () => this.log }
  }

  logIn (): Logger {
    return this.log
  }

  authorize (): Grant | Refusal {
    return this.#server.admit()
  }

  iceServerConfig (): ReturnType<typeof buildIceServerConfig> {
    return buildIceServerConfig(this.#server.ice)
  }

  joined (): void {}

  failed (error: unknown): void {
    throw error
  }

  dismiss (reason: CloseReason): void {
    this.participant.lost(CLOSE_CODES[reason].resumable)
    this.close(reason)
  }
}
