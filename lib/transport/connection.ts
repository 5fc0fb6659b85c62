import { randomUUID } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { decode, encode, isBadFrame, type BadFrame } from '../protocol/codec.js'
import { CLOSE_CODES, ERRORS, isGoodbye, type CloseReason } from '../protocol/codes.js'
import type { ClientMessage, Join } from '../protocol/client-messages.js'
import type { IceServerConfig, ToldLimits } from '../protocol/server-messages.js'
import { commands, refuseFrame, type Caller, type Grant, type Refusal } from '../rooms/commands.js'
import type { Frame } from '../rooms/peer-link.js'
import type { PendingJoin } from '../rooms/pending-join.js'
import type { Rooms } from '../rooms/room-registry.js'
import type { Seat } from '../rooms/seat.js'
import type { AppSettings } from '../config/settings.js'
import { authorizeJoin, iceServerConfig } from './authorization.js'
import { Heartbeat } from './heartbeat.js'
import type { ConnectionRegistry } from './connection-registry.js'
import { RateGuard } from './limits/rate-guard.js'

/** Relayed bytes go out as text: a client that gets a binary frame ends the call. */
const TEXT = { binary: false } as const
/** How long the other end may take to answer our close frame, ms; after that it is cut off. */
const CLOSE_GRACE = 2_000
const OPEN = 1
const TOO_FAST: Refusal = { refused: 'rateExceeded', message: 'Too many messages or bytes in a short time; this one was not taken.' }
const OVERLOADED: Refusal = { refused: 'rateExceeded', message: 'The server has too many joins in flight.', retryAfter: 1_000 }

/** A frame that came too fast, read. */
interface TooFast {
  tooFast: ClientMessage | BadFrame
}

type Dispatch = (caller: Caller, message: ClientMessage, frame: Buffer) => undefined | Promise<void>

/** One WebSocket of one client: reads frames in order, keeps its limits, knows the seats that it reaches. */
export class Connection implements Caller {
  readonly app: string
  readonly settings: AppSettings
  /** Under which key its address is counted. */
  readonly key: string
  readonly seats: Seat[] = []
  pending: PendingJoin | null = null
  readonly link = this
  readonly #registry: ConnectionRegistry
  readonly #socket: WebSocket
  /** Kept only where the application wants to see it at a join: it is by far the largest thing a connection holds. */
  readonly #request: FastifyRequest | null
  readonly #rates: RateGuard
  #id: string | null = null
  /** Whether it was told of no TURN server because it had not joined yet: Ant Media's clients ask once, before they join. */
  #askedEarly = false
  /**
   * The frames behind a command that is not over yet. One that came too fast is refused in its turn: counted before those that it
   * came after, it would pass for one of them.
   */
  #queue: Array<Buffer | TooFast> | null = null
  /** The room of the join that is not over yet. */
  #joining: string | null = null
  readonly #heartbeat: Heartbeat
  /** When an unanswered close frame means that the other end is cut off. */
  #closedAt = 0
  #joinBy: number

  constructor (registry: ConnectionRegistry, socket: WebSocket, app: string, settings: AppSettings, key: string, request: FastifyRequest) {
    const now = registry.clock.now()
    const { limits } = settings
    this.#registry = registry
    this.#socket = socket
    this.app = app
    this.settings = settings
    this.key = key
    this.#request = settings.authorize !== undefined || settings.turn?.credentials !== undefined ? request : null
    this.#rates = new RateGuard(registry.rates(settings), now)
    this.#heartbeat = new Heartbeat(socket, this, registry.heartbeat, registry.clock)
    this.#joinBy = registry.clock.lived() + limits.joinTimeout
  }

  /** The connection's id, as `authorize` and a TURN server's log know it. */
  get id (): string {
    this.#id ??= randomUUID()
    return this.#id
  }

  get rooms (): Rooms {
    return this.#registry.rooms
  }

  get mostRooms (): number {
    return this.settings.limits.rooms
  }

  /** Only what is about this connection alone: what an address or the server as a whole may have concerns no client. */
  get limits (): ToldLimits {
    const { messagesPerSecond, messageBurst, bytesPerSecond, byteBurst, frameBytes, waitingFrames } = this.settings.limits
    return { messagesPerSecond, messageBurst, bytesPerSecond, byteBurst, frameBytes, waitingFrames }
  }

  get open (): boolean {
    return this.#socket.readyState === OPEN
  }

  seatIn (room: string): Seat | undefined {
    for (const seat of this.seats) if (seat.room.name === room) return seat
    return undefined
  }

  get joining (): boolean {
    return this.#joining !== null
  }

