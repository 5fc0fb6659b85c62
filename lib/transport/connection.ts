import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import type { DisconnectReason } from '../events.js'
import { CLOSE_CODES, isGoodbye, type CloseReason } from '../protocol/codes.js'
import type { Join } from '../protocol/client-messages.js'
import type { IceServerConfig, ToldLimits } from '../protocol/server-messages.js'
import { newId } from '../rooms/new-id.js'
import { Participant } from '../rooms/participant.js'
import type { Grant, ParticipantPorts } from '../rooms/participant-ports.js'
import type { LinkTrace, PeerLink, TextFrame } from '../rooms/peer-link.js'
import type { Refusal } from '../rooms/refusal.js'
import { admitJoin } from './authorization.js'
import { ConnectionTrace, logOf } from './connection-log.js'
import type { ConnectionGroup, ConnectionServer } from './connection-group.js'
import { reasonOfError, reportEnd } from './disconnect.js'
import { FrameWriter } from './frame-writer.js'
import { Heartbeat } from './heartbeat.js'
import { answerIceConfig, turnNeedsSeat } from './ice-config-answer.js'
import { hasReadMore } from './internals.js'
import { RateGuard, TOO_FAST } from './limits/rate-guard.js'
import type { SafeLog } from './safe-log.js'

/** How long the other end may take to answer our close frame, ms; after that it is cut off. */
const CLOSE_GRACE = 2_000

/** One WebSocket of one client: keeps its limits and deadlines, and hands what it says to its participant. */
export class Connection implements PeerLink, ParticipantPorts {
  readonly app: string
  readonly group: ConnectionGroup
  /** Under which key its address is counted. */
  readonly key: string
  readonly participant: Participant
  readonly #server: ConnectionServer
  readonly #socket: WebSocket
  readonly #writer: FrameWriter
  /** Kept only where the application wants to see it at a join: it is by far the largest thing a connection holds. */
  readonly #request: FastifyRequest | null
  readonly #rates: RateGuard
  /** The handshake's, so that the lines of a connection and of the request that it began with are tied. */
  readonly #hostLog: FastifyBaseLogger
  readonly #openedAt: number
  #id: string | null = null
  readonly #heartbeat: Heartbeat
  /** Why we have ended the connection, where we did so before the other end. */
  #reason: DisconnectReason | null = null
  /** When an unanswered close frame means that the other end is cut off. */
  #closedAt = 0

  constructor (server: ConnectionServer, group: ConnectionGroup, socket: WebSocket, app: string, key: string, request: FastifyRequest) {
    const { authorize, turn, limits } = group.settings
    this.#server = server
    this.#socket = socket
    this.#writer = new FrameWriter(server.writeTurn, socket)
    this.app = app
    this.group = group
    this.key = key
    this.#request = authorize !== undefined || turn?.credentials !== undefined ? request : null
    this.#hostLog = request.log
    this.#openedAt = server.clock.now()
    this.#rates = new RateGuard(group.rates, this.#openedAt)
    this.participant = new Participant(app, server.rooms, this, this, limits)
    this.#heartbeat = new Heartbeat(socket, this.participant.seats, server.heartbeat, server.clock)
  }

  /** The connection's id, as `authorize` and a TURN server's log know it. Made for whoever is the first to ask: mostly nobody does. */
  get id (): string {
    this.#id ??= newId()
    return this.#id
  }

  get limits (): ToldLimits {
    return this.group.toldLimits
  }

