import type { Environment } from '../base/environment.js'
import { numberOf, type Frame } from '../signalling/frames.js'
import { Timer } from '../base/timer.js'

/** How long messages wait for the other peer on a new seat, in ms: as long as clients are likely to come back after a restart of the server. */
const AWAIT_FOR = 60_000

/** Who else sits in the room, as far as the server tells. */
export class Presence {
  readonly #expired: () => void
  readonly #timer: Timer
  /** `null` where the server does not tell, as Ant Media's does not. */
  #others: number | null = null

  /** `expired`: nobody came back while somebody was awaited. */
  constructor (environment: Environment, expired: () => void) {
    this.#timer = new Timer(environment)
    this.#expired = expired
  }

  /** Nobody is there, and nobody is about to come back. */
  get alone (): boolean {
    return this.#others === 0 && !this.#timer.running
  }

  /** Nobody is there yet; whoever sat there before is likely to come back, as we did. */
  get awaited (): boolean {
    return this.#others === 0 && this.#timer.running
  }

  /** A seat that is new. `again`: it takes the place of one that we had. */
  begin (joined: Frame, again: boolean): void {
    this.#timer.stop()
    this.#others = numberOf(joined.peers) ?? null
    if (again && this.#others === 0) this.#timer.startDeadline(AWAIT_FOR, this.#expired)
  }

  /** A message of the seat; returns whether somebody came. A resumption repeats those that were missed, and so needs no count of its own. */
  handle (frame: Frame): boolean {
    if (this.#others === null || frame.command !== 'notification') return false
    if (frame.definition === 'peerLeft') this.#others = Math.max(this.#others - 1, 0)
    if (frame.definition !== 'peerJoined') return false
    this.#others++
    this.#timer.stop()
    return true
  }

  end (): void {
    this.#timer.stop()
    this.#others = null
  }
}