  seated (seat: Seat): void {
    this.seats.push(seat)
    this.#registry.joined(this)
  }

  unseated (seat: Seat): void {
    const index = this.seats.indexOf(seat)
    if (index !== -1) this.seats.splice(index, 1)
    this.#joinBy = this.#registry.clock.lived() + this.settings.limits.joinTimeout
  }

  markPing (): void {
    for (const seat of this.seats) seat.markPing()
  }

  confirmPing (): void {
    for (const seat of this.seats) seat.confirmPing()
  }

  // From the socket.

  /** A message has come. */
  handleMessage (data: Buffer, isBinary: boolean): void {
    if (!this.open) return
    const { limits } = this.settings
    const verdict = this.#rates.check(data.length, this.#registry.clock.now())
    if (verdict !== 'take') {
      this.#tooFast(verdict === 'close', isBinary ? undefined : data)
    } else if (data.length > limits.frameBytes) {
      this.refuse({ refused: 'tooLarge', message: `The frame has ${data.length} bytes; at most ${limits.frameBytes} are taken.` })
      this.#dismiss('tooLarge')
    } else if (isBinary) {
      this.refuse({ refused: 'notJson', message: 'Frames must be text, and this one was binary.' })
    } else if (this.#queue === null) {
      this.#handle(data)
    } else if (this.#queue.length < limits.waitingFrames) {
      this.#queue.push(data)
    } else {
      this.refuse({ refused: 'rateExceeded', message: 'Too many frames behind a join that is not answered yet.' })
      this.#dismiss('policy')
    }
    this.#heartbeat.handleTraffic()
  }

  /** A ping has come; ws has answered it. It counts as a message, or it would be a way around the limits. */
  handlePing (): void {
    this.#heartbeat.handleTraffic()
    const verdict = this.#rates.check(0, this.#registry.clock.now())
    if (verdict !== 'take') this.#tooFast(verdict === 'close')
  }

