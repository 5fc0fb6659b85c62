import { CLOSE_CODES, isGoodbye, type CloseReason } from '../../../lib/protocol/codes.js'
import type { ToldLimits } from '../../../lib/protocol/server-messages.js'
import { newId } from '../../../lib/rooms/new-id.js'
import type { Grant, ParticipantPorts } from '../../../lib/rooms/participant-ports.js'
import { Participant } from '../../../lib/rooms/participant.js'
import type { LinkTrace, PeerLink, TextFrame } from '../../../lib/rooms/peer-link.js'
import { Heartbeat } from '../../../lib/transport/heartbeat.js'
import type { Logger } from '../../../lib/events.js'
import type { Join } from '../../../lib/protocol/client-messages.js'
import type { IceServerConfig } from '../../../lib/protocol/server-messages.js'
import { LIMITS } from '../../helpers/fakes/fake-link.js'
import type { Rules } from './rules.js'
import type { SimServer } from './sim-server.js'
import type { SimWebSocket } from './sim-web-socket.js'

/** How long the other end of a connection may take to answer a close frame, in ms, as in `lib/transport/connection.ts`. */
const CLOSE_GRACE = 2_000
/** What clients are told that they may send: more than they do. */
const TOLD: ToldLimits = { messagesPerSecond: 1e6, messageBurst: 1e6, bytesPerSecond: 1e9, byteBurst: 1e9, frameBytes: 1e6, waitingFrames: 1e6 }
/** How a message of a person to another one begins. */
const RELAYED = '{"command":"peerMessageCommand"'

export interface ConnectionWorld {
  /** An invariant does not hold. */
  broken (invariant: string, how: string): void
  capacityOf (room: string): number
}

/** A connection as `lib/transport/connection.ts` makes it, with the real heartbeat, and without a socket, limits and a log. */
export class SimConnection implements PeerLink, ParticipantPorts {
  readonly id = newId()
  readonly key = 'address'
  readonly limits = TOLD
  readonly iceServersNeedSeat = false
  readonly participant: Participant
  readonly log: Logger
  open = true
  readonly #server: SimServer
  readonly #world: ConnectionWorld
  readonly #rules: Rules
  readonly #socket: SimWebSocket
  readonly #heartbeat: Heartbeat
  #closedAt = 0

  constructor (server: SimServer, world: ConnectionWorld, rules: Rules, socket: SimWebSocket) {
    this.#server = server
    this.#world = world
    this.#rules = rules
    this.#socket = socket
    this.log = { debug () {}, error: about => this.failed((about as { err: unknown }).err) }
    this.participant = new Participant('app', server.rooms, this, this, LIMITS)
    const { interval, pong, probeTimeout } = rules
    const isOpen = (): boolean => this.open
    this.#heartbeat = new Heartbeat({
      get readyState () { return isOpen() ? 1 : 2 },
      ping: payload => socket.carry(() => socket.pinged(payload))
    }, this.participant.seats, { interval, timeout: pong, probeTimeout }, server.machine.clock)
  }

  // What arrives.

  receive (text: string): void {
    if (!this.open) return
    this.participant.handle(Buffer.from(text))
    this.#heartbeat.handleTraffic()
  }

  pong (payload: Buffer): void {
    this.#heartbeat.handlePong(payload)
  }

  /** The client's close frame: its own, or the answer to ours. Or the socket is gone: 1006. */
  closed (code: number): void {
    if (!this.#server.connections.delete(this)) return
    this.open = false
    this.#end(!isGoodbye(code))
    this.#socket.hungUp()
  }

  sweep (now: number): void {
    if (this.#closedAt !== 0) {
      if (now >= this.#closedAt) this.#gone()
    } else if (this.#heartbeat.isDead(now)) {
      this.terminate()
    } else if (!this.participant.busy && now >= this.participant.seats.emptySince + this.#rules.joinTimeout) {
      this.close('tryLater')
    } else {
      this.#heartbeat.beat(now)
    }
  }

  drain (retryAfter: number): void {
    this.participant.drain(retryAfter)
    this.close('goingAway')
  }

  /** The network loses it, as both ends learn. */
  cut (): void {
    this.#socket.cut()
  }

  // For the rooms.

  send (frame: TextFrame): void {
    if (!this.open) return
    const text = frame.toString()
    if (text.startsWith(RELAYED) && this.participant.seats.size === 0) this.#world.broken('a message reaches nobody without a seat', text)
    this.#socket.carry(() => this.#socket.received(text))
  }

  probe (answer: (alive: boolean) => void): void {
    this.#heartbeat.probe(answer)
  }

  close (reason: CloseReason): void {
    const { lived } = this.#server.machine.clock
    if (this.#closedAt === 0) this.#closedAt = lived() + (reason === 'goingAway' ? this.#rules.grace : CLOSE_GRACE)
    if (!this.open) return
    this.open = false
    const { code, meaning } = CLOSE_CODES[reason]
    this.#socket.carry(() => this.#socket.closed(code, meaning))
  }

  terminate (): void {
    this.#end(true)
    this.#gone()
  }

  trace (): LinkTrace {
    return { id: this.id, logIn: () => this.log }
  }

  logIn (): Logger {
    return this.log
  }

  // For the participant.

  authorize ({ streamId }: Join): Grant | Promise<Grant> {
    const capacity = this.#world.capacityOf(streamId)
    const grant: Grant = capacity === 2 ? {} : { capacity }
    if (!this.#rules.slowToDecide) return grant
    return new Promise(resolve => this.#server.machine.after(this.#rules.latency, () => resolve(grant)))
  }

  iceServerConfig (): IceServerConfig {
    throw new Error('Nobody asks for it.')
  }

  joined (): void {}

  failed (error: unknown): void {
    this.#world.broken('no frame fails', String((error as Error).stack))
  }

  dismiss (reason: CloseReason): void {
    this.#end(CLOSE_CODES[reason].resumable)
    this.close(reason)
  }

  #end (resumable: boolean): void {
    this.participant.lost(resumable)
    this.#heartbeat.stop()
  }

  /** Without a close frame. */
  #gone (): void {
    this.#socket.cut()
    this.closed(1006)
  }
}
