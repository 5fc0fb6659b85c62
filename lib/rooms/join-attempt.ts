import type { Join } from '../protocol/client-messages.js'
import { kindOf } from './client-kind.js'
import type { JoinOutcome } from './join-request.js'
import type { Grant } from './participant-ports.js'
import { PendingJoin } from './pending-join.js'
import type { Refusal } from './refusal.js'
import type { RoomRegistry } from './room-registry.js'
import type { PeerProfile } from './peer-profile.js'
import type { SeatHolder } from './seat.js'

const NO_PROFILE: PeerProfile = Object.freeze({})

/** Who joins. */
export interface Joiner {
  readonly app: string
  readonly rooms: RoomRegistry
  /** How many rooms the application may have. */
  readonly maxRooms: number
  readonly seats: SeatHolder
}

/** One `join` of one peer: first the application decides, then the room. */
export class JoinAttempt {
  readonly message: Join
  readonly #joiner: Joiner
  /** The join that waits for the room's answer; null while none does. */
  #pending: PendingJoin | null = null

  constructor (joiner: Joiner, message: Join) {
    this.#joiner = joiner
    this.message = message
  }

  /**
   * Takes the seat.
   *
   * @param decision what the application said, or will say
   * @returns null where the joiner has gone before the room was asked
   */
  run (decision: Grant | Refusal | Promise<Grant | Refusal>): JoinOutcome | null | Promise<JoinOutcome | null> {
    return decision instanceof Promise ? this.#decide(decision) : this.#take(decision)
  }

  /** The joiner has gone. */
  cancel (resumable: boolean): void {
    this.#pending?.cancel(resumable)
  }

  async #decide (decision: Promise<Grant | Refusal>): Promise<JoinOutcome | null> {
    const { streamId, resumeToken } = this.message
    const unpause = this.#joiner.rooms.pauseWindow(this.#joiner.app, streamId, { resumeToken, claim: this.#claim })
    try {
      return await this.#take(await decision)
    } finally {
      unpause?.()
    }
  }

  #take (decision: Grant | Refusal): JoinOutcome | null | Promise<JoinOutcome> {
    if ('refused' in decision) return decision
    const { app, rooms, maxRooms, seats } = this.#joiner
    // The client may have gone while the application was deciding.
    if (!seats.link.open) return null
    const { capacity, ...rest } = decision
    // An object of its own costs each seat 56 bytes, and most applications say nothing of their peers.
    const profile = rest.role === undefined && rest.metadata === undefined ? NO_PROFILE : rest
    const { message } = this
    const answer = rooms.join(app, message.streamId, {
      holder: seats,
      kind: kindOf(message),
      resume: message.resume === true,
      resumeToken: message.resumeToken,
      claim: this.#claim,
      received: message.received,
      profile,
      capacity
    }, maxRooms)
    if (!(answer instanceof PendingJoin)) return answer
    this.#pending = answer
    return answer.outcome
  }

  get #claim (): string | undefined {
    return this.message.resume === true ? this.message.claim : undefined
  }
}
