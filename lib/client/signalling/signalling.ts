import { Backoff } from '../base/backoff.js'
import { ServerConnection, TRY_LATER, type Loss } from './server-connection.js'
import { deferred, type Deferred } from '../base/deferred.js'
import { Emitter } from '../base/emitter.js'
import type { Environment } from '../base/environment.js'
import { AdaptorError, browserError, wireError } from '../base/client-errors.js'
import { numberOf, type Frame } from './frames.js'
import { Outage, type Reconnected } from './outage.js'
import { Outbox, tooLarge, type OutboxEntry, type Outgoing } from './outbox.js'
import { Presence } from '../call/presence.js'
import type { ReconnectPolicy } from './reconnect-policy.js'
import { SeatBook, type JoinIntent } from './seat-book.js'
import { isRelayError, isSeatMessage, isTemporary, leavedNotice } from './seat-rules.js'
import { Timer } from '../base/timer.js'

/** The longest that a `retryAfter` of the server is waited for, in ms. */
const LONGEST_RETRY = 30_000

/** The words of a rejection whose cause has been told already, or was the application's own doing. */
const NO_MORE = 'The room was left before the message could be sent.'
const ALONE = 'Nobody else sits in the room.'

export interface Seated {
  frame: Frame
  /** It is the same seat as before. */
  resumed: boolean
  /** Nobody called `join`: the SDK came back by itself. */
  automatic: boolean
}

interface SignalingEvents {
  open: undefined
  seated: Seated
  /** The seat is given up for good: the call is over. */
  unseated: undefined
  left: Frame
  /** `start`, `stop` and what the other peer sends. */
  seat: Frame
  notification: Frame
  iceServerConfig: Frame
  iceServersRefused: undefined
  error: AdaptorError
  reconnecting: Loss & { delay: number }
  reconnected: Reconnected
  closed: Loss
}

export interface SignalingSettings {
  url: string
  reconnect: ReconnectPolicy
  /** Whether to keep the seat over a lost connection. */
  resume: boolean
}

/** The way to the room: one connection, one seat on it, and what it takes to keep that seat over a lost connection. */
export class Signaling extends Emitter<SignalingEvents> {
  readonly #environment: Environment
  readonly #policy: ReconnectPolicy
  readonly #connection: ServerConnection
  readonly #outbox = new Outbox()
  readonly #outage = new Outage()
  readonly #presence: Presence
  readonly #seats: SeatBook
  /** Runs while a `join` or a `leave` that was refused waits for its next try. */
  readonly #retry: Timer
  /** Runs while messages wait so that the server is not sent to too fast. */
  readonly #pacing: Timer
  #backoff: Backoff
  /** How far the present socket has come. */
  #phase: 'none' | 'joining' | 'joined' | 'leaving' = 'none'
  #intent: JoinIntent | null = null
  #leavingRoom = ''
  #joining: Deferred<Frame> | null = null
  #leaving: Deferred<void> | null = null
  #joined: Frame | null = null
  /** A `join` went out and its answer was lost: the seat in the way may be our own. */
  #uncertain = false
  /** An answer to `getIceServerConfig` is due: an error that names no room is taken for it. */
  #iceAsked = false
  /** The server said on this socket that something was too large: closing for that is nothing new. */
  #toldTooLarge = false