  /** A pong has come. One that we asked for is not counted: those who want into a room could have its sitters closed by asking. */
  handlePong (data: Buffer): void {
    if (!this.#heartbeat.handlePong(data)) this.handlePing()
  }

  /** What came is no WebSocket frame, or none that is taken: nothing more is read, and a close frame is on its way. */
  handleError (): void {
    this.#end(false)
  }

  /** A close frame has come: from here on the goodbye holds, however long TCP takes to end. */
  handleGoodbye (code: number): void {
    this.#end(isGoodbye(code))
  }

  /** The socket is closed. */
  handleClose (code: number): void {
    this.handleGoodbye(code)
    this.#registry.remove(this)
  }

  // From the registry's sweep.

  /** Looks at every deadline of this connection; `now` is {@link Clock.lived}, so that nobody is late because we stood still. */
  sweep (now: number): void {
    // The other end began to close, or broke the protocol; ws would let it take half a minute to end its side of TCP.
    if (this.#closedAt === 0 && !this.open) this.#closedAt = now + CLOSE_GRACE
    if (this.#closedAt !== 0) {
      if (now >= this.#closedAt) this.#socket.terminate()
    } else if (this.#heartbeat.isDead(now)) {
      this.#registry.log.debug({ app: this.app }, 'a client did not answer a ping in time and is cut off')
      this.terminate()
    } else if (this.seats.length === 0 && this.#queue === null && now >= this.#joinBy) {
      this.close('tryLater')
    } else {
      this.#heartbeat.beat(now)
    }
  }

  /** The server goes away. */
  drain (retryAfter: number): void {
    // Its answer would come when the connection is closing already.
    if (this.#joining !== null) this.refuse({ refused: 'serverDraining', retryAfter }, this.#joining)
    this.send(encode({ command: 'notification', definition: 'server_will_stop', retryAfter }))
    this.close('goingAway')
  }

  // To the other end.

  send (frame: Frame): void {
    const socket = this.#socket
    if (socket.readyState !== OPEN) return
    if (socket.bufferedAmount > this.#registry.settings.bufferedBytes) {
      this.#registry.log.info({ app: this.app, bufferedBytes: socket.bufferedAmount }, 'a client does not read and is cut off')
      socket.terminate()
      return
    }
    socket.send(frame, TEXT)
  }

  refuse ({ refused, message, retryAfter }: Refusal, streamId?: string): void {
    const text = message ?? ERRORS[refused]
    this.send(encode({
      command: 'error',
      definition: refused,
      ...(streamId === undefined ? {} : { streamId }),
      message: text,
      ...(retryAfter === undefined ? {} : { retryAfter })
    }))
    const { events } = this.#registry.rooms
    if (events.listenerCount('refused') > 0) {
      events.emit('refused', { app: this.app, ...(streamId === undefined ? {} : { room: streamId }), definition: refused, message: text })
    }
  }

  probe (answer: (alive: boolean) => void): void {
    this.#heartbeat.probe(answer)
  }

  close (reason: CloseReason): void {
    const grace = reason === 'goingAway' ? this.#registry.settings.drain.grace : CLOSE_GRACE
    if (this.#closedAt === 0) this.#closedAt = this.#registry.clock.lived() + grace
    this.#socket.close(CLOSE_CODES[reason].code, CLOSE_CODES[reason].meaning)
  }

  terminate (): void {
    this.#end(false)
    this.#socket.terminate()
  }

  // For the commands.

  admit (join: Join): Grant | Refusal | Promise<Grant | Refusal> {
    const registry = this.#registry
    if (registry.rooms.draining) return { refused: 'serverDraining', retryAfter: registry.retryAfter() }
    const { limits } = this.settings
    if (this.seats.length >= limits.roomsPerConnection && this.seatIn(join.streamId) === undefined) {
      return { refused: 'tooManyRooms', message: 'This connection sits in as many rooms as it may.' }
    }
    if (!registry.book(this.settings).join(this.key, registry.clock.now())) {
      return { refused: 'rateExceeded', message: 'Too many joins from this address within a minute.', retryAfter: 60_000 }
    }
    if (registry.joinsInFlight >= registry.settings.defaults.limits.joinsInFlight) return OVERLOADED
    return this.#request === null ? {} : authorizeJoin(this, this.#request, join, registry)
  }

  iceServerConfig (): IceServerConfig | Promise<IceServerConfig> {
    this.#askedEarly = this.seats.length === 0 && this.settings.turn !== undefined && this.settings.authorize !== undefined
    return iceServerConfig(this, this.#request, this.#registry)
  }

  seatTaken (): void {
    if (!this.#askedEarly) return
    const config = this.iceServerConfig()
    if (!(config instanceof Promise)) this.send(encode(config))
    // Nobody waits for this one, and a rejection that nobody hears ends the process.
    else config.then(config => this.send(encode(config))).catch(error => this.#fault(error))
  }

  #handle (frame: Buffer | TooFast): void {
    try {
      if (!Buffer.isBuffer(frame)) {
        refuseFrame(this, frame.tooFast, TOO_FAST)
        return
      }
      const message = decode(frame.toString())
      if (isBadFrame(message)) {
        refuseFrame(this, message, { refused: message.error, message: message.message })
        return
      }
      const handled = (commands[message.command] as Dispatch)(this, message, frame)
      if (handled === undefined) return
      this.#wait(handled, message.command === 'join' ? message.streamId : null)
    } catch (error) {
      this.#fault(error)
    }
  }

  /** Keeps the frames that come from now on until the command is over, so that a client's frames take effect in order. */
  #wait (handled: Promise<void>, joining: string | null): void {
    this.#queue = []
    this.#joining = joining
    if (joining !== null) this.#registry.joinsInFlight++
    handled.catch(error => this.#fault(error)).finally(() => {
      if (joining !== null) this.#registry.joinsInFlight--
      const queue = this.#queue ?? []
      this.#queue = null
      this.#joining = null
      for (const frame of queue) {
        if (!this.open) break
        const waiting = this.#queue as Array<Buffer | TooFast> | null
        if (waiting === null) this.#handle(frame)
        else waiting.push(frame)
      }
    })
  }

  #fault (error: unknown): void {
    this.#registry.log.error({ err: error, app: this.app }, 'a frame could not be handled')
    this.refuse({ refused: 'internalError' })
    this.#dismiss('fault')
  }

  /** Reads even what it refuses, to know for which seat it counts: the close that follows is the bound. */
  #tooFast (last: boolean, data?: Buffer): void {
    if (data === undefined || last) {
      this.refuse(TOO_FAST)
    } else {
      const frame = { tooFast: decode(data.toString()) }
      if (this.#queue === null) this.#handle(frame)
      else this.#queue.push(frame)
    }
    if (last) this.#dismiss('policy')
  }

  /** Closes because of what the client did. */
  #dismiss (reason: CloseReason): void {
    this.#end(!CLOSE_CODES[reason].resumable)
    this.close(reason)
  }

  /** Everything that hangs on this connection ends. */
  #end (clean: boolean): void {
    this.pending?.cancel()
    for (const seat of [...this.seats]) seat.room.lost(seat, clean)
    this.#heartbeat.stop()
  }
}
