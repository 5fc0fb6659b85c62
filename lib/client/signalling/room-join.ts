import { AdaptorError, wireError } from '../base/client-errors.js'
import { deferred, type Deferred } from '../base/deferred.js'
import { Emitter } from '../base/emitter.js'
import type { Environment } from '../base/environment.js'
import type { Frame } from './frames.js'
import { nextPhase, readAnswer, type JoinEvent, type JoinPhase } from './join-phase.js'
import type { JoinRetry } from './join-retry.js'
import type { RoomJoinEvents } from './join-events.js'
import { SeatBook, type JoinIntent } from './seat-book.js'
import { leavedNotice, leftError } from './seat-rules.js'
import type { ServerConnection } from './server-connection.js'

/** The room that the application has asked for, and the phase of its join on the current socket. */
export class RoomJoin extends Emitter<RoomJoinEvents> {
  readonly #connection: ServerConnection
  readonly #seats: SeatBook
  /** Runs while a refused `join` or `leave` waits to be sent again. */
  retry: JoinRetry | null = null
  #phase: JoinPhase = 'none'
  /** What the application has asked for. */
  intent: JoinIntent | null = null
  /** Why the last `leave` was refused, as long as it is not sent again. */
  leaveRefusal: AdaptorError | null = null
  #leavingRoom = ''
  #joining: Deferred<Frame> | null = null
  #leaving: Deferred<void> | null = null
  #joined: Frame | null = null
  /** Whether a `join` was sent and its answer was lost. The server may then keep a seat that this client does not know of. */
  #uncertain = false

  constructor (environment: Environment, resume: boolean, connection: ServerConnection) {
    super()
    this.#seats = new SeatBook(environment, resume)
    this.#connection = connection
  }

  get phase (): JoinPhase {
    return this.#phase
  }

  /** The room that is joined or being joined. */
  get room (): string | null {
    return this.intent?.room ?? null
  }

  /** Whether a promise of `join` is pending. */
  get awaited (): boolean {
    return this.#joining !== null
  }

