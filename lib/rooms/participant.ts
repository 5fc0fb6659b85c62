import type { ClientMessage, Join, Leave, RelayedMessage, Stop } from '../protocol/client-messages.js'
import { decode, isBadFrame, isRelayed, type BadFrame } from '../protocol/codec.js'
import { ERRORS } from '../protocol/codes.js'
import * as notices from '../protocol/notices.js'
import { dispatch, type CommandHandlers, type Handled } from './commands.js'
import { HeldSeats } from './held-seats.js'
import { JoinAttempt, type Joiner } from './join-attempt.js'
import type { JoinOutcome } from './join-request.js'
import type { ParticipantPorts } from './participant-ports.js'
import type { PeerLink } from './peer-link.js'
import type { Refusal } from './refusal.js'
import type { RoomRegistry } from './room-registry.js'

/** Limits of one participant, named as in the `limits` option. */
export interface ParticipantLimits {
  /** Rooms of its application. */
  readonly rooms: number
  readonly roomsPerConnection: number
  readonly waitingFrames: number
}

/** A frame that will be refused when its turn comes. Refused at once, it would be counted as one of the frames before it. */
interface RefusedFrame {
  read: ClientMessage | BadFrame
  refusal: Refusal
}

/** The peer of one connection: takes its commands in order, and holds its seats. */
export class Participant implements CommandHandlers, Joiner {
  readonly app: string
  readonly rooms: RoomRegistry
  /** The seats that are reached through this peer's link. */
  readonly seats: HeldSeats
  readonly #link: PeerLink
  readonly #ports: ParticipantPorts
  readonly #limits: ParticipantLimits
  /** The frames that wait behind a command in progress; null if none is in progress. */
  #queue: Array<Buffer | RefusedFrame> | null = null
  /** The join in progress. There is at most one, because frames are handled in order. */
  #join: JoinAttempt | null = null
  /** Whether it asked for ICE servers before it had the seat that TURN needs: Ant Media's clients ask once, before they join. */
  #askedEarly = false

  constructor (app: string, rooms: RoomRegistry, link: PeerLink, ports: ParticipantPorts, limits: ParticipantLimits) {
    this.app = app
    this.rooms = rooms
    this.seats = new HeldSeats(link, rooms.clock)
    this.#link = link
    this.#ports = ports
    this.#limits = limits
  }

  get maxRooms (): number {
    return this.#limits.rooms
  }

  /** Whether a join is in progress. */
  get joining (): boolean {
    return this.#join !== null
  }

  /** Whether a command is in progress. */
  get busy (): boolean {
    return this.#queue !== null
  }

  /** Handles one text frame, after all frames that came before it. */
  handle (frame: Buffer): void {
    if (this.#queue === null) {
      this.#take(frame)
    } else if (this.#queue.length < this.#limits.waitingFrames) {
      this.#queue.push(frame)
    } else {
      this.refuse({ refused: 'rateExceeded', message: 'Too many frames behind a join that is not answered yet.' })
      this.#ports.dismiss('policy')
    }
  }

  /** Refuses one text frame, after all frames that came before it. It is decoded all the same, to know for which seat it counts. */
  refuseFrame (frame: Buffer, refusal: Refusal): void {
    this.#takeInTurn({ read: decode(frame.toString()), refusal })
  }

