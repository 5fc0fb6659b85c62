import { Emitter } from '../base/emitter.js'
import type { Environment } from '../base/environment.js'
import { AdaptorError, wireError } from '../base/client-errors.js'
import { numberOf, type Frame } from './frames.js'
import { MessageSender } from './message-sender.js'
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
  /** The seat is given up for good: the call is over. */
  unseated: undefined
  left: Frame
  /** `start`, `stop` and what the other peer sends. */
  seat: Frame
  notification: Frame
  /** The connection is gone, and with it every answer that was due. */
  lost: undefined
  error: AdaptorError
  reconnecting: Loss & { delay: number }
  reconnected: Reconnected
  closed: Loss
}

export interface SignallingSettings extends RoomJoinSettings {
  url: string
}

/** The way to the room: one connection, one seat on it, and what it takes to keep that seat over a lost connection. */
export class SignallingSession extends Emitter<SignallingSessionEvents> {
  readonly #connection: ServerConnection
  readonly #join: RoomJoin
  readonly #sender: MessageSender
  readonly #outage = new Outage()
  /** Takes a message that answers no `join` and no `leave`, before anything else looks at it. Returns whether it did. */
  takeAnswer: (frame: Frame) => boolean = () => false

  constructor (environment: Environment, settings: SignallingSettings) {
    super()
    const connection = this.#connection = new ServerConnection(environment, settings.url, settings.reconnect)
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
    return this.#connection.state
  }

  open (): void {
    this.#connection.open()
  }

  /** Connects without waiting any longer, or makes sure that the connection lives. */
  hurry (): void {
    this.#connection.hurry()
  }

  /** Makes sure that the connection lives. */
  verify (): void {
    this.#connection.verify()
  }

  /** Resolves with the server's `joined`. A room that is joined or being joined is not joined twice. */
  join (intent: JoinIntent): Promise<Frame> {
    return this.#join.join(intent)
  }

  /** Resolves when the server has given the seat up, or at once where it cannot be reached; it is told later. */
  leave (): Promise<void> {
    return this.#join.leave()
  }

  /** Leaves and joins without a word to the application: the last step of the recovery. */
  rejoin (): void {
    if (this.#join.rejoin()) this.#sender.handleRejoin()
  }

  /** Sends a message of the call to the other peer, now or when the seat is there. */
  relay (message: Outgoing): void {
    this.#sender.relay(message)
  }

  /**
   * Sends a message of the application. Throws where that is out of the question. Resolves when the message has gone
   * out on a seat; where it is given up before, rejects with what the application is told by `error`, or did itself.
   */
  send (message: Outgoing): Promise<void> {
    return this.#sender.send(message)
  }

  /** Forgets what waits for a peer connection that is no more. */
  forget (session: string): void {
    this.#sender.forget(session)
  }

  /** Sends `getIceServerConfig`. Returns whether it has gone out. */
  askIceServers (): boolean {
    return this.#connection.send({ command: 'getIceServerConfig' })
  }

  /** The page goes away, maybe to come back: the seat is given up, the intent is not. */
  suspend (): void {
    this.#join.suspend()
    this.#connection.close()
    this.#outage.handleSuspend()
    this.#sender.handleLoss(0)
    this.#sender.handleUnseated(new AdaptorError('AbortError', 'The room was left before the message could be sent.'))
    this.emit('lost', undefined)
  }

  /** Gives up the seat, the intent and the connection. */
  close (): void {
    this.suspend()
    this.#join.end(new AdaptorError('WebSocketNotConnected', 'The adaptor was closed.'))
  }

  #handleOpen (): void {
    this.#outage.handleOpen()
    this.emit('open', undefined)
    // Otherwise the seat has to be there as well.
    if (this.room === null || this.#join.awaited) this.#outage.handleRecovery(false)
    this.#join.handleOpen()
  }

  #handleLoss (code: number): void {
    this.emit('lost', undefined)
    this.#join.handleLoss()
    this.#sender.handleLoss(code)
  }

  /**
   * No other connection is tried. The call ends with it: whoever is told that it is over, or that the seat is somebody
   * else's, must not be seen and heard any more.
   */
  #handleClosed (loss: Loss & { cause?: Error }): void {
    const error = new AdaptorError('WebSocketNotConnected', loss.reason === '' ? 'The connection to the server is closed.' : loss.reason, loss)
    const awaited = this.#join.end(error)
    this.#outage.handleEnd()
    this.#sender.handleUnseated(error)
    this.emit('unseated', undefined)
    // That a seat lives on elsewhere, or that nobody used the connection, is nobody's fault.
    if (awaited || (loss.code !== 4001 && loss.code !== TRY_LATER)) this.emit('error', error)
    this.emit('closed', { code: loss.code, reason: loss.reason })
  }

  #handleFrame (frame: Frame): void {
    if (frame.command === 'error') return this.#handleError(frame)
    if (this.takeAnswer(frame) || this.#join.handleAnswer(frame)) return
    if (frame.definition === 'server_will_stop') this.#connection.rest(numberOf(frame.retryAfter) ?? 0)
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
      // Candidates cross the other peer's `leave` on the way; only an application that talks to nobody wants to know.
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
