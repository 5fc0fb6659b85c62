import type { ErrorDefinition } from '../../protocol/codes.js'
import { Backoff } from '../base/backoff.js'
import type { AdaptorError } from '../base/client-errors.js'
import { Timer } from '../base/timer.js'
import type { JoinRetry } from '../signalling/join-retry.js'
import type { Pace } from './pace.js'
import type { SignallingContext } from './signalling-context.js'

/** What an automatic rejoin is worth another try after. */
const TEMPORARY: readonly string[] = [
  'NoSpaceForNewPeer', 'rateExceeded', 'serverBusy', 'serverDraining', 'tooManyRooms', 'internalError'
] satisfies ErrorDefinition[]
/** Of these, what a server says without having looked for the seat: the next `join` must prove it as this one did. */
const UNDECIDED: readonly string[] = ['rateExceeded', 'serverBusy', 'serverDraining', 'internalError'] satisfies ErrorDefinition[]

/** The longest `retryAfter` of the server that is respected, in ms. */
const MAX_RETRY = 30_000

/** Runs a refused command again: with growing delays, and not before the server's `retryAfter` is over. */
export class Retry implements JoinRetry {
  readonly #newBackoff: () => Backoff
  readonly #timer: Timer
  readonly #pace: Pace
  #backoff: Backoff

  constructor ({ environment, signalling }: SignallingContext, pace: Pace) {
    this.#newBackoff = () => new Backoff(environment, signalling.connection.policy, 1)
    this.#backoff = this.#newBackoff()
    this.#pace = pace
    this.#timer = new Timer(environment)
  }

  get running (): boolean {
    return this.#timer.running
  }

  later (error: AdaptorError, task: () => void): boolean | null {
    const delay = TEMPORARY.includes(error.name) ? this.#backoff.next() : null
    if (delay === null) return null
    this.#start(error, delay, task)
    return UNDECIDED.includes(error.name)
  }

  always (error: AdaptorError, task: () => void): void {
    if (!this.running) this.#start(error, Math.max(this.#backoff.next() ?? MAX_RETRY, this.#pace.interval), task)
  }

  stop (): void {
    this.#timer.stop()
  }

  reset (): void {
    this.#backoff = this.#newBackoff()
  }

  #start (error: AdaptorError, delay: number, task: () => void): void {
    this.#timer.start(Math.max(delay, Math.min(error.retryAfter ?? 0, MAX_RETRY)), task)
  }
}
