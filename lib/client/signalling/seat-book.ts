import type { Join } from '../../protocol/client-messages.js'
import type { Environment } from '../base/environment.js'
import { numberOf, textOf, type Frame } from './frames.js'

/** What an application asked for. */
export interface JoinIntent {
  room: string
  token: string | null
  /** Only watch. */
  watch: boolean
}

/** What the server gave, or may have given. */
interface HeldSeat {
  room: string
  token: string | undefined
  claim: string | undefined
  /** For how long it outlives its socket, in ms. */
  window: number
  /** How many messages of this seat have arrived; the server sends the others again. */
  received: number
  lostAt: number | null
}

/** The server's default; for a seat of which the server's word never arrived. */
const ASSUMED_WINDOW = 20_000

/** What this client can prove about its seats: the one it sits on, and one that it left while the server could not hear it. */
export class SeatBook {
  readonly #environment: Environment
  readonly #resumable: boolean
  #seat: HeldSeat | null = null
  #abandoned: HeldSeat | null = null
  /** The same in every `join` until one is answered: where the answer is lost, it proves that the seat in the way is our own. */
  #claim: string | undefined

  /** `resumable`: seats outlive their socket. */
  constructor (environment: Environment, resumable: boolean) {
    this.#environment = environment
    this.#resumable = resumable
  }

  /** The room in which this client sits. */
  get room (): string | undefined {
    return this.#seat?.room
  }

  /** The `join` that takes a seat, or takes back the one that there is. */
  join (intent: JoinIntent): Join {
    if (this.#resumable) this.#claim ??= this.#environment.secret()
    return this.#message(intent.room, this.#seat, this.#claim, intent)
  }

  /** The `join` that takes back a seat which was left unheard, only to leave it again; `null` where there is none or its time is over. */
  joinAbandoned (): Join | null {
    const abandoned = this.#abandoned
    if (abandoned === null || abandoned.lostAt === null || this.#environment.now() - abandoned.lostAt >= abandoned.window) {
      this.#abandoned = null
      return null
    }
    return this.#message(abandoned.room, abandoned, abandoned.claim, { token: null, watch: false })
  }

  /** The server has answered `join`; tells whether the seat is the same as before. */
  take (frame: Frame, room: string): boolean {
    const resumed = frame.resumed === true && this.#seat !== null
    this.#seat = this.#given(frame, room, resumed ? this.#seat?.received ?? 0 : 0)
    this.#claim = undefined
    return resumed
  }

  /** The server has answered a `join` whose seat is not wanted any more. */
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

  /** The seat is not wanted any more, but the server may keep it. `unheard`: it may have given one that we do not know of. */
  leave (room: string, unheard: boolean): void {
    const seat = this.#seat
    if (seat?.token !== undefined) this.#abandoned = { ...seat, claim: this.#claim }
    else if (unheard && this.#claim !== undefined) this.#abandoned = this.#claimed(room, this.#claim)
    this.drop()
  }

  /** The server keeps no seat for us, not even one that we left. */
  forgetAbandoned (): void {
    this.#abandoned = null
  }

  /** The seat is gone. */
  drop (): void {
    this.#seat = null
    this.#claim = undefined
  }

  #given (frame: Frame, room: string, received: number): HeldSeat {
    return { room, token: textOf(frame.resumeToken), claim: undefined, window: numberOf(frame.resumeWindow) ?? 0, received, lostAt: null }
  }

  #claimed (room: string, claim: string): HeldSeat {
    return { room, token: undefined, claim, window: ASSUMED_WINDOW, received: 0, lostAt: this.#environment.now() }
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