  /**
   * Joins a room, and leaves the one before. Resolves with the server's `joined`; the same room is not joined twice. Rejects with the server's
   * error, or with `AbortError` if the room is left before.
   */
  join (intent: JoinIntent): Promise<Frame> {
    if (this.intent?.room === intent.room) {
      if (this.#joining !== null) return this.#joining.promise
      if (this.#phase === 'joined' && this.#joined !== null) return Promise.resolve(this.#joined)
    } else if (this.intent !== null) {
      void this.leave()
    }
    this.intent = intent
    const joining = this.#joining = deferred<Frame>()
    this.#connection.open()
    this.advance()
    return joining.promise
  }

  /** Leaves the room. Resolves when the server has confirmed it. Resolves at once if there is no connection; the server is then told later. */
  leave (): Promise<void> {
    const room = this.room
    if (room === null) return this.#leaving?.promise ?? Promise.resolve()
    // A room may be left while the server has not confirmed the leave of the one before. Both callers get the same promise.
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

  /** Leaves and joins again, without an event for the application. Returns false if no seat is held. */
  rejoin (): boolean {
    if (this.#phase !== 'joined' || this.intent === null) return false
    this.#seats.leave(this.intent.room, false)
    this.#sendLeave(this.intent.room)
    return true
  }

  /** The page is hidden for good or put into the back/forward cache. Gives the seat up and keeps the intent. The caller closes the socket. */
  suspend (): void {
    if (this.intent !== null && (this.#phase === 'joining' || this.#phase === 'joined')) {
      this.#connection.send({ command: 'leave', streamId: this.intent.room })
    }
    this.#forgetSeats()
    this.#move('socketLost')
    this.retry?.stop()
    this.#leaving?.resolve()
    this.#leaving = null
  }

  /** Gives up intent and seat. Rejects a pending `join` with the reason, and returns whether there was one. */
  end (reason: AdaptorError): boolean {
    const joining = this.#joining
    this.#clearIntent()
    this.#forgetSeats()
    joining?.reject(reason)
    return joining !== null
  }

  handleLoss (): void {
    this.#seats.lose()
    if (this.#phase === 'joining') this.#uncertain = true
    const left = this.#phase === 'leaving'
    this.#move('socketLost')
    this.retry?.stop()
    if (left) this.#finishLeaving(leavedNotice(this.#leavingRoom))
  }

  /** Handles the answer to a `join` or a `leave`. Returns false for any other frame. */
  handleAnswer (frame: Frame): boolean {
    const event = readAnswer({ phase: this.#phase, wanted: this.room, held: this.#seats.room, leaving: this.#leavingRoom }, frame)
    if (event === undefined) return false
    if (event !== null) {
      this.#move(event)
      this.#handle(event, frame)
    }
    return true
  }

  /** Counts a message of the seat. Returns false for a message of a seat that was left, or is being left. */
  handleSeatMessage (frame: Frame): boolean {
    if (this.#phase !== 'joined' || frame.streamId !== this.#seats.room) return false
    this.#seats.count()
    return true
  }

  #move (event: JoinEvent): void {
    this.#phase = nextPhase(this.#phase, event)
  }

  #handle (event: JoinEvent, frame: Frame): void {
    if (event === 'seatTaken') return this.#handleSeat(frame)
    if (event === 'joinRefused') return this.#handleRefusal(wireError(frame))
    if (event === 'leaveRefused') return this.leaveLater(wireError(frame))
    if (event === 'abandonedSeatTaken') return this.#seats.takeAbandoned(frame, this.#leavingRoom)
    if (event === 'seatLeft') return this.#handleLeft(frame)
    if (event === 'putOut') return this.#handlePutOut(frame)
    // 'seatUnknown': the server has no seat for this client, so it takes a new one.
    this.#seats.drop()
    this.advance()
  }

  #handlePutOut (frame: Frame): void {
    this.#giveUp(this.#seats.room ?? '', false)
    this.#seats.forgetAbandoned()
    this.emit('left', frame)
  }

  /** Sends what is due on an open connection: first the end of an abandoned seat, then the join. Nothing else sends a `join`. */
  advance (): void {
    if (this.#connection.state !== 'open' || this.#phase !== 'none' || this.retry?.running === true) return
    const abandoned = this.#seats.joinAbandoned()
    if (abandoned !== null) {
      // It is resumed only to be left, so that the other peer need not wait until its window is over.
      this.#connection.send(abandoned)
      this.#sendLeave(abandoned.streamId)
    } else if (this.intent !== null) {
      this.#move('joinSent')
      this.#connection.send(this.#seats.join(this.intent))
    }
  }

  #handleSeat (frame: Frame): void {
    const joining = this.#joining
    const resumed = this.#seats.take(frame, this.room ?? '')
    this.#joined = frame
    this.#joining = null
    this.#uncertain = false
    this.retry?.reset()
    joining?.resolve(frame)
    this.emit('seated', { frame, resumed, automatic: joining === null })
  }

  #handleRefusal (error: AdaptorError): void {
    const joining = this.#joining
    const room = this.room ?? ''
    // An automatic rejoin retries. An explicit `join` rejects.
    const kept = joining === null ? this.retry?.later(error, () => this.advance()) ?? null : null
    if (kept !== true) this.#seats.drop()
    if (kept !== null) return
    this.#giveUp(room, false)
    joining?.reject(error)
    this.emit('refused', { error, room, automatic: joining === null })
  }

  #handleLeft (frame: Frame): void {
    this.#seats.forgetAbandoned()
    this.retry?.stop()
    this.retry?.reset()
    // An `error` means that no seat was held. The application is told the same as otherwise.
    this.#finishLeaving(frame.command === 'error' ? leavedNotice(this.#leavingRoom) : frame)
    this.advance()
  }

  /** Sends `leave` again, because the server may have refused it for its rate. If it had not, the second one does no harm: it gets the same answer. */
  leaveLater (error: AdaptorError): void {
    this.leaveRefusal = error
    this.retry?.always(error, () => this.#sendLeave(this.#leavingRoom))
  }

  #sendLeave (room: string): void {
    this.#move('leaveSent')
    this.#leavingRoom = room
    this.leaveRefusal = null
    this.#connection.send({ command: 'leave', streamId: room })
  }

  #finishLeaving (frame: Frame): void {
    const leaving = this.#leaving
    this.#leaving = null
    if (leaving === null) return
    this.emit('left', frame)
    leaving.resolve()
  }

  /** Gives up intent and seat. `unheard`: the server may keep a seat that this client does not know of, and the seat book remembers it. */
  #giveUp (room: string, unheard: boolean): void {
    this.#seats.leave(room, unheard)
    this.#clearIntent()
    // A refused `leave` is still to be sent again.
    if (this.#phase !== 'leaving') this.retry?.stop()
    this.retry?.reset()
    this.emit('unseated', leftError())
  }

  #clearIntent (): void {
    this.intent = this.#joining = this.#joined = null
    this.#uncertain = false
  }

  #forgetSeats (): void {
    this.#seats.drop()
    this.#seats.forgetAbandoned()
  }
}