  /** Writes lines that name the connection and, where it has one alone, its seat. */
  get log (): SafeLog {
    const { size, first } = this.participant.seats
    return size === 1 && first !== undefined ? this.logIn(first.room.name, first.id) : logOf(this.#hostLog, this)
  }

  logIn (room: string, peer = this.participant.seats.in(room)?.id): SafeLog {
    return logOf(this.#hostLog, this, room, peer)
  }

  trace (): LinkTrace {
    return new ConnectionTrace(this.#hostLog, this)
  }

  get open (): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  get joining (): boolean {
    return this.participant.joining
  }

  /** A message has come. */
  handleMessage (data: Buffer, isBinary: boolean): void {
    if (!this.open) return
    const { limits } = this.group.settings
    const now = this.#server.writeTurn.beginFrame()
    const verdict = this.#rates.check(data.length, now)
    if (verdict !== 'take') {
      this.#tooFast(verdict === 'close', isBinary ? undefined : data)
    } else if (data.length > limits.frameBytes) {
      this.participant.refuse({ refused: 'tooLarge', message: `The frame has ${data.length} bytes; at most ${limits.frameBytes} are taken.` })
      this.dismiss('tooLarge')
    } else if (isBinary) {
      this.participant.refuse({ refused: 'notJson', message: 'Frames must be text, and this one was binary.' })
    } else {
      this.participant.handle(data)
    }
    this.#heartbeat.handleTraffic()
    this.#server.writeTurn.endFrame(hasReadMore(this.#socket))
  }

  /** A ping has come; ws has answered it. It counts as a message, or it would be a way around the limits. */
  handlePing (): void {
    this.#heartbeat.handleTraffic()
    const verdict = this.#rates.check(0, this.#server.clock.now())
    if (verdict !== 'take') this.#tooFast(verdict === 'close')
  }

  /** A pong has come. One that we asked for is not counted: those who want into a room could have its sitters closed by asking. */
  handlePong (data: Buffer): void {
    if (!this.#heartbeat.handlePong(data)) this.handlePing()
  }

  /** What came is no WebSocket frame, or none that is taken: nothing more is read, and a close frame is on its way. */
  handleError (error: Error): void {
    this.#ends(reasonOfError(error), true)
    this.#end(true)
  }

  /** A close frame has come: from here on the goodbye holds, however long TCP takes to end. */
  handleGoodbye (code: number): void {
    if (this.#reason === null) this.log.debug({ code, reason: 'client' }, 'a connection is closing')
    this.#end(!isGoodbye(code))
  }

  /** The socket is closed. */
  handleClose (code: number): void {
    this.#end(!isGoodbye(code))
    this.#server.remove(this)
    reportEnd(this, this.#server.rooms.events, this.#reason, code, this.#server.clock.now() - this.#openedAt)
  }

  /** Looks at every deadline of this connection; `now` is {@link Clock.lived}, so that nobody is late because we stood still. */
  sweep (now: number): void {
    // The other end began to close, or broke the protocol; ws would let it take half a minute to end its side of TCP.
    if (this.#closedAt === 0 && !this.open) this.#closedAt = now + CLOSE_GRACE
    if (this.#closedAt !== 0) {
      if (now >= this.#closedAt) this.#socket.terminate()
    } else if (this.#heartbeat.isDead(now)) {
      this.log.debug({}, 'a client did not answer a ping in time and is cut off')
      this.terminate()
    } else if (!this.participant.busy && now >= this.participant.seats.emptySince + this.group.settings.limits.joinTimeout) {
      this.close('tryLater')
    } else {
      this.#heartbeat.beat(now)
    }
  }

  /** The server goes away. */
  drain (retryAfter: number): void {
    this.participant.drain(retryAfter)
    this.close('goingAway')
  }

  send (frame: TextFrame): void {
    if (!this.open) return
    if (this.#writer.fits(this.#server.settings.bufferedBytes)) {
      this.#writer.write(frame)
    } else {
      this.log.info({ bufferedBytes: this.#socket.bufferedAmount }, 'a client does not read and is cut off')
      this.#ends('notReading')
      this.#socket.terminate()
    }
  }

  probe (answer: (alive: boolean) => void): void {
    this.log.debug({}, 'a client is asked whether it lives')
    this.#heartbeat.probe(alive => {
      this.log.debug({ alive }, alive ? 'the client that was asked lives' : 'the client that was asked did not answer')
      answer(alive)
    })
  }

  close (reason: CloseReason): void {
    this.#ends(reason)
    const grace = reason === 'goingAway' ? this.#server.settings.drain.grace : CLOSE_GRACE
    if (this.#closedAt === 0) this.#closedAt = this.#server.clock.lived() + grace
    this.#socket.close(CLOSE_CODES[reason].code, CLOSE_CODES[reason].meaning)
  }

  terminate (): void {
    this.#ends('unresponsive')
    this.#end(true)
    this.#writer.flush()
    this.#socket.terminate()
  }

  // For the participant.

  get iceServersNeedSeat (): boolean {
    return turnNeedsSeat(this.group.settings)
  }

  authorize (join: Join): Grant | Refusal | Promise<Grant | Refusal> {
    return admitJoin(this.#server, this, this.#request, join)
  }

  iceServerConfig (seat: string | undefined): IceServerConfig | Promise<IceServerConfig> {
    return answerIceConfig(this.group.settings, this, seat, this.#request, this.#server.clock)
  }

  joined (): void {
    this.group.joined(this)
  }

  failed (error: unknown): void {
    this.log.error({ err: error }, 'a frame could not be handled')
  }

  dismiss (reason: CloseReason): void {
    this.#ends(reason)
    this.#end(CLOSE_CODES[reason].resumable)
    this.close(reason)
  }

  /** Reads even what it refuses, to know for which seat it counts: the close that follows is the bound. */
  #tooFast (last: boolean, data?: Buffer): void {
    if (data === undefined || last) this.participant.refuse(TOO_FAST)
    else this.participant.refuseFrame(data, TOO_FAST)
    if (last) this.dismiss('policy')
  }

  /** Notes why we end the connection. What comes later does not count, nor what comes after its client's close frame or end of TCP. */
  #ends (reason: DisconnectReason, isFirst = this.open): void {
    if (!isFirst || this.#reason !== null) return
    this.#reason = reason
    this.log.debug({ reason }, 'a connection is closing')
  }

  /** Everything that hangs on this connection ends. */
  #end (resumable: boolean): void {
    this.participant.lost(resumable)
    this.#heartbeat.stop()
  }
}
