import { AdaptorError, wireError } from '../base/client-errors.js'
import { deferred, type Deferred } from '../base/deferred.js'
import { Emitter } from '../base/emitter.js'
import type { Environment } from '../base/environment.js'
import type { Frame } from './frames.js'
import { nextPhase, readAnswer, type JoinEvent, type JoinPhase } from './join-phase.js'
import { Retry } from './retry.js'
import type { RoomJoinEvents, RoomJoinSettings } from './join-events.js'
import { SeatBook, type JoinIntent } from './seat-book.js'
import { isTemporary, leavedNotice } from './seat-rules.js'
import type { ServerConnection } from './server-connection.js'

/** The room that the application wants to be in, and how far the present socket has come with it. */
export class RoomJoin extends Emitter<RoomJoinEvents> {
  readonly #connection: ServerConnection
  readonly #seats: SeatBook
  /** Runs while a `join` or a `leave` that was refused waits for its next try. */
  readonly #retry: Retry
  #phase: JoinPhase = 'none'
  #intent: JoinIntent | null = null
  #leavingRoom = ''
  #joining: Deferred<Frame> | null = null
  #leaving: Deferred<void> | null = null
  #joined: Frame | null = null
  /** A `join` went out and its answer was lost: the seat in the way may be our own. */
  #uncertain = false

  constructor (environment: Environment, { reconnect, resume }: RoomJoinSettings, connection: ServerConnection) {
    super()
    this.#retry = new Retry(environment, reconnect)
    this.#seats = new SeatBook(environment, resume)
    this.#connection = connection
  }

  get phase (): JoinPhase {
    return this.#phase
  }

  /** The room that is joined or being joined. */
  get room (): string | null {
    return this.#intent?.room ?? null
  }

  /** Whether somebody waits for `join` to resolve. */
  get awaited (): boolean {
    return this.#joining !== null
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

  /** Leaves and joins without a word to the application. `false` where there is no seat. */
  rejoin (): boolean {
    if (this.#phase !== 'joined' || this.#intent === null) return false
    this.#seats.leave(this.#intent.room, false)
    this.#sendLeave(this.#intent.room)
    return true
  }

  /** The page goes away, maybe to come back: the seat is given up, the intent is not. The socket is about to be closed. */
  suspend (): void {
    if (this.#intent !== null && (this.#phase === 'joining' || this.#phase === 'joined')) {
      this.#connection.send({ command: 'leave', streamId: this.#intent.room })
    }
    this.#forgetSeats()
    this.#move('socketLost')
    this.#retry.stop()
    this.#leaving?.resolve()
    this.#leaving = null
  }

  /** Nothing is wanted any more. Returns whether somebody waited for `join` to resolve. */
  end (reason: AdaptorError): boolean {
    const joining = this.#joining
    this.#clearIntent()
    this.#forgetSeats()
    joining?.reject(reason)
    return joining !== null
  }

  handleOpen (): void {
    this.#advance()
  }

  handleLoss (): void {
    this.#seats.lose()
    if (this.#phase === 'joining') this.#uncertain = true
    const left = this.#phase === 'leaving'
    this.#move('socketLost')
    this.#retry.stop()
    if (left) this.#finishLeaving(leavedNotice(this.#leavingRoom))
  }

  /** Takes what answers a `join` or a `leave`; `false` for any other frame. */
  handleAnswer (frame: Frame): boolean {
    const event = readAnswer({ phase: this.#phase, wanted: this.room, held: this.#seats.room, leaving: this.#leavingRoom }, frame)
    if (event === undefined) return false
    if (event !== null) {
      this.#move(event)
      this.#handle(event, frame)
    }
    return true
  }

  /** Counts a message of the seat; `false` for one of a seat that is being left, or was. */
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
    if (event === 'leaveRefused') return this.#leaveLater(wireError(frame))
    if (event === 'abandonedSeatTaken') return this.#seats.takeAbandoned(frame, this.#leavingRoom)
    if (event === 'seatLeft') return this.#handleLeft(frame)
    if (event === 'putOut') return this.#handlePutOut(frame)
    // The server knows nothing of our seat: take another one.
    this.#seats.drop()
    this.#advance()
  }

  #handlePutOut (frame: Frame): void {
    this.#giveUp(this.#seats.room ?? '', false)
    this.#seats.forgetAbandoned()
    this.emit('left', frame)
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
      this.#move('joinSent')
      this.#connection.send(this.#seats.join(this.#intent))
    }
  }

  #handleSeat (frame: Frame): void {
    const joining = this.#joining
    const resumed = this.#seats.take(frame, this.room ?? '')
    this.#joined = frame
    this.#joining = null
    this.#uncertain = false
    this.#retry.reset()
    joining?.resolve(frame)
    this.emit('seated', { frame, resumed, automatic: joining === null })
  }

  #handleRefusal (error: AdaptorError): void {
    const joining = this.#joining
    const room = this.room ?? ''
    this.#seats.drop()
    // An automatic rejoin retries; an explicit `join` rejects.
    if (joining === null && isTemporary(error.name) && this.#retry.later(error, () => this.#advance())) return
    this.#giveUp(room, false)
    joining?.reject(error)
    this.emit('refused', { error, room, automatic: joining === null })
  }

  #handleLeft (frame: Frame): void {
    this.#seats.forgetAbandoned()
    this.#retry.stop()
    this.#retry.reset()
    // An error says that there was nothing to leave.
    this.#finishLeaving(frame.command === 'error' ? leavedNotice(this.#leavingRoom) : frame)
    this.#advance()
  }

  /** The server may have refused our `leave`, whose answer would be waited for in vain. A second one harms nothing: it is answered alike. */
  #leaveLater (error: AdaptorError): void {
    if (!this.#retry.running) this.#retry.always(error, this.#connection.pace.interval, () => this.#sendLeave(this.#leavingRoom))
  }

  #sendLeave (room: string): void {
    this.#move('leaveSent')
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

  /** Gives up intent and seat. Where the server may still keep the seat, the seat book remembers it. */
  #giveUp (room: string, unheard: boolean): void {
    this.#seats.leave(room, unheard)
    this.#clearIntent()
    // A `leave` that was refused is still to be said.
    if (this.#phase !== 'leaving') this.#retry.stop()
    this.#retry.reset()
    this.emit('unseated', new AdaptorError('AbortError', 'The room was left before the message could be sent.'))
  }

  #clearIntent (): void {
    this.#intent = this.#joining = this.#joined = null
    this.#uncertain = false
  }

  #forgetSeats (): void {
    this.#seats.drop()
    this.#seats.forgetAbandoned()
  }
}
