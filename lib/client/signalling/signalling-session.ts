import { Emitter } from '../base/emitter.js'
import type { Environment } from '../base/environment.js'
import { AdaptorError, wireError } from '../base/client-errors.js'
import { numberOf, type Frame } from './frames.js'
import { EarlySender, type Sender } from './early-sender.js'
import { Outage, type Reconnected } from './outage.js'
import { RoomJoin } from './room-join.js'
import type { RoomJoinSettings, Seated } from './join-events.js'
import { isSeatMessage, leavedNotice, leftError } from './seat-rules.js'
import { ServerConnection, TRY_LATER, type Loss } from './server-connection.js'

export type { Seated } from './join-events.js'

interface SignallingSessionEvents {
  open: undefined
  seated: Seated
  /** The seat is given up: the call is over, and what waits is given up for this reason. */
  unseated: AdaptorError
  left: Frame
  /** `start`, `stop`, or a message of the other peer. */
  seat: Frame
  notification: Frame
  /** The connection is lost, with this close code (0: given up). Commands on it will not be answered. */
  lost: number
  error: AdaptorError
  reconnecting: Loss & { delay: number }
  reconnected: Reconnected
  closed: Loss
}

/** @internal */
export interface SignallingSettings extends RoomJoinSettings {
  url: string
}

/** The signalling of one client: its connection, its seat in a room, and its messages to the other peer, across lost connections. */
export class SignallingSession extends Emitter<SignallingSessionEvents> {
  readonly connection: ServerConnection
  readonly roomJoin: RoomJoin
  /** What sends to the other peer: the guard's own once that is there. */
  sender: Sender
  readonly #outage = new Outage()
  /** Is offered each message that does not answer a `join` or a `leave`, before anything else is. Returns true if it was an answer and is handled. */
  takeAnswer: (frame: Frame) => boolean = () => false

  constructor (environment: Environment, settings: SignallingSettings) {
    super()
    const connection = this.connection = new ServerConnection(environment, settings.url, settings.reconnect)
    const join = this.roomJoin = new RoomJoin(environment, settings.resume, connection)
    this.sender = new EarlySender(join, connection)
    connection.needed = () => join.room !== null
    connection.on('open', () => this.#handleOpen())
    connection.on('message', frame => this.#handleFrame(frame))
    connection.on('lost', loss => this.#handleLoss(loss.code))
    connection.on('retrying', loss => this.#outage.handleRetry(loss))
    connection.on('closed', loss => this.#handleClosed(loss))
    join.on('seated', seated => this.#handleSeated(seated))
    join.on('refused', refused => this.#handleRefused(refused))
    this.forward(join, 'unseated', 'left')
    this.forward(this.#outage, 'reconnecting', 'reconnected', 'error')
  }

  /** The room that is joined or being joined. */
  get room (): string | null {
    return this.roomJoin.room
  }

  get seated (): boolean {
    return this.roomJoin.phase === 'joined'
  }

  /** Sends `getIceServerConfig`. Returns false if there is no open connection. */
  askIceServers (): boolean {
    return this.connection.send({ command: 'getIceServerConfig' })
  }

  /** The page is hidden for good or put into the back/forward cache. Gives up the seat and the connection, and keeps the intent. */
  suspend (): void {
    this.roomJoin.suspend()
    this.connection.close()
    this.#outage.handleSuspend()
    this.emit('lost', 0)
    this.emit('unseated', leftError())
  }

  /** Gives up the seat, the intent and the connection. */
  close (): void {
    this.suspend()
    this.roomJoin.end(new AdaptorError('WebSocketNotConnected', 'The connection to the server is closed.'))
  }

  #handleOpen (): void {
    this.#outage.handleOpen()
    this.emit('open', undefined)
    // Otherwise the outage lasts until the seat is there as well.
    if (this.room === null || this.roomJoin.awaited) this.#outage.handleRecovery(false)
    this.roomJoin.advance()
  }

  #handleLoss (code: number): void {
    this.emit('lost', code)
    this.roomJoin.handleLoss()
  }

  /**
   * No other connection is tried. The call ends too: a peer that was removed, or whose seat was resumed elsewhere, must not send picture and
   * sound any longer.
   */
  #handleClosed (loss: Loss & { cause?: Error }): void {
    const error = new AdaptorError('WebSocketNotConnected', loss.reason === '' ? 'The connection to the server is closed.' : loss.reason, loss)
    const awaited = this.roomJoin.end(error)
    this.#outage.handleEnd()
    this.emit('unseated', error)
    // It is no error that the seat was resumed elsewhere (4001), or that the server closed an idle connection (1013).
    if (awaited || (loss.code !== 4001 && loss.code !== TRY_LATER)) this.emit('error', error)
    this.emit('closed', { code: loss.code, reason: loss.reason })
  }

  #handleFrame (frame: Frame): void {
    if (frame.command === 'error') return this.#handleError(frame)
    if (this.takeAnswer(frame) || this.roomJoin.handleAnswer(frame)) return
    if (frame.definition === 'server_will_stop') this.connection.rest(numberOf(frame.retryAfter) ?? 0)
    if (isSeatMessage(frame)) {
      if (!this.roomJoin.handleSeatMessage(frame)) return
      this.sender.handleSeatMessage(frame)
    }
    this.emit(frame.command === 'notification' ? 'notification' : 'seat', frame)
  }

  #handleError (frame: Frame): void {
    const error = wireError(frame)
    if (this.roomJoin.phase !== 'leaving' && this.takeAnswer(frame)) return
    if (!this.roomJoin.handleAnswer(frame) && (error.name !== 'no_peer_associated_before' || this.sender.holdsApplicationMessage === true)) {
      // Candidates may cross the other peer's `leave`. Only the loss of a message of the application is worth an error.
      this.emit('error', error)
    }
  }

  #handleSeated (seated: Seated): void {
    const { frame, resumed } = seated
    this.sender.handleSeated(seated)
    this.emit('seated', seated)
    this.#outage.handleRecovery(resumed, numberOf(frame.peers))
  }

  #handleRefused ({ error, room, automatic }: { error: AdaptorError, room: string, automatic: boolean }): void {
    this.emit('error', error)
    this.#outage.handleRecovery(false)
    if (automatic) this.emit('left', { ...leavedNotice(room), reason: error.name })
  }
}
