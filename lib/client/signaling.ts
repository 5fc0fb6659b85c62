import { isSeatMessage, isRelayError, isTemporary } from './seat-rules.js'
import { Connection, type Loss } from './connection.js'
import { deferred, type Deferred } from './deferred.js'
import { Emitter } from './emitter.js'
import type { Environment } from './environment.js'
import { AdaptorError, wireError } from './errors.js'
import { numberOf, textOf, type Frame } from './frames.js'
import { Outbox, type Outgoing } from './outbox.js'
import type { ReconnectPolicy } from './reconnect-policy.js'
import { Timer } from './timer.js'

/** So many unacknowledged messages, and the server is asked how far it is. */
const ASK_AFTER = 64

/** What an application asked for. */
interface Wish {
  room: string
  token: string | null
  watch: boolean
}

/** What the server gave. */
interface Seat {
  room: string
  token: string | undefined
  /** For how long it outlives its socket, in ms. */
  window: number
  /** How many messages of this seat have arrived; the server sends the others again. */
  received: number
  lostAt: number | null
}

export interface Seated {
  frame: Frame
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
  reconnected: { resumed: boolean }
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
  readonly #connection: Connection
  readonly #policy: ReconnectPolicy
  readonly #resume: boolean
  readonly #outbox = new Outbox()
  readonly #retry: Timer
  /** What had been sent at each `ping` that is not answered yet. */
  #marks: number[] = []
  #phase: 'none' | 'joining' | 'joined' | 'leaving' = 'none'
  #wish: Wish | null = null
  #seat: Seat | null = null
  /** A seat that was left while the server could not hear it. */
  #ghost: Seat | null = null
  #leavingRoom = ''
  #joining: Deferred<Frame> | null = null
  #leaving: Deferred<void> | null = null
  #joined: Frame | null = null
  /** A `join` went out and its answer was lost: the seat in the way may be our own. */
  #uncertain = false
  /** The same in every `join` until one is answered: it proves to the server that the seat in the way is our own. */
  #claim: string | null = null
  #rejoins = 0
  #rejoiningSince: number | null = null
  #everOpen = false
  #outage = false
  #reported = false
  /** Whether an answer to `getIceServerConfig` is due: an error without a room is taken for that answer. */
  #iceAsked = false

  constructor (environment: Environment, settings: SignalingSettings) {
    super()
    this.#environment = environment
    this.#policy = settings.reconnect
    this.#resume = settings.resume
    this.#retry = new Timer(environment)
    this.#connection = new Connection(environment, settings.url, settings.reconnect)
    this.#connection.needed = () => this.#wish !== null
    this.#connection.on('open', () => this.#opened())
    this.#connection.on('message', frame => this.#receive(frame))
    this.#connection.on('ping', () => this.#marks.push(this.#outbox.count))
    this.#connection.on('pong', () => this.#outbox.acknowledge(this.#marks.shift() ?? 0))
    this.#connection.on('lost', loss => this.#lost(loss))
    this.#connection.on('retrying', loss => this.#retrying(loss))
    this.#connection.on('closed', loss => this.#closed(loss))
  }

  get room (): string | null {
    return this.#wish?.room ?? null
  }

  get seated (): boolean {
    return this.#phase === 'joined'
  }

  get connected (): boolean {
    return this.#connection.state === 'open'
  }

  get connectionState (): Connection['state'] {
    return this.#connection.state
  }

  open (): void {
    this.#connection.open()
  }

  hurry (): void {
    this.#connection.hurry()
  }

  verify (): void {
    this.#connection.verify()
  }