  constructor (environment: Environment, settings: SignalingSettings) {
    super()
    this.#environment = environment
    this.#policy = settings.reconnect
    this.#backoff = this.#newBackoff()
    this.#retry = new Timer(environment)
    this.#pacing = new Timer(environment)
    this.#presence = new Presence(environment, () => this.#nobodyCame())
    this.#seats = new SeatBook(environment, settings.resume)
    const connection = this.#connection = new ServerConnection(environment, settings.url, settings.reconnect)
    connection.needed = () => this.#intent !== null
    connection.on('open', () => this.#opened())
    connection.on('message', frame => this.#receive(frame))
    connection.on('ping', () => this.#outbox.handlePing())
    connection.on('pong', () => {
      this.#outbox.handlePong()
      this.#flush()
    })
    connection.on('lost', loss => this.#lost(loss.code))
    connection.on('retrying', loss => this.#outage.handleRetry(loss))
    connection.on('closed', loss => this.#closed(loss))
    this.#outage.on('reconnecting', loss => this.emit('reconnecting', loss))
    this.#outage.on('reconnected', how => this.emit('reconnected', how))
    this.#outage.on('error', error => this.emit('error', error))
  }

  /** The room that is joined or being joined. */
  get room (): string | null {
    return this.#intent?.room ?? null
  }

  get seated (): boolean {
    return this.#phase === 'joined'
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
    if (this.#intent?.room === intent.room) {
      if (this.#joining !== null) return this.#joining.promise
      if (this.#phase === 'joined' && this.#joined !== null) return Promise.resolve(this.#joined)
    } else if (this.#intent !== null) {
      void this.leave()
    }
    this.#intent = intent
    const joining = this.#joining = deferred<Frame>()
    this.#connection.open()
    this.#advance()
    return joining.promise
  }

  /** Resolves when the server has given the seat up, or at once where it cannot be reached; it is told later. */
  leave (): Promise<void> {
    const room = this.room
    if (room === null) return this.#leaving?.promise ?? Promise.resolve()
    // A room may be left while the one before it still is: one answer serves both.
    this.#leaving ??= deferred<void>()
    const promise = this.#leaving.promise
    this.#joining?.reject(new AdaptorError('AbortError', 'leave was called before the room was joined.'))
    if (this.#phase === 'leaving') this.#giveUp(room, false)
    else {
      this.#giveUp(room, this.#uncertain || this.#phase === 'joining')
      if (this.#phase === 'none') this.#finishLeaving(leavedNotice(room))
      else this.#sendLeave(room)
    }
    return promise
  }

  /** Leaves and joins without a word to the application: the last step of the recovery. */
  rejoin (): void {
    if (this.#phase !== 'joined' || this.#intent === null) return
    this.#outbox.renew()
    this.#seats.leave(this.#intent.room, false)
    this.#sendLeave(this.#intent.room)
  }

  /** Sends a message of the call to the other peer, now or when the seat is there. */
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
    if (this.seated && this.#presence.alone) throw new AdaptorError('no_peer_associated_before', ALONE, { streamId: message.streamId })
    const sent = deferred<void>()
    if (!this.#outbox.add(message, sent, this.#connection.pace.frameBytes)) throw new AdaptorError('QuotaExceededError', 'Too many messages wait for the connection.')
    this.#flush()
    return sent.promise
  }

  /** Forgets what waits for a peer connection that is no more. */
  forget (session: string): void {
    this.#outbox.forget(session)
  }

  askIceServers (): void {
    if (this.#connection.send({ command: 'getIceServerConfig' })) this.#iceAsked = true
  }

  /** The page goes away, maybe to come back: the seat is given up, the intent is not. */
  suspend (): void {
    if (this.#intent !== null && (this.#phase === 'joining' || this.#phase === 'joined')) {
      this.#connection.send({ command: 'leave', streamId: this.#intent.room })
    }
    this.#connection.close()
    this.#outage.handleSuspend()
    this.#presence.end()
    this.#outbox.clear(new AdaptorError('AbortError', NO_MORE))
    this.#seats.drop()
    this.#seats.forgetAbandoned()
    this.#resetSocket()
    this.#leaving?.resolve()
    this.#leaving = null
  }

  /** Gives up the seat, the intent and the connection. */
  close (): void {
    this.suspend()
    this.#intent = null
    this.#joining?.reject(new AdaptorError('WebSocketNotConnected', 'The adaptor was closed.'))
    this.#joining = null
  }

  #newBackoff (): Backoff {
    return new Backoff(this.#environment, this.#policy, 1)
  }

  /** Forgets what belongs to one socket. */
  #resetSocket (): void {
    this.#phase = 'none'
    this.#outbox.handleLoss()
    this.#iceAsked = this.#toldTooLarge = false
    this.#retry.stop()
    this.#pacing.stop()
  }

  /** Intent and seat are given up; where the server may still keep the seat, the seat book remembers it. */
  #giveUp (room: string, unheard: boolean): void {
    this.#seats.leave(room, unheard)
    this.#presence.end()
    this.#intent = this.#joining = this.#joined = null
    this.#uncertain = false
    this.#outbox.clear(new AdaptorError('AbortError', NO_MORE))
    // A `leave` that was refused is still to be said.
    if (this.#phase !== 'leaving') this.#retry.stop()
    this.#backoff = this.#newBackoff()
    this.emit('unseated', undefined)
  }

  #sendLeave (room: string): void {
    this.#phase = 'leaving'
    this.#leavingRoom = room
    this.#connection.send({ command: 'leave', streamId: room })
  }

  #finishLeaving (frame: Frame): void {
    const leaving = this.#leaving
    this.#leaving = null
    if (leaving === null) return
    this.emit('left', frame)
    leaving.resolve()
  }

  /** The one place that decides what comes next on an open connection. */
  #advance (): void {
    if (this.#connection.state !== 'open' || this.#phase !== 'none' || this.#retry.running) return
    const abandoned = this.#seats.joinAbandoned()
    if (abandoned !== null) {
      // Taken back only to be given up, so that the other peer is not left waiting for the window to close.
      this.#connection.send(abandoned)
      this.#sendLeave(abandoned.streamId)
    } else if (this.#intent !== null) {
      this.#phase = 'joining'
      this.#connection.send(this.#seats.join(this.#intent))
    }
  }

  #flush (): void {
    if (this.#phase !== 'joined') return
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
    const streamId = this.room ?? undefined
    const max = this.#connection.pace.frameBytes
    const large = tooLarge(streamId)
    const alone = this.#presence.alone ? new AdaptorError('no_peer_associated_before', ALONE, { streamId }) : null
    return new Set(this.#outbox.giveUp(entry => entry.bytes > max ? large : entry.kind === 'application' ? alone : null))
  }

  /** Whoever was awaited on a new seat did not come back. */
  #nobodyCame (): void {
    for (const error of this.#giveUpHopeless()) this.emit('error', error)
  }

  #opened (): void {
    this.#outage.handleOpen()
    this.emit('open', undefined)
    // Otherwise the seat has to be there as well.
    if (this.#intent === null || this.#joining !== null) this.#outage.handleRecovery(false)
    this.#advance()
  }

  #lost (code: number): void {
    this.#seats.lose()
    if (this.#phase === 'joining') this.#uncertain = true
    const left = this.#phase === 'leaving'
    const told = this.#toldTooLarge
    this.#resetSocket()
    if (left) this.#finishLeaving(leavedNotice(this.#leavingRoom))
    if (code === 1009) {
      const error = tooLarge()
      this.#outbox.dropLargest(error)
      if (!told) this.emit('error', error)
    }
  }

  /**
   * No other connection is tried. The call ends with it: whoever is told that it is over, or that the seat is somebody
   * else's, must not be seen and heard any more.
   */
  #closed (loss: Loss & { cause?: Error }): void {
    const error = new AdaptorError('WebSocketNotConnected', loss.reason === '' ? 'The connection to the server is closed.' : loss.reason, loss)
    const joining = this.#joining
    this.#intent = this.#joining = this.#joined = null
    this.#uncertain = false
    this.#outage.handleEnd()
    this.#presence.end()
    this.#seats.drop()
    this.#seats.forgetAbandoned()
    this.#outbox.clear(error)
    joining?.reject(error)
    this.emit('unseated', undefined)
    // That a seat lives on elsewhere, or that nobody used the connection, is nobody's fault.
    if (joining !== null || (loss.code !== 4001 && loss.code !== TRY_LATER)) this.emit('error', error)
    this.emit('closed', { code: loss.code, reason: loss.reason })
  }

  #receive (frame: Frame): void {
    if (frame.command === 'error') return this.#refused(wireError(frame))
    if (frame.command === 'iceServerConfig') {
      this.#iceAsked = false
      return this.emit('iceServerConfig', frame)
    }
    if (frame.command === 'notification') {
      if (frame.definition === 'joined') return this.#taken(frame)
      if (frame.definition === 'leaved') return this.#left(frame)
      if (frame.definition === 'server_will_stop') this.#connection.rest(numberOf(frame.retryAfter) ?? 0)
    }
    if (isSeatMessage(frame)) {
      // Of a seat that is being left, or was.
      if (this.#phase !== 'joined' || frame.streamId !== this.#seats.room) return
      this.#seats.count()
      if (this.#presence.handle(frame)) this.#flush()
    }
    this.emit(frame.command === 'notification' ? 'notification' : 'seat', frame)
  }

  #taken (frame: Frame): void {
    if (this.#phase === 'leaving' && frame.streamId === this.#leavingRoom) return this.#seats.takeAbandoned(frame, this.#leavingRoom)
    const room = this.room
    if (this.#phase !== 'joining' || room === null || frame.streamId !== room) return
    const resumed = this.#seats.take(frame, room)
    if (resumed) this.#outbox.resume(numberOf(frame.received) ?? 0)
    else this.#outbox.renew()
    const joining = this.#joining
    this.#connection.pace.handleLimits(frame.limits)
    if (!resumed) this.#presence.begin(frame, joining === null)
    this.#phase = 'joined'
    this.#joined = frame
    this.#joining = null
    this.#uncertain = false
    this.#backoff = this.#newBackoff()
    const hopeless = this.#giveUpHopeless()
    this.#flush()
    this.emit('seated', { frame, resumed, automatic: joining === null })
    joining?.resolve(frame)
    this.#outage.handleRecovery(resumed, numberOf(frame.peers))
    for (const error of hopeless) this.emit('error', error)
  }

  #left (frame: Frame): void {
    if (this.#phase === 'leaving' && frame.streamId === this.#leavingRoom) {
      this.#seats.forgetAbandoned()
      this.#phase = 'none'
      this.#retry.stop()
      this.#backoff = this.#newBackoff()
      this.#finishLeaving(frame)
      this.#advance()
    } else if (this.#phase === 'joined' && frame.streamId === this.#seats.room) {
      // The server has put this peer out.
      this.#phase = 'none'
      this.#giveUp(this.#seats.room ?? '', false)
      this.#seats.forgetAbandoned()
      this.emit('left', frame)
    }
  }

  #refused (error: AdaptorError): void {
    if (error.name === 'tooLarge') this.#toldTooLarge = true
    const here = error.streamId === this.room
    if (this.#phase === 'leaving' && (error.streamId === this.#leavingRoom || error.streamId === undefined)) {
      // There was nothing to leave; what else is wrong in that room concerns nobody any more.
      if (error.name === 'notInRoom') this.#left(leavedNotice(this.#leavingRoom))
      else if (error.name === 'rateExceeded' && !this.#retry.running) this.#leaveLater(error)
    } else if (this.#iceAsked && error.streamId === undefined) {
      this.#iceAsked = false
      this.emit('iceServersRefused', undefined)
    } else if (this.#phase === 'joining' && (here || error.streamId === undefined) && !isRelayError(error.name)) {
      this.#notSeated(error)
    } else if (this.#phase === 'joined' && here && error.name === 'notInRoom') {
      // The server knows nothing of our seat: take another one.
      this.#seats.drop()
      this.#phase = 'none'
      this.#advance()
    } else if (error.name !== 'no_peer_associated_before' || this.#outbox.holdsApplicationMessage) {
      // Candidates cross the other peer's `leave` on the way; only an application that talks to nobody wants to know.
      this.emit('error', error)
    }
  }

  /** The server may have refused our `leave`, whose answer would be waited for in vain. A second one harms nothing: it is answered alike. */
  #leaveLater (error: AdaptorError): void {
    const delay = Math.max(this.#backoff.next() ?? LONGEST_RETRY, Math.min(error.retryAfter ?? 0, LONGEST_RETRY), this.#connection.pace.interval)
    this.#retry.start(delay, () => this.#sendLeave(this.#leavingRoom))
  }

  #notSeated (error: AdaptorError): void {
    const joining = this.#joining
    const room = this.room
    this.#phase = 'none'
    // Whoever had a seat tries again; whoever asks for one is told.
    const delay = joining === null && isTemporary(error.name) ? this.#backoff.next() : null
    if (delay !== null) {
      this.#seats.drop()
      this.#retry.start(Math.max(delay, Math.min(error.retryAfter ?? 0, LONGEST_RETRY)), () => this.#advance())
    } else if (room !== null) {
      this.#seats.drop()
      this.#giveUp(room, false)
      this.emit('error', error)
      joining?.reject(error)
      this.#outage.handleRecovery(false)
      if (joining === null) this.emit('left', { ...leavedNotice(room), reason: error.name })
    }
  }
}
