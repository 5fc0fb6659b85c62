import type { Environment } from './environment.js'
import { Timer } from './timer.js'

/** A connection that is `disconnected` often comes back by itself. */
const PATIENCE = 3_000
/** The polite side leaves the first move to the other and makes it only where nothing happens. */
const COURTESY = 4_000
/** How long a restart of ICE is given before the next rung is tried. */
const RESTART_WITHIN = 8_000
/** How long a call may take to come up; a client that knows nothing of us may be asking somebody first. */
const SET_UP_WITHIN = 15_000
const PLAIN_SET_UP_WITHIN = 30_000
/** The longest wait between one fresh join and the next. */
const LONGEST = 60_000

/** The last rung; what is above it is that one again. */
const REJOIN = 2

export type Rung = 'restart' | 'fresh' | 'rejoin'

export interface LadderSettings {
  /** Whether anything can be done now: the other side can be reached through the server. */
  able: () => boolean
  polite: () => boolean
  /** Whether the other side is a client of another make, which never makes a move itself. */
  plain: () => boolean
  /** Whether this side may offer, and so restart ICE. */
  mayOffer: () => boolean
  climb: (rung: Rung) => void
  /** Everything was tried once. */
  exhausted: () => void
}

/** What is done for a call whose media does not get through: restart ICE, a fresh peer connection, a fresh join. */
export class Ladder {
  readonly #settings: LadderSettings
  readonly #timer: Timer
  /** How many rungs were tried since media last got through. */
  #rung = 0
  #troubled = false
  /** The time has come and nothing could be done. */
  #held = false

  constructor (environment: Environment, settings: LadderSettings) {
    this.#settings = settings
    this.#timer = new Timer(environment)
  }

  /** A peer connection is being set up. */
  handleSetUp (): void {
    this.#troubled = true
    this.#awaitSetUp()
  }

  handleState (state: RTCPeerConnectionState): void {
    if (state === 'connected') {
      this.stop()
    } else if (state === 'disconnected' && !this.#troubled) {
      this.#troubled = true
      this.#await(PATIENCE)
    } else if (state === 'failed') {
      // While a rung is being tried its time is not over; ICE may fail several times on the way.
      if (!this.#troubled || this.#rung === 0) this.#await(0)
      this.#troubled = true
    }
  }

  /** The other side does something about it: it gets the time of a rung. */
  handleProgress (): void {
    if (this.#troubled) this.#await(RESTART_WITHIN)
  }

  /** The way through the server is open again. */
  handleAble (): void {
    if (this.#held) this.#await(0)
  }

  /** All is well, or there is nobody to be well with. */
  stop (): void {
    this.#timer.stop()
    this.#rung = 0
    this.#troubled = this.#held = false
  }

  /** Longer and longer once everything was tried. */
  #awaitSetUp (): void {
    const patience = this.#settings.plain() ? PLAIN_SET_UP_WITHIN : SET_UP_WITHIN
    this.#await(Math.min(patience * 2 ** Math.max(this.#rung - REJOIN - 1, 0), LONGEST))
  }

  #await (delay: number): void {
    this.#held = false
    const courtesy = this.#settings.polite() && !this.#settings.plain() ? COURTESY : 0
    this.#timer.start(delay + courtesy, () => this.#climb())
  }

  #climb (): void {
    if (!this.#settings.able()) {
      this.#held = true
      return
    }
    if (this.#rung === 0 && !this.#settings.mayOffer()) this.#rung = 1
    if (this.#rung === 1 && this.#settings.plain()) this.#rung = REJOIN
    const rung = this.#rung++
    if (rung === 0) this.#await(RESTART_WITHIN)
    else this.#awaitSetUp()
    if (rung === REJOIN + 1) this.#settings.exhausted()
    this.#settings.climb(rung === 0 ? 'restart' : rung === 1 ? 'fresh' : 'rejoin')
  }
}
