import type { Environment } from '../base/environment.js'
import { Timer } from '../base/timer.js'

/** A connection that is `disconnected` often comes back by itself. */
const PATIENCE = 3_000
/** The polite side leaves the first move to the other and makes it only where nothing happens. */
const COURTESY = 4_000
/** How long a restart of ICE is given before the next rung is tried. */
const RESTART_WITHIN = 8_000
/** How long a call may take to come up; a client that knows nothing of us may be asking somebody first. */
const SET_UP_WITHIN = 15_000
const PLAIN_SET_UP_WITHIN = 30_000
/** The longest wait between one try and the next. */
const LONGEST = 60_000
/** When the application is told that nothing gets through. Before either side joins afresh, so that both can say so. */
const TOLD_AFTER = 20_000
/** The other side joins afresh by `leave` and `join` in one burst; who comes later than this has come for another reason. */
const REJOIN_WITHIN = 5_000

/** A fresh join is tried once; what is above it is a fresh peer connection again. A client of another make gets fresh joins alone. */
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
  /** Nothing has got through for a while; gives back what was said of it, which is said once. */
  failed: (told: ReadonlySet<Failure>) => Failure
}

export type Failure = 'peerConnectionFailed' | 'offerUnanswered'

/** What is done for a call whose media does not get through: restart ICE, a fresh peer connection, a fresh join. */
export class Ladder {
  readonly #environment: Environment
  readonly #settings: LadderSettings
  readonly #timer: Timer
  readonly #verdict: Timer
  /** How many tries there were, by either side, since media last got through. */
  #rung = 0
  #troubled = false
  /** The time has come and nothing could be done. */
  #held = false
  #verdictHeld = false
  /** When the timer ends. */
  #due = 0
  /** When the trouble began. */
  #since = 0
  /** When the other side left in the middle of it. */
  #goneAt: number | null = null
  #told = new Set<Failure>()

  constructor (environment: Environment, settings: LadderSettings) {
    this.#environment = environment
    this.#settings = settings
    this.#timer = new Timer(environment)
    this.#verdict = new Timer(environment)
  }

  /** A peer connection is being set up; `theirs` where the other side has asked for it. */
  handleSetUp (theirs: boolean): void {
    const again = this.#goneAt !== null
    if (this.#goneAt !== null && this.#environment.now() - this.#goneAt > REJOIN_WITHIN) this.stop()
    this.#goneAt = null
    // A try of the other side counts for both, so that the tries of the two grow apart together.
    if (this.#troubled && (theirs || again)) this.#rung++
    this.#trouble()
    this.#awaitSetUp()
  }

  /** It has shown that the other side is one of ours, which needs less time than a client that may be asking somebody. */
  handleRecognition (): void {
    if (this.#troubled && this.#timer.running) this.#awaitSetUp()
  }

  handleState (state: RTCPeerConnectionState): void {
    if (state === 'connected') {
      this.stop()
    } else if (state === 'disconnected' && !this.#troubled) {
      this.#trouble()
      this.#await(PATIENCE)
    } else if (state === 'failed') {
      // While a rung is being tried its time is not over; ICE may fail several times on the way.
      if (!this.#troubled || this.#rung === 0) this.#await(0)
      this.#trouble()
    }
  }

  /** The other side does something about it: it gets the time of a rung, or what is left of a longer one. */
  handleProgress (): void {
    if (this.#troubled) this.#await(RESTART_WITHIN, this.#timer.running ? this.#due : 0)
  }

  /** The way through the server is open again. */
  handleAble (): void {
    if (this.#held) this.#await(0)
    if (this.#verdictHeld) this.#awaitVerdict(TOLD_AFTER)
  }

  /** The other side has left. It may be back at once, by a fresh join of its own: the count goes on then. */
  handleGone (): void {
    if (!this.#troubled) return this.stop()
    this.#goneAt = this.#environment.now()
    this.#timer.stop()
    this.#verdict.stop()
    this.#held = this.#verdictHeld = false
  }

  /** All is well, or there is nobody to be well with. */
  stop (): void {
    this.#timer.stop()
    this.#verdict.stop()
    this.#rung = 0
    this.#goneAt = null
    this.#told.clear()
    this.#troubled = this.#held = this.#verdictHeld = false
  }

  #trouble (): void {
    if (!this.#troubled) this.#since = this.#environment.now()
    this.#troubled = true
    if (!this.#verdict.running && !this.#told.has('peerConnectionFailed')) this.#awaitVerdict(Math.max(this.#since + TOLD_AFTER - this.#environment.now(), 0))
  }

  #awaitVerdict (delay: number): void {
    this.#verdictHeld = false
    this.#verdict.start(delay, () => this.#judge())
  }

  #judge (): void {
    // While the server is away nobody can try anything: not the fault of the way between the two.
    if (!this.#settings.able()) {
      this.#verdictHeld = true
      return
    }
    this.#told.add(this.#settings.failed(this.#told))
    // An offer that is answered late may find no way either.
    if (!this.#told.has('peerConnectionFailed')) this.#awaitVerdict(TOLD_AFTER)
  }

  /** Longer and longer once everything was tried. */
  #awaitSetUp (): void {
    const patience = this.#settings.plain() ? PLAIN_SET_UP_WITHIN : SET_UP_WITHIN
    this.#await(Math.min(patience * 2 ** Math.max(this.#rung - REJOIN - 1, 0), LONGEST))
  }

  /** `least`: a time before which nothing is tried in any case. */
  #await (delay: number, least = 0): void {
    this.#held = false
    const courtesy = this.#settings.polite() && !this.#settings.plain() ? COURTESY : 0
    const now = this.#environment.now()
    this.#due = Math.max(now + delay + courtesy, least)
    this.#timer.start(this.#due - now, () => this.#climb())
  }

  #climb (): void {
    if (!this.#settings.able()) {
      this.#held = true
      return
    }
    const plain = this.#settings.plain()
    if (this.#rung === 0 && !this.#settings.mayOffer()) this.#rung = 1
    if (this.#rung === 1 && plain) this.#rung = REJOIN
    const rung = this.#rung++
    if (rung === 0) this.#await(RESTART_WITHIN)
    else this.#awaitSetUp()
    this.#settings.climb(rung === 0 ? 'restart' : rung === REJOIN || plain ? 'rejoin' : 'fresh')
  }
}
