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

/** The time for the other end to answer a close frame, in ms. After that it is cut off. */
const CLOSE_GRACE = 2_000

/** One WebSocket of one client: checks its limits and deadlines, and passes its messages to its participant. */
export class Connection implements PeerLink, ParticipantPorts {
  readonly app: string
  readonly group: ConnectionGroup
  /** The key under which its address is counted. */
  readonly key: string
  readonly participant: Participant
  readonly #server: ConnectionServer
  readonly #socket: WebSocket
  readonly #writer: FrameWriter
  /** The handshake request, if the application is given it later; otherwise null. It is by far the largest object that a connection could hold. */
  readonly #request: FastifyRequest | null
  readonly #rates: RateGuard
  /** The host's log of the handshake request. Its `reqId` is in every line about the connection. */
  readonly #hostLog: FastifyBaseLogger
  readonly #openedAt: number
  #id: string | null = null
  readonly #heartbeat: Heartbeat
  /** The reason for which the server has ended the connection; null if it has not, or the other end did first. */
  #reason: DisconnectReason | null = null
  /** When the other end is cut off because it has not answered a close frame, by {@link Clock.lived}; 0 before a close frame was sent. */
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

  /** The connection's id, as in `authorize` and in a TURN server's log. It is drawn when it is first asked for. For most connections it never is. */
  get id (): string {
    this.#id ??= newId()
    return this.#id
  }

  get limits (): ToldLimits {
    return this.group.toldLimits
  }

  /** Writes lines that name the connection and, if it has exactly one, its seat. */
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

  /** A message has arrived. */
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

  /** A ping has arrived, and ws has answered it. It counts as a message. Otherwise it would be a way around the limits. */
  handlePing (): void {
    this.#heartbeat.handleTraffic()
    const verdict = this.#rates.check(0, this.#server.clock.now())
    if (verdict !== 'take') this.#tooFast(verdict === 'close')
  }

  /** A pong has arrived. It does not count if the server asked for it: otherwise joiners could get the peers of a room closed by their probes. */
  handlePong (data: Buffer): void {
    if (!this.#heartbeat.handlePong(data)) this.handlePing()
  }

  /** The client has broken the protocol of WebSocket, or exceeded a limit of ws. ws has sent a close frame and reads nothing more. */
  handleError (error: Error): void {
    this.#ends(reasonOfError(error), true)
    this.#end(true)
  }

  /** A close frame has arrived. The client has left, even if TCP takes long to end. */
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

  /** Checks every deadline of this connection; `now` is {@link Clock.lived}, so that no client is late because the server stood still. */
  sweep (now: number): void {
    // The other end began to close, or broke the protocol. ws by itself would give it 30 s to end its side of TCP.
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

  /** The server is about to stop. Tells the client to come back after `retryAfter` ms, and closes the connection. */
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

  /** Refuses a message. It is read nevertheless, because it counts for a seat. The number of refusals is bounded: after them the connection is closed. */
  #tooFast (last: boolean, data?: Buffer): void {
    if (data === undefined || last) this.participant.refuse(TOO_FAST)
    else this.participant.refuseFrame(data, TOO_FAST)
    if (last) this.dismiss('policy')
  }

  /** Notes the reason for which the server ends the connection. Only the first one counts, and none once the client has closed or TCP has ended. */
  #ends (reason: DisconnectReason, isFirst = this.open): void {
    if (!isFirst || this.#reason !== null) return
    this.#reason = reason
    this.log.debug({ reason }, 'a connection is closing')
  }

  /** Ends everything that depends on this connection. */
  #end (resumable: boolean): void {
    this.participant.lost(resumable)
    this.#heartbeat.stop()
  }
}