  /** Answers with an `error`. */
  refuse ({ refused, message, retryAfter }: Refusal, streamId?: string): void {
    const text = message ?? ERRORS[refused]
    this.#link.send(notices.error(refused, text, streamId, retryAfter))
    this.rooms.events.refused(this.#link, this.app, streamId, refused, text)
  }

  /** The server is draining: tells the peer when to come back. */
  drain (retryAfter: number): void {
    // The room's own answer would come too late, when the link is already closing.
    if (this.#join !== null) this.refuse({ refused: 'serverDraining', retryAfter }, this.#join.message.streamId)
    this.#link.send(notices.serverWillStop(retryAfter))
  }

  /**
   * The link is gone, or about to go.
   *
   * @param resumable whether the peer may come back to its seats. It may not after a goodbye, its own or the server's
   */
  lost (resumable: boolean): void {
    this.#join?.cancel(resumable)
    this.seats.lost(resumable)
  }

  // The commands.

  handleJoin (message: Join): Handled {
    const { streamId } = message
    if (this.seats.size >= this.#limits.roomsPerConnection && this.seats.in(streamId) === undefined) {
      this.refuse({ refused: 'tooManyRooms', message: 'This connection sits in as many rooms as it may.' }, streamId)
      return undefined
    }
    this.#link.logIn(streamId).debug({}, 'a peer is joining')
    const join = new JoinAttempt(this, message)
    const outcome = join.run(this.#ports.authorize(message))
    if (!(outcome instanceof Promise)) {
      this.#joined(outcome, streamId)
      return undefined
    }
    return this.#waitForSeat(join, outcome)
  }

  handleLeave ({ streamId }: Leave | Stop): Handled {
    const only = this.seats.size === 1 ? this.seats.first : undefined
    const seat = streamId === undefined ? only : this.seats.in(streamId)
    if (seat !== undefined) {
      seat.room.leave(seat)
    } else if (streamId === undefined && this.seats.size > 1) {
      this.refuse({ refused: 'noStreamNameSpecified', message: 'You sit in several rooms, so streamId must name one.' })
    } else if (streamId === undefined) {
      this.refuse({ refused: 'notInRoom' })
    } else {
      // The peer has no seat there, which is what it asked for. Android sends this at each attempt to come back, and would show an error.
      this.#link.send(notices.leaved(streamId))
    }
    return undefined
  }

  handleRelayed (message: RelayedMessage, frame: Buffer): Handled {
    const seat = this.seats.in(message.streamId)
    if (seat === undefined) {
      this.refuse({ refused: 'notInRoom' }, message.streamId)
      return undefined
    }
    if (message.command === 'takeConfiguration' && message.type === 'offer') seat.room.offered(seat)
    if (!seat.room.relay(seat, frame, message.command)) this.refuse({ refused: 'no_peer_associated_before' }, message.streamId)
    return undefined
  }

  handlePing (): Handled {
    this.#link.send(notices.pong())
    return undefined
  }

  handleGetIceServerConfig (): Handled {
    this.#askedEarly = this.seats.size === 0 && this.#ports.iceServersNeedSeat
    const config = this.#ports.iceServerConfig(this.seats.first?.id)
    if (config instanceof Promise) return config.then(config => this.#link.send(notices.iceServerConfig(config)))
    this.#link.send(notices.iceServerConfig(config))
    return undefined
  }

  #takeInTurn (frame: Buffer | RefusedFrame): void {
    if (this.#queue === null) this.#take(frame)
    else this.#queue.push(frame)
  }

  /** Handles a frame whose turn it is. */
  #take (frame: Buffer | RefusedFrame): void {
    try {
      if (!Buffer.isBuffer(frame)) {
        this.#refuseRead(frame.read, frame.refusal)
        return
      }
      const message = decode(frame.toString())
      if (isBadFrame(message)) {
        this.#refuseRead(message, { refused: message.error, message: message.message })
        return
      }
      const handled = dispatch(this, message, frame)
      if (handled !== undefined) void this.#waitFor(handled)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Queues the frames that come until the command is over, so that a client's frames take effect in order. */
  async #waitFor (handled: Promise<void>): Promise<void> {
    const queue: Array<Buffer | RefusedFrame> = []
    this.#queue = queue
    try {
      await handled
    } catch (error) {
      this.#fail(error)
    }
    this.#queue = null
    for (const frame of queue) {
      if (!this.#link.open) break
      this.#takeInTurn(frame)
    }
  }

  async #waitForSeat (join: JoinAttempt, outcome: Promise<JoinOutcome | null>): Promise<void> {
    this.#join = join
    this.rooms.joinsInFlight++
    try {
      const known = await outcome
      if (this.#link.open) this.#joined(known, join.message.streamId)
    } finally {
      this.#join = null
      this.rooms.joinsInFlight--
    }
  }

  #joined (outcome: JoinOutcome | null, streamId: string): void {
    if (outcome === null) return
    if ('refused' in outcome) {
      this.#link.logIn(streamId).debug({ refused: outcome.refused }, 'a peer was not let in')
      this.refuse(outcome, streamId)
      return
    }
    this.#ports.joined()
    // Nobody awaits this promise, and an unhandled rejection would end the process.
    if (this.#askedEarly) this.handleGetIceServerConfig()?.catch((error: unknown) => this.#fail(error))
  }

  /** Counts a refused message for the other peer in `received` all the same: its sender got an error, and must not send it again. */
  #refuseRead (read: ClientMessage | BadFrame, refusal: Refusal): void {
    const { streamId } = read as { streamId?: string }
    const relayed = isBadFrame(read) ? read.relayed === true : isRelayed(read.command)
    const seat = relayed && streamId !== undefined ? this.seats.in(streamId) : undefined
    if (seat !== undefined) seat.refused++
    this.refuse(refusal, streamId)
  }

  #fail (error: unknown): void {
    this.#ports.failed(error)
    this.refuse({ refused: 'internalError' })
    this.#ports.dismiss('fault')
  }
}
