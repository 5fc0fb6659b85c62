import type { Clock } from '../rooms/clock.js'
import { splitToken, type SeatClaim } from '../rooms/resume-proof.js'
import type { RoomName, SeatArbiter } from '../rooms/seat-arbiter.js'
import type { Seat } from '../rooms/seat.js'
import type { Deciding } from './between-servers.js'
import { hash } from './joining.js'

/** For how long a window is paused at the most, in ms: the server whose application decides may have died. */
const LONGEST = 30_000

export interface DecisionsParts {
  /** The id of this server. */
  readonly server: string
  readonly arbiter: SeatArbiter
  readonly clock: Clock
  send (server: string, message: Deciding): void
  failed (error: unknown): void
}

/**
 * While the application of one server decides whether somebody may come back, the window of the seat stands still, though the seat is on
 * another server: otherwise its owner could lose it while it waits for the answer.
 */
export class Decisions {
  readonly #parts: DecisionsParts
  #last = 0
  /** The windows that stand still for other servers. */
  readonly #paused = new Map<string, { unpause: () => void, timer: unknown }>()

  constructor (parts: DecisionsParts) {
    this.#parts = parts
  }

  /**
   * The application of this server is deciding on a joiner. A claim alone finds no seat of another server: it is for a token that got lost.
   *
   * @returns to be called when it has decided
   */
  begin (room: RoomName, { resumeToken }: SeatClaim): () => void {
    if (resumeToken === undefined) return () => {}
    const number = ++this.#last
    const decision = { server: '', isMade: false }
    const { id, secret } = splitToken(resumeToken)
    this.#tell(room, { type: 'deciding', number, seat: id, token: hash(secret) }, decision).catch((error: unknown) => this.#parts.failed(error))
    return () => {
      decision.isMade = true
      if (decision.server !== '') this.#parts.send(decision.server, { type: 'decided', number })
    }
  }

  /**
   * Another server says that its application is deciding, or has decided.
   *
   * @param seat the one that the message names, if it is here
   */
  hear (from: string, message: Deciding, seat: Seat | undefined): void {
    const { clock } = this.#parts
    const name = `${from} ${message.number}`
    if (message.type === 'decided') {
      this.#end(name)
      return
    }
    const secret = seat?.proof?.secrets.token ?? null
    if (seat === undefined || secret === null || hash(secret) !== message.token) return
    const unpause = seat.pauseWindow()
    if (unpause !== undefined) this.#paused.set(name, { unpause, timer: clock.after(LONGEST, () => this.#end(name)) })
  }

  /** Nothing stands still any more. */
  end (): void {
    for (const name of [...this.#paused.keys()]) this.#end(name)
  }

  async #tell (room: RoomName, message: Deciding & { type: 'deciding' }, decision: { server: string, isMade: boolean }): Promise<void> {
    const { seats } = await this.#parts.arbiter.state(room)
    const server = seats.find(({ id }) => id === message.seat)?.server
    if (server === undefined || server === this.#parts.server || decision.isMade) return
    decision.server = server
    this.#parts.send(server, message)
  }

  #end (name: string): void {
    const paused = this.#paused.get(name)
    if (paused === undefined) return
    this.#paused.delete(name)
    this.#parts.clock.cancel(paused.timer)
    paused.unpause()
  }
}
