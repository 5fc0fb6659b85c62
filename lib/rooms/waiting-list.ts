import type { JoinOutcome, JoinRequest } from './join-request.js'
import type { PeerLink } from './peer-link.js'
import { PendingJoin } from './pending-join.js'

/** Most joiners queued behind one room's probe. They count against `joinsInFlight`, so one room must not exhaust it. */
const MAX_WAITING = 16

/** The joiners of a full room, in the order in which they came: they wait while its peers are asked for a sign of life. */
export class WaitingList {
  #joins: PendingJoin[] = []
  /** How many peers have not answered the probe that is under way. */
  #unanswered = 0

  get size (): number {
    return this.#joins.length
  }

  get isFull (): boolean {
    return this.#joins.length >= MAX_WAITING
  }

  get isProbing (): boolean {
    return this.#unanswered > 0
  }

  /** @param withdrawn called once the joiner has left the list because it has gone */
  add (request: JoinRequest, withdrawn: () => void): PendingJoin {
    const join = new PendingJoin(request, join => {
      const index = this.#joins.indexOf(join)
      if (index === -1) return
      this.#joins.splice(index, 1)
      join.answer({ refused: 'NoSpaceForNewPeer' })
      withdrawn()
    })
    this.#joins.push(join)
    return join
  }

  /** Whether somebody waits for whom there is a seat. */
  some (fits: (request: JoinRequest) => boolean): boolean {
    return this.#joins.some(({ request }) => fits(request))
  }

  /** Takes the first joiner for whom there is a seat off the list. */
  take (fits: (request: JoinRequest) => boolean): PendingJoin | undefined {
    if (this.#joins.length === 0) return undefined
    const index = this.#joins.findIndex(({ request }) => fits(request))
    return index === -1 ? undefined : this.#joins.splice(index, 1)[0]
  }

  /** Answers everybody who waits. */
  turnAway (outcome: JoinOutcome): void {
    const joins = this.#joins
    this.#joins = []
    for (const join of joins) join.answer(outcome)
  }

  /**
   * Asks every link for a sign of life.
   *
   * @param dead told of each link whose peer did not answer
   * @param done called once every peer has answered or was found dead
   */
  probe (links: readonly PeerLink[], dead: (link: PeerLink) => void, done: () => void): void {
    this.#unanswered = links.length
    for (const link of links) {
      link.probe(alive => {
        this.#unanswered--
        if (!alive) dead(link)
        if (this.#unanswered === 0) done()
      })
    }
  }
}
