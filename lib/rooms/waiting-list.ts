import type { JoinOutcome, JoinRequest } from './join-request.js'
import type { PeerLink } from './peer-link.js'
import { PendingJoin } from './pending-join.js'

/** Most joiners queued behind one room's probe. They count against `joinsInFlight`, so one room must not exhaust it. */
const MAX_WAITING = 16

/** The joiners of a full room, in the order in which they came. They wait while the peers of the room are probed. */
export class WaitingList {
  #joins: PendingJoin[] = []
  /** How many peers have not answered the current probe yet. */
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

  /** @param withdrawn called when the joiner has gone, and is no longer on the list */
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

  /** Whether there is a seat for one of the joiners. */
  some (fits: (request: JoinRequest) => boolean): boolean {
    return this.#joins.some(({ request }) => fits(request))
  }

  /** Removes and returns the first joiner for whom there is a seat. */
  take (fits: (request: JoinRequest) => boolean): PendingJoin | undefined {
    if (this.#joins.length === 0) return undefined
    const index = this.#joins.findIndex(({ request }) => fits(request))
    return index === -1 ? undefined : this.#joins.splice(index, 1)[0]
  }

  /** Answers all joiners alike, and empties the list. */
  turnAway (outcome: JoinOutcome): void {
    const joins = this.#joins
    this.#joins = []
    for (const join of joins) join.answer(outcome)
  }

  /**
   * Probes every link.
   *
   * @param dead called for each link whose peer did not answer in time
   * @param done called when every peer has answered or was found dead
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
