import type { Join } from '../../protocol/client-messages.js'
import type { Environment } from '../base/environment.js'
import { numberOf, textOf, type Frame } from './frames.js'

/**
 * What the application has asked for by `join`.
 *
 * @internal
 */
export interface JoinIntent {
  room: string
  /** The application's own token, for `authorize` on the server. */
  token: string | null
  /** Receive only: `mode: "play"` on the wire. */
  watch: boolean
}

/**
 * A seat that the server has given, or may have given.
 *
 * @internal
 */
interface HeldSeat {
  room: string
  /** The server's `resumeToken`, which proves the seat. */
  token: string | undefined
  /** The claim of the join, which proves the seat if its `joined` was lost. */
  claim: string | undefined
  /** How long the server keeps the seat after its socket is lost, in ms. */
  window: number
  /** How many messages of this seat have arrived. The server replays the later ones. */
  received: number
  /** When the socket was lost, in ms. Null while it is open. */
  lostAt: number | null
}

/** The server's default window in ms, for a seat whose `joined` never arrived. */
const ASSUMED_WINDOW = 20_000

/** The seats that this client can prove: the one that it holds, and one that it left while there was no connection. */
export class SeatBook {
  readonly #environment: Environment
  readonly #resumable: boolean
  #seat: HeldSeat | null = null
  #abandoned: HeldSeat | null = null
  /** A secret that every `join` carries until one is answered. If the answer is lost, it proves that the seat is this client's own. */
  #claim: string | undefined

  /** @param resumable whether the server is asked to keep a seat after its socket is lost */
  constructor (environment: Environment, resumable: boolean) {
    this.#environment = environment
    this.#resumable = resumable
  }

  /** The room in which a seat is held. */
  get room (): string | undefined {
    return this.#seat?.room
  }

  /** Makes the `join` that takes a seat, or resumes the one that is held. */
  join (intent: JoinIntent): Join {
    if (this.#resumable) this.#claim ??= this.#environment.secret()
    return this.#message(intent.room, this.#seat, this.#claim, intent)
  }

  /** Makes the `join` that resumes the abandoned seat, so that it can be left. Returns null if there is none, or its window is over. */
  joinAbandoned (): Join | null {
    const abandoned = this.#abandoned
    if (abandoned === null || abandoned.lostAt === null || this.#environment.now() - abandoned.lostAt >= abandoned.window) {
      this.#abandoned = null
      return null
    }
    return this.#message(abandoned.room, abandoned, abandoned.claim, { token: null, watch: false })
  }

  /** The server has answered a `join`. Returns whether the seat is the same as before. */
  take (frame: Frame, room: string): boolean {
    const resumed = frame.resumed === true && this.#seat !== null
    this.#seat = this.#given(frame, room, resumed ? this.#seat?.received ?? 0 : 0)
    this.#claim = undefined
    return resumed
  }

  /** The server has answered the `join` of an abandoned seat, or of a room that is being left. */
  takeAbandoned (frame: Frame, room: string): void {
    this.#abandoned = this.#given(frame, room, 0)
  }

  /** A message of the seat has arrived. */
  count (): void {
    if (this.#seat !== null) this.#seat.received++
  }

  /** The connection is lost. */
  lose (): void {
    const now = this.#environment.now()
    if (this.#seat !== null) this.#seat.lostAt ??= now
    if (this.#abandoned !== null) this.#abandoned.lostAt ??= now
  }

  /**
   * The seat is left. It counts as abandoned until the server confirms the `leave`.
   *
   * @param unheard whether the server may have given a seat whose `joined` has not arrived
   */
  leave (room: string, unheard: boolean): void {
    const seat = this.#seat
    if (seat?.token !== undefined) this.#abandoned = { ...seat, claim: this.#claim }
    else if (unheard && this.#claim !== undefined) {
      this.#abandoned = { ...this.#given({ resumeWindow: ASSUMED_WINDOW }, room, 0), claim: this.#claim, lostAt: this.#environment.now() }
    }
    this.drop()
  }

  /** The server keeps no abandoned seat of this client. */
  forgetAbandoned (): void {
    this.#abandoned = null
  }

  /** The seat is gone. */
  drop (): void {
    this.#seat = null
    this.#claim = undefined
  }

  #given (frame: Omit<Frame, 'command'>, room: string, received: number): HeldSeat {
    return { room, token: textOf(frame.resumeToken), claim: undefined, window: numberOf(frame.resumeWindow) ?? 0, received, lostAt: null }
  }

  #message (room: string, seat: HeldSeat | null, claim: string | undefined, intent: { token: string | null, watch: boolean }): Join {
    return {
      command: 'join',
      streamId: room,
      ...intent.token === null ? {} : { token: intent.token },
      ...intent.watch ? { mode: 'play' } : {},
      ...this.#resumable ? { resume: true, received: seat?.received ?? 0 } : {},
      ...claim === undefined ? {} : { claim },
      ...seat?.token === undefined ? {} : { resumeToken: seat.token }
    }
  }
}
