import { Emitter } from '../base/emitter.js'
import type { Environment } from '../base/environment.js'
import { AdaptorError, wireError } from '../base/client-errors.js'
import { numberOf, type Frame } from './frames.js'
import { MessageSender, type SentMessage } from './message-sender.js'
import { Outage, type Reconnected } from './outage.js'
import type { Outgoing } from './outbox.js'
import { RoomJoin } from './room-join.js'
import type { RoomJoinSettings, Seated } from './join-events.js'
import type { JoinIntent } from './seat-book.js'
import { isSeatMessage, leavedNotice } from './seat-rules.js'
import { ServerConnection, TRY_LATER, type Loss } from './server-connection.js'

export type { Seated } from './join-events.js'

interface SignallingSessionEvents {
  open: undefined
  seated: Seated
  /** The seat is given up: the call is over. */
  unseated: undefined
  left: Frame
  /** `start`, `stop`, or a message of the other peer. */
  seat: Frame
  notification: Frame
  /** The connection is lost. Commands on it will not be answered. */
  lost: undefined
  error: AdaptorError
  reconnecting: Loss & { delay: number }
  reconnected: Reconnected
  closed: Loss
}

export interface SignallingSettings extends RoomJoinSettings {
  url: string
}

/** The signalling of one client: its connection, its seat in a room, and its messages to the other peer, across lost connections. */
export class SignallingSession extends Emitter<SignallingSessionEvents> {
  readonly connection: ServerConnection
  readonly #join: RoomJoin
  readonly #sender: MessageSender
  readonly #outage = new Outage()
  /** Is offered each message that does not answer a `join` or a `leave`, before anything else is. Returns true if it was an answer and is handled. */
  takeAnswer: (frame: Frame) => boolean = () => false

