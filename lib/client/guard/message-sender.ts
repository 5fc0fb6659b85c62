import type { AdaptorError } from '../base/client-errors.js'
import { deferred } from '../base/deferred.js'
import { Timer } from '../base/timer.js'
import type { EarlySender, Outgoing, Sender } from '../signalling/early-sender.js'
import { numberOf, textOf, type Frame } from '../signalling/frames.js'
import type { Seated } from '../signalling/join-events.js'
import type { Heart } from './heart.js'
import { Outbox, type OutboxEntry } from './outbox.js'
import type { Pace } from './pace.js'
import { Presence } from './presence.js'
import type { SignallingContext } from './signalling-context.js'

/** The close code for a frame above the server's limit (RFC 6455, section 7.4.1). */
const TOO_BIG = 1009

/**
 * A message of the application.
 *
 * @internal
 */
export interface SentMessage {
  sent: Promise<void>
  /** Takes it back for that reason, where it has not gone out yet. */
  giveUp: (reason: AdaptorError) => void
}

/** Sends messages to the other peer, each once: while a seat is held, and no faster than the server's limits allow. */
export class MessageSender implements Sender {
  readonly #context: SignallingContext
  readonly #pace: Pace
  readonly #heart: Heart
  readonly #outbox = new Outbox()
  readonly #presence: Presence
  /** Runs while messages wait for the server's rate limit. */
  readonly #pacing: Timer
  #room: string | undefined
  /** Whether a seat is held and the connection is open. */
  #seated: boolean
  /** Whether the server has answered `tooLarge` on this socket. The close with 1009 that follows is then not reported again. */
  #toldTooLarge = false

