import { deferred } from '../base/deferred.js'
import { Emitter } from '../base/emitter.js'
import type { Environment } from '../base/environment.js'
import { AdaptorError, browserError } from '../base/client-errors.js'
import { Timer } from '../base/timer.js'
import { Presence } from '../call/presence.js'
import { numberOf, type Frame } from './frames.js'
import { Outbox, tooLarge, type OutboxEntry, type Outgoing } from './outbox.js'
import type { ServerConnection } from './server-connection.js'

const ALONE = 'Nobody else sits in the room.'
/** The close code for a frame above the server's limit (RFC 6455, section 7.4.1). */
const TOO_BIG = 1009

/** A message of the application. */
export interface SentMessage {
  sent: Promise<void>
  /** Takes it back for that reason, where it has not gone out yet. */
  giveUp: (reason: AdaptorError) => void
}

interface MessageSenderEvents {
  error: AdaptorError
}

/** Sends messages to the other peer, each once: while a seat is held, and no faster than the server's limits allow. */
export class MessageSender extends Emitter<MessageSenderEvents> {
  readonly #connection: ServerConnection
  readonly #outbox = new Outbox()
  readonly #presence: Presence
  /** Runs while messages wait for the server's rate limit. */
  readonly #pacing: Timer
  #room: string | undefined
  /** Whether a seat is held and the connection is open. */
  #seated = false
  /** Whether the server has answered `tooLarge` on this socket. The close with 1009 that follows is then not reported again. */
  #toldTooLarge = false

  constructor (environment: Environment, connection: ServerConnection) {
    super()
    this.#connection = connection
    this.#pacing = new Timer(environment)
    this.#presence = new Presence(environment, () => this.#report(this.#giveUpHopeless()))
    connection.on('ping', () => this.#outbox.handlePing())
    connection.on('pong', () => {
      this.#outbox.handlePong()
      this.#flush()
    })
  }

  /** Whether a message of the application was sent and is not confirmed. */
  get holdsApplicationMessage (): boolean {
    return this.#outbox.holdsApplicationMessage
  }

  /** Sends a message of the call, now or once a seat is held. Emits `error` if the message is too large. */
  relay (message: Outgoing): void {
    try {
      this.#outbox.add(message, null, this.#connection.pace.frameBytes)
    } catch (error) {
      this.emit('error', browserError(error))
    }
    this.#flush()
  }

  /**
   * Sends a message of the application, now or once a seat is held.
   *
   * @returns a promise that resolves when the message is sent. It rejects if the message is given up before: with the error that is also
   * emitted, or with `AbortError` if the application has left the room
   * @throws AdaptorError `no_peer_associated_before`, if nobody else sits in the room
   * @throws AdaptorError `tooLarge`, if the message is above the server's limit
   * @throws AdaptorError `QuotaExceededError`, if too many messages wait
   * @throws TypeError if the message cannot be written as JSON
   */
  send (message: Outgoing): SentMessage {
    if (this.#seated && this.#presence.alone) throw aloneError(message.streamId)
    const sent = deferred<void>()
    if (!this.#outbox.add(message, sent, this.#connection.pace.frameBytes)) {
      throw new AdaptorError('QuotaExceededError', 'Too many messages wait for the connection.')
    }
    this.#flush()
    return { sent: sent.promise, giveUp: reason => { this.#outbox.giveUp(entry => entry.sent === sent ? reason : null) } }
  }

  /** Drops the waiting messages of a session that has ended. */
  forget (session: string): void {
    this.#outbox.forget(session)
  }

  /**
   * A seat was given. Sends the waiting messages.
   *
   * @param frame the server's `joined`
   * @param resumed whether it is the same seat as before
   * @param automatic whether the SDK has joined by itself
   * @returns a function that emits an `error` for each reason to give messages up. The seat itself is announced before it is called
   */
  handleSeated (frame: Frame, room: string, resumed: boolean, automatic: boolean): () => void {
    if (resumed) this.#outbox.resume(numberOf(frame.received) ?? 0)
    else this.#outbox.renew()
    this.#connection.pace.handleLimits(frame.limits)
    if (!resumed) this.#presence.begin(frame, automatic)
    this.#room = room
    this.#seated = true
    const errors = this.#giveUpHopeless()
    this.#flush()
    return () => this.#report(errors)
  }

  /** A message of the seat has arrived. It may show that the other peer has come, whom messages wait for. */
  handleSeatMessage (frame: Frame): void {
    if (this.#presence.handle(frame)) this.#flush()
  }

  /** The seat is left for a new one in the same room. */
  handleRejoin (): void {
    this.#seated = false
    this.#outbox.renew()
  }

  /** The server has answered `tooLarge`. */
  handleTooLarge (): void {
    this.#toldTooLarge = true
  }

  /** The socket is closed with this code. The seat may be resumed on the next one. */
  handleLoss (code: number): void {
    const told = this.#toldTooLarge
    this.#toldTooLarge = this.#seated = false
    this.#outbox.handleLoss()
    this.#pacing.stop()
    if (code !== TOO_BIG) return
    const error = tooLarge()
    this.#outbox.dropLargest(error)
    if (!told) this.emit('error', error)
  }

  /** The seat is given up. Waiting messages are rejected with the reason. */
  handleUnseated (reason: AdaptorError): void {
    this.#room = undefined
    this.#seated = false
    this.#presence.end()
    this.#outbox.clear(reason)
  }

  #flush (): void {
    if (!this.#seated) return
    this.#pacing.stop()
    this.#outbox.flush(entry => this.#sendPaced(entry), !this.#presence.awaited)
    if (this.#outbox.wantsPing) this.#connection.ping()
  }

  /** @returns false if the message must wait. It is then tried again by a timer, at the next `pong`, or on the next seat. */
  #sendPaced ({ text, bytes, kind }: OutboxEntry): boolean {
    const { pace } = this.#connection
    const delay = pace.delay(bytes, kind)
    if (delay === 0) return this.#connection.sendText(text)
    if (delay < Infinity) this.#pacing.start(delay, () => this.#flush())
    else if (!pace.asking) this.#connection.ping()
    return false
  }

  /** Gives up the messages that cannot be delivered. Returns each reason once, even if it concerns several messages. */
  #giveUpHopeless (): Set<AdaptorError> {
    const max = this.#connection.pace.frameBytes
    const large = tooLarge(this.#room)
    const alone = this.#presence.alone ? aloneError(this.#room) : null
    return new Set(this.#outbox.giveUp(entry => entry.bytes > max ? large : entry.kind === 'application' ? alone : null))
  }

  #report (errors: Set<AdaptorError>): void {
    for (const error of errors) this.emit('error', error)
  }
}

function aloneError (streamId: string | undefined): AdaptorError {
  return new AdaptorError('no_peer_associated_before', ALONE, { streamId })
}