  constructor (environment: Environment, settings: SignallingSettings) {
    super()
    const connection = this.connection = new ServerConnection(environment, settings.url, settings.reconnect)
    const join = this.#join = new RoomJoin(environment, settings, connection)
    const sender = this.#sender = new MessageSender(environment, connection)
    connection.needed = () => join.room !== null
    connection.on('open', () => this.#handleOpen())
    connection.on('message', frame => this.#handleFrame(frame))
    connection.on('lost', loss => this.#handleLoss(loss.code))
    connection.on('retrying', loss => this.#outage.handleRetry(loss))
    connection.on('closed', loss => this.#handleClosed(loss))
    join.on('seated', seated => this.#handleSeated(seated))
    join.on('unseated', reason => {
      sender.handleUnseated(reason)
      this.emit('unseated', undefined)
    })
    join.on('refused', refused => this.#handleRefused(refused))
    join.on('left', frame => this.emit('left', frame))
    sender.on('error', error => this.emit('error', error))
    this.#outage.on('reconnecting', loss => this.emit('reconnecting', loss))
    this.#outage.on('reconnected', how => this.emit('reconnected', how))
    this.#outage.on('error', error => this.emit('error', error))
  }

  /** The room that is joined or being joined. */
  get room (): string | null {
    return this.#join.room
  }

  get seated (): boolean {
    return this.#join.phase === 'joined'
  }

  get connectionState (): ServerConnection['state'] {
    return this.connection.state
  }

  open (): void {
    this.connection.open()
  }

  /** Connects at once if a retry waits. If the connection is open, sends a `ping` whose answer must come soon. */
  hurry (): void {
    this.connection.hurry()
  }

  /** Sends a `ping` whose answer must come soon, or else the connection counts as lost. */
  verify (): void {
    this.connection.verify()
  }

  /** Joins a room. See {@link RoomJoin.join}. */
  join (intent: JoinIntent): Promise<Frame> {
    return this.#join.join(intent)
  }

  /** Leaves the room. See {@link RoomJoin.leave}. */
  leave (): Promise<void> {
    return this.#join.leave()
  }

  /** Leaves and joins again, without an event for the application: the last step of the recovery. */
  rejoin (): void {
    if (this.#join.rejoin()) this.#sender.handleRejoin()
  }

  /** Sends a message of the call. See {@link MessageSender.relay}. */
  relay (message: Outgoing): void {
    this.#sender.relay(message)
  }

  /** Sends a message of the application. See {@link MessageSender.send}. */
  send (message: Outgoing): SentMessage {
    return this.#sender.send(message)
  }

  /** Drops the waiting messages of a session that has ended. */
  forget (session: string): void {
    this.#sender.forget(session)
  }

  /** Sends `getIceServerConfig`. Returns false if there is no open connection. */
  askIceServers (): boolean {
    return this.connection.send({ command: 'getIceServerConfig' })
  }

  /** The page is hidden for good or put into the back/forward cache. Gives up the seat and the connection, and keeps the intent. */
  suspend (): void {
    this.#join.suspend()
    this.connection.close()
    this.#outage.handleSuspend()
    this.#sender.handleLoss(0)
    this.#sender.handleUnseated(new AdaptorError('AbortError', 'The room was left before the message could be sent.'))
    this.emit('lost', undefined)
  }

  /** Gives up the seat, the intent and the connection. */
  close (): void {
    this.suspend()
    this.#join.end(new AdaptorError('WebSocketNotConnected', 'The connection to the server is closed.'))
  }

  #handleOpen (): void {
    this.#outage.handleOpen()
    this.emit('open', undefined)
    // Otherwise the outage lasts until the seat is there as well.
    if (this.room === null || this.#join.awaited) this.#outage.handleRecovery(false)
    this.#join.handleOpen()
  }

  #handleLoss (code: number): void {
    this.emit('lost', undefined)
    this.#join.handleLoss()
    this.#sender.handleLoss(code)
  }

  /**
   * No other connection is tried. The call ends too: a peer that was removed, or whose seat was resumed elsewhere, must not send picture and
   * sound any longer.
   */
  #handleClosed (loss: Loss & { cause?: Error }): void {
    const error = new AdaptorError('WebSocketNotConnected', loss.reason === '' ? 'The connection to the server is closed.' : loss.reason, loss)
    const awaited = this.#join.end(error)
    this.#outage.handleEnd()
    this.#sender.handleUnseated(error)
    this.emit('unseated', undefined)
    // It is no error that the seat was resumed elsewhere (4001), or that the server closed an idle connection (1013).
    if (awaited || (loss.code !== 4001 && loss.code !== TRY_LATER)) this.emit('error', error)
    this.emit('closed', { code: loss.code, reason: loss.reason })
  }

  #handleFrame (frame: Frame): void {
    if (frame.command === 'error') return this.#handleError(frame)
    if (this.takeAnswer(frame) || this.#join.handleAnswer(frame)) return
    if (frame.definition === 'server_will_stop') this.connection.rest(numberOf(frame.retryAfter) ?? 0)
    if (isSeatMessage(frame)) {
      if (!this.#join.handleSeatMessage(frame)) return
      this.#sender.handleSeatMessage(frame)
    }
    this.emit(frame.command === 'notification' ? 'notification' : 'seat', frame)
  }

  #handleError (frame: Frame): void {
    const error = wireError(frame)
    if (error.name === 'tooLarge') this.#sender.handleTooLarge()
    if (this.#join.phase !== 'leaving' && this.takeAnswer(frame)) return
    if (!this.#join.handleAnswer(frame) && (error.name !== 'no_peer_associated_before' || this.#sender.holdsApplicationMessage)) {
      // Candidates may cross the other peer's `leave`. Only the loss of a message of the application is worth an error.
      this.emit('error', error)
    }
  }

  #handleSeated (seated: Seated): void {
    const { frame, resumed, automatic } = seated
    const report = this.#sender.handleSeated(frame, this.room ?? '', resumed, automatic)
    this.emit('seated', seated)
    this.#outage.handleRecovery(resumed, numberOf(frame.peers))
    report()
  }

  #handleRefused ({ error, room, automatic }: { error: AdaptorError, room: string, automatic: boolean }): void {
    this.emit('error', error)
    this.#outage.handleRecovery(false)
    if (automatic) this.emit('left', { ...leavedNotice(room), reason: error.name })
  }
}
