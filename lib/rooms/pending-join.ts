import type { JoinOutcome, JoinRequest } from './join-request.js'

/** A join that waits: while the peers of a full room are probed, or for who decides elsewhere. */
export class PendingJoin {
  readonly request: JoinRequest
  /** Resolves once: with the seat, or with why there is none. Never rejects. */
  readonly outcome: Promise<JoinOutcome>
  #answer: (outcome: JoinOutcome) => void = () => {}
  readonly #withdraw: (join: PendingJoin, resumable: boolean) => void

  /** @param withdraw takes the join out of the room's queue, and answers it, if it still waits there */
  constructor (request: JoinRequest, withdraw: (join: PendingJoin, resumable: boolean) => void) {
    this.request = request
    this.#withdraw = withdraw
    this.outcome = new Promise(resolve => { this.#answer = resolve })
  }

  /** The room has decided. */
  answer (outcome: JoinOutcome): void {
    this.#answer(outcome)
  }

  /**
   * The joiner has gone. Does nothing once the room has decided.
   *
   * @param resumable whether it may come back to a seat that it is being given
   */
  cancel (resumable: boolean): void {
    this.#withdraw(this, resumable)
  }
}