  /** Resolves with the server's `joined`. A room that is joined or being joined is not joined twice. */
  join (wish: Wish): Promise<Frame> {
    if (this.#wish?.room === wish.room) {
      if (this.#joining !== null) return this.#joining.promise
      if (this.#phase === 'joined' && this.#joined !== null) return Promise.resolve(this.#joined)
    } else if (this.#wish !== null) {
      void this.leave()
    }
    this.#wish = wish
    const joining = this.#joining = deferred<Frame>()
    this.#connection.open()
    this.#advance()
    return joining.promise
  }

  /** Resolves when the server has given the seat up, or at once where it cannot be reached; it is told later. */
  leave (): Promise<void> {
    const wish = this.#wish
    if (wish === null) return this.#leaving?.promise ?? Promise.resolve()
    // A room may be left while the one before it still is: one answer serves both.
    this.#leaving ??= deferred<void>()
    const promise = this.#leaving.promise
    this.#wish = null
    this.#joining?.reject(new AdaptorError('AbortError', 'leave was called before the room was joined.'))
    this.#giveUp()
    if (this.#phase === 'joining' || this.#phase === 'joined') this.#sendLeave(wish.room)
    else if (this.#phase !== 'leaving') this.#finishLeaving(wish.room)
    return promise
  }

  /** Leaves and joins without a word to the application: the last rung of the ladder. */
  rejoin (): void {
    if (this.#phase !== 'joined' || this.#wish === null) return
    this.#outbox.renew()
    this.#dropSeat()
    this.#sendLeave(this.#wish.room)
  }

  /** Sends a message to the other peer, now or when the seat is there; `false` where too many wait already. */
  relay (message: Outgoing): boolean {
    if (!this.#outbox.add(message)) return false
    this.#flush()
    return true
  }

  /** Forgets what waits for a peer connection that is no more. */
  forget (session: string): void {
    this.#outbox.forget(session)
  }

  askIceServers (): boolean {
    this.#iceAsked = this.#connection.send({ command: 'getIceServerConfig' }) || this.#iceAsked
    return this.#connection.state === 'open'
  }

  /** The page goes away, maybe to come back: the seat is given up, the wish is not. */
  suspend (): void {
    const room = this.#wish?.room
    if (room !== undefined && this.#phase !== 'none' && this.#phase !== 'leaving') this.#connection.send({ command: 'leave', streamId: room })
    this.#outbox.clear()
    this.#seat = this.#ghost = null
    this.#hangUp()
    this.#outage = this.#everOpen
  }

  /** Gives up the seat, the wish and the connection. */
  close (): void {
    this.suspend()
    this.#wish = null
    this.#joining?.reject(new AdaptorError('WebSocketNotConnected', 'The adaptor was closed.'))
    this.#joining = null
  }

  /** Ends the connection and whatever waits for it. */
  #hangUp (): void {
    this.#connection.close()
    this.#phase = 'none'
    this.#marks = []
    this.#iceAsked = false
    this.#retry.stop()
    this.#leaving?.resolve()
    this.#leaving = null
  }

  /** The seat is no longer wanted; where the server may still keep it, it becomes a ghost. */
  #giveUp (): void {
    this.#joining = null
    this.#claim = null
    this.#uncertain = false
    this.#outbox.clear()
    this.#dropSeat()
    this.#retry.stop()
    this.#rejoins = 0
    this.#rejoiningSince = null
    this.emit('unseated', undefined)
  }

  #dropSeat (): void {
    if (this.#seat?.token !== undefined) this.#ghost = this.#seat
    this.#seat = null
    this.#joined = null
  }

  #sendLeave (room: string): void {
    this.#phase = 'leaving'
    this.#leavingRoom = room
    this.#connection.send({ command: 'leave', streamId: room })
  }

  #finishLeaving (room: string, frame: Frame = { command: 'notification', definition: 'leaved', streamId: room }): void {
    const leaving = this.#leaving
    this.#leaving = null
    if (leaving === null) return
    this.emit('left', frame)
    leaving.resolve()
  }

  /** The one place that decides what comes next on an open connection. */
  #advance (): void {
    if (this.#connection.state !== 'open' || this.#phase !== 'none' || this.#retry.running) return
    const ghost = this.#ghost
    this.#ghost = null
    if (ghost !== null && ghost.lostAt !== null && this.#environment.now() - ghost.lostAt < ghost.window) {
      // Taken back only to be given up, so that the other peer is not left waiting for the window to close.
      this.#sendJoin(ghost.room, ghost, null, false)
      this.#sendLeave(ghost.room)
    } else if (this.#wish !== null) {
      this.#phase = 'joining'
      this.#sendJoin(this.#wish.room, this.#seat, this.#wish.token, this.#wish.watch)
    }
  }

  #sendJoin (room: string, seat: Seat | null, token: string | null, watch: boolean): void {
    const message = {
      command: 'join' as const,
      streamId: room,
      ...token === null ? {} : { token },
      ...watch ? { mode: 'play' } : {},
      ...this.#resume ? { resume: true, claim: this.#claim ??= this.#environment.secret(), received: seat?.received ?? 0 } : {},
      ...seat?.token === undefined ? {} : { resumeToken: seat.token }
    }
    this.#connection.send(message)
  }

  #flush (): void {
    if (this.#phase !== 'joined') return
    this.#outbox.flush(text => this.#connection.sendText(text))
    if (this.#outbox.unacknowledged >= ASK_AFTER && this.#marks.length === 0) this.#connection.ping()
  }

  #opened (): void {
    this.#everOpen = true
    this.#reported = false
    this.emit('open', undefined)
    if (this.#outage && (this.#wish === null || this.#joining !== null)) this.#recovered(false)
    this.#advance()
  }

  #recovered (resumed: boolean): void {
    if (!this.#outage) return
    this.#outage = false
    this.emit('reconnected', { resumed })
  }

  #lost (loss: Loss): void {
    const now = this.#environment.now()
    if (this.#seat !== null) this.#seat.lostAt ??= now
    if (this.#ghost !== null) this.#ghost.lostAt ??= now
    if (this.#phase === 'joining' && this.#seat === null) this.#uncertain = true
    const wasLeaving = this.#phase === 'leaving'
    this.#phase = 'none'
    this.#marks = []
    this.#iceAsked = false
    this.#retry.stop()
    if (wasLeaving) this.#finishLeaving(this.#leavingRoom)
    if (loss.code === 1009) {
      this.#outbox.dropLargest()
      this.emit('error', new AdaptorError('tooLarge', 'A message was larger than the server takes, and was dropped.'))
    }
  }

  #retrying (loss: Loss & { delay: number }): void {
    if (!this.#everOpen) {
      if (!this.#reported) this.emit('error', new AdaptorError('WebSocketNotConnected', 'The server cannot be reached yet.'))
      this.#reported = true
    } else if (!this.#outage) {
      this.#outage = true
      this.emit('reconnecting', loss)
    }
  }

  #closed (loss: Loss & { cause?: Error }): void {
    const error = new AdaptorError('WebSocketNotConnected', loss.reason === '' ? 'The connection to the server is closed.' : loss.reason, loss)
    const room = this.room
    this.#joining?.reject(error)
    this.#joining = null
    this.#wish = this.#seat = this.#ghost = null
    this.#outbox.clear()
    this.#outage = false
    if (loss.code !== 4001 || room === null) this.emit('error', error)
    this.emit('closed', { code: loss.code, reason: loss.reason })
  }

  #receive (frame: Frame): void {
    switch (frame.command) {
      case 'error': return this.#refused(frame)
      case 'iceServerConfig':
        this.#iceAsked = false
        return this.emit('iceServerConfig', frame)
      case 'notification':
        if (frame.definition === 'joined') return this.#seated(frame)
        if (frame.definition === 'leaved') return this.#left(frame)
        if (frame.definition === 'server_will_stop') this.#connection.rest(numberOf(frame.retryAfter) ?? 0)
    }
    if (isSeatMessage(frame)) {
      // Of another room, or of a seat that is being left.
      if (this.#phase !== 'joined' || this.#seat === null || frame.streamId !== this.#seat.room) {
        if (frame.command === 'notification' && frame.streamId === undefined) this.emit('notification', frame)
        return
      }
      this.#seat.received++
    }
    this.emit(frame.command === 'notification' ? 'notification' : 'seat', frame)
  }

  #seated (frame: Frame): void {
    const token = textOf(frame.resumeToken)
    if (this.#phase === 'leaving' && frame.streamId === this.#leavingRoom && token !== undefined) {
      this.#ghost = { room: this.#leavingRoom, token, window: numberOf(frame.resumeWindow) ?? 0, received: 0, lostAt: null }
    }
    const room = this.#wish?.room
    if (this.#phase !== 'joining' || room === undefined || frame.streamId !== room) return
    const resumed = frame.resumed === true && this.#seat !== null
    this.#seat = {
      room,
      token,
      window: numberOf(frame.resumeWindow) ?? 0,
      received: resumed ? this.#seat?.received ?? 0 : 0,
      lostAt: null
    }
    if (resumed) this.#outbox.resume(numberOf(frame.received) ?? 0)
    else this.#outbox.renew()
    this.#phase = 'joined'
    this.#joined = frame
    this.#uncertain = false
    this.#claim = null
    this.#rejoins = 0
    this.#rejoiningSince = null
    const joining = this.#joining
    this.#joining = null
    this.#flush()
    this.emit('seated', { frame, resumed, automatic: joining === null })
    joining?.resolve(frame)
    this.#recovered(resumed)
  }

  #left (frame: Frame): void {
    if (this.#phase === 'leaving' && frame.streamId === this.#leavingRoom) {
      this.#ghost = null
      this.#phase = 'none'
      this.#finishLeaving(this.#leavingRoom, frame)
      this.#advance()
    } else if (this.#phase === 'joined' && frame.streamId === this.#seat?.room) {
      // The server has put this peer out.
      this.#wish = this.#seat = null
      this.#phase = 'none'
      this.#giveUp()
      this.emit('left', frame)
    }
  }

  #refused (frame: Frame): void {
    const error = wireError(frame)
    const streamId = error.streamId
    if (this.#phase === 'leaving' && (streamId === this.#leavingRoom || streamId === undefined)) {
      // The answer to `leave` where there was nothing to leave; what else is wrong there concerns nobody any more.
      if (error.name === 'notInRoom') this.#left({ command: 'notification', definition: 'leaved', streamId: this.#leavingRoom })
      return
    }
    if (this.#iceAsked && streamId === undefined) {
      this.#iceAsked = false
      return this.emit('iceServersRefused', undefined)
    }
    if (this.#phase === 'joining' && (streamId === undefined || streamId === this.room) && !isRelayError(error.name)) return this.#notSeated(error)
    if (this.#phase === 'joined' && error.name === 'notInRoom' && streamId === this.room) return this.#seatGone()
    // Candidates cross the other peer's `leave` on the way; only an application that talks to nobody wants to know.
    if (error.name === 'no_peer_associated_before' && !this.#outbox.holdsApplicationMessage) return
    this.emit('error', error)
  }

  /** The server knows nothing of our seat: take another one. */
  #seatGone (): void {
    this.#seat = this.#joined = null
    this.#phase = 'none'
    this.#advance()
  }

  #notSeated (error: AdaptorError): void {
    const automatic = this.#joining === null
    this.#phase = 'none'
    if ((automatic || this.#uncertain) && isTemporary(error.name)) {
      const now = this.#environment.now()
      this.#rejoiningSince ??= now
      const delay = this.#policy({ attempt: ++this.#rejoins, elapsed: now - this.#rejoiningSince, random: this.#environment.random() })
      if (delay !== null) {
        this.#seat = null
        this.#retry.start(Math.max(delay, Math.min(error.retryAfter ?? 0, 30_000)), () => this.#advance())
        return
      }
    }
    const room = this.room
    const joining = this.#joining
    this.#wish = this.#seat = null
    this.#uncertain = false
    this.#giveUp()
    this.emit('error', error)
    joining?.reject(error)
    this.#recovered(false)
    if (automatic && room !== null) this.emit('left', { command: 'notification', definition: 'leaved', streamId: room, reason: error.name })
  }
}
