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
/** The close code of a server that got a frame above its limit (RFC 6455, section 7.4.1). */
const TOO_BIG = 1009

interface MessageSenderEvents {
  error: AdaptorError
}

/** Sends what goes to the other peer: while there is a seat, no faster than the server takes it, and once. */
export class MessageSender extends Emitter<MessageSenderEvents> {
  readonly #connection: ServerConnection
  readonly #outbox = new Outbox()
  readonly #presence: Presence
  /** Runs while messages wait so that the server is not sent to too fast. */
  readonly #pacing: Timer
  #room: string | undefined
  /** Whether the seat can be reached, by a connection that is open. */
  #seated = false
  /** The server said on this socket that something was too large: that it closes for it is nothing new. */
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

  /** Whether a message of the application is among those that the server may not have got. */
  get holdsApplicationMessage (): boolean {
    return this.#outbox.holdsApplicationMessage
  }

  /** Sends a message of the call, now or when the seat is there. */
  relay (message: Outgoing): void {
    try {
      this.#outbox.add(message, null, this.#connection.pace.frameBytes)
    } catch (error) {
      this.emit('error', browserError(error))
    }
    this.#flush()
  }

  /**
   * Sends a message of the application. Throws where that is out of the question. Resolves when the message has gone
   * out on a seat; where it is given up before, rejects with what the application is told by `error`, or did itself.
   */
  send (message: Outgoing): Promise<void> {
    if (this.#seated && this.#presence.alone) throw aloneError(message.streamId)
    const sent = deferred<void>()
    if (!this.#outbox.add(message, sent, this.#connection.pace.frameBytes)) {
      throw new AdaptorError('QuotaExceededError', 'Too many messages wait for the connection.')
    }
    this.#flush()
    return sent.promise
  }

  /** Forgets what waits for a peer connection that is no more. */
  forget (session: string): void {
    this.#outbox.forget(session)
  }

  /** The seat is there. Sends what waits, and returns a function that tells what was given up: the seat itself is told first. */
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

  /** A message of the seat has come: who was waited for may be there. */
  handleSeatMessage (frame: Frame): void {
    if (this.#presence.handle(frame)) this.#flush()
  }

  /** The seat is left for another one in the same room. */
  handleRejoin (): void {
    this.#seated = false
    this.#outbox.renew()
  }

  handleTooLarge (): void {
    this.#toldTooLarge = true
  }

  /** The socket is gone; the seat may be taken back by the next one. */
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

  /** The seat is gone for good. What waits is given up for that reason. */
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

  #sendPaced ({ text, bytes, kind }: OutboxEntry): boolean {
    const { pace } = this.#connection
    const delay = pace.delay(bytes, kind)
    if (delay === 0) return this.#connection.sendText(text)
    if (delay < Infinity) this.#pacing.start(delay, () => this.#flush())
    else if (!pace.asking) this.#connection.ping()
    return false
  }

  /** Gives up what waits in vain, and returns why: each reason once, however many messages it concerns. */
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