  constructor (context: SignallingContext, pace: Pace, heart: Heart) {
    this.#context = context
    this.#pace = pace
    this.#heart = heart
    const { environment, signalling } = context
    this.#pacing = new Timer(environment)
    this.#presence = new Presence(environment, () => this.#report(this.#giveUpHopeless()))
    this.#seated = signalling.seated
    heart.on('ping', () => this.#outbox.handlePing())
    heart.on('pong', () => {
      this.#outbox.handlePong()
      this.#flush()
    })
    signalling.connection.on('received', ({ command, definition }) => { this.#toldTooLarge ||= command === 'error' && definition === 'tooLarge' })
    signalling.on('lost', code => this.#handleLoss(code))
    signalling.on('unseated', reason => this.#handleUnseated(reason))
    this.#takeOver(signalling.sender as EarlySender)
  }

  /** Whether a message of the application was sent and is not confirmed. */
  get holdsApplicationMessage (): boolean {
    return this.#outbox.holdsApplicationMessage
  }

  /** Sends a message of the call, now or once a seat is held. Reports an error if it is too large. */
  relay (message: Outgoing): void {
    if (this.#outbox.add(message, null, this.#pace.frameBytes) === 'tooLarge') this.#context.announcer.report(this.#tooLarge(message.streamId))
    this.#flush()
  }

  /**
   * Sends a message of the application, now or once a seat is held.
   *
   * @returns a promise that resolves when the message is sent. It rejects if the message is given up before: with the error that is also
   * reported, or with `AbortError` if the application has left the room
   * @throws AdaptorError `no_peer_associated_before`, if nobody else sits in the room
   * @throws AdaptorError `tooLarge`, if the message is above the server's limit
   * @throws AdaptorError `QuotaExceededError`, if too many messages wait
   * @throws TypeError if the message cannot be written as JSON
   */
  send (message: Outgoing): SentMessage {
    if (this.#seated && this.#presence.alone) throw this.#alone(message.streamId)
    const sent = deferred<void>()
    const added = this.#outbox.add(message, sent, this.#pace.frameBytes)
    if (added === 'tooLarge') throw this.#tooLarge(message.streamId)
    if (added === 'full') throw new this.#context.AdaptorError('QuotaExceededError', 'Too many messages wait for the connection.')
    this.#flush()
    return { sent: sent.promise, giveUp: reason => { this.#outbox.giveUp(entry => entry.sent === sent ? reason : null) } }
  }

  /** Drops the waiting messages of a session that has ended. */
  forget (session: string): void {
    this.#outbox.forget(session)
  }

  /** A seat was given. Sends the waiting messages, and tells of those that are given up once the seat itself is told. */
  handleSeated ({ frame, resumed, automatic }: Seated): void {
    if (resumed) this.#outbox.resume(numberOf(frame.received) ?? 0)
    else this.#outbox.renew()
    this.#pace.handleLimits(frame.limits)
    if (!resumed) this.#presence.begin(frame, automatic)
    this.#room = textOf(frame.streamId)
    this.#seated = true
    const errors = this.#giveUpHopeless()
    this.#flush()
    queueMicrotask(() => this.#report(errors))
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

  close (): void {
    this.#pacing.stop()
    this.#presence.end()
  }

  /** Goes on with what the core has sent on this seat by itself, as though it had been sent here. */
  #takeOver ({ seat, told, messages, gone }: EarlySender): void {
    // One that was given up meanwhile has left nothing to be sent.
    if (seat === null || seat.frame.streamId !== this.#context.signalling.room) return
    this.#room = textOf(seat.frame.streamId)
    this.#pace.handleLimits(seat.frame.limits)
    this.#presence.begin(seat.frame, seat.automatic)
    for (const frame of told) this.#presence.handle(frame)
    for (const message of messages) this.#outbox.add(message)
    let left = gone
    this.#outbox.flush(({ bytes }) => {
      if (left-- <= 0) return false
      this.#pace.handleSent(bytes)
      return true
    })
    const errors = this.#giveUpHopeless()
    this.#flush()
    this.#report(errors)
  }

  /** The socket is closed with this code. The seat may be resumed on the next one. */
  #handleLoss (code: number): void {
    const told = this.#toldTooLarge
    this.#toldTooLarge = this.#seated = false
    this.#outbox.handleLoss()
    this.#pacing.stop()
    if (code !== TOO_BIG) return
    const error = this.#tooLarge()
    this.#outbox.dropLargest(error)
    if (!told) this.#context.announcer.report(error)
  }

  /** The seat is given up. Waiting messages are rejected with the reason. */
  #handleUnseated (reason: AdaptorError): void {
    this.#room = undefined
    this.#seated = false
    this.#presence.end()
    this.#outbox.clear(reason)
  }

  #flush (): void {
    if (!this.#seated) return
    this.#pacing.stop()
    this.#outbox.flush(entry => this.#sendPaced(entry), !this.#presence.awaited)
    if (this.#outbox.wantsPing) this.#heart.ping()
  }

  /** @returns false if the message must wait. It is then tried again by a timer, at the next `pong`, or on the next seat. */
  #sendPaced ({ text, bytes, kind }: OutboxEntry): boolean {
    const delay = this.#pace.delay(bytes, kind)
    if (delay === 0) return this.#context.signalling.connection.sendText(text)
    if (delay < Infinity) this.#pacing.start(delay, () => this.#flush())
    else if (!this.#pace.asking) this.#heart.ping()
    return false
  }

  /** Gives up the messages that cannot be delivered. Returns each reason once, even if it concerns several messages. */
  #giveUpHopeless (): Set<AdaptorError> {
    const max = this.#pace.frameBytes
    const large = this.#tooLarge(this.#room)
    const alone = this.#presence.alone ? this.#alone(this.#room) : null
    return new Set(this.#outbox.giveUp(entry => entry.bytes > max ? large : entry.kind === 'application' ? alone : null))
  }

  #report (errors: Set<AdaptorError>): void {
    for (const error of errors) this.#context.announcer.report(error)
  }

  #alone (streamId: string | undefined): AdaptorError {
    return new this.#context.AdaptorError('no_peer_associated_before', 'Nobody else sits in the room.', { streamId })
  }

  /** The error of a message above the server's limit. The server would refuse it and close the connection with 1009 (RFC 6455, section 7.4.1). */
  #tooLarge (streamId?: string): AdaptorError {
    return new this.#context.AdaptorError('tooLarge', 'A message was larger than the server takes, and was dropped.', { streamId })
  }
}
