import type { Environment } from '../base/environment.js'
import { Timer } from '../base/timer.js'

/** Wait before acting on `disconnected`, in ms: such a connection often comes back by itself. */
const DISCONNECTED_GRACE = 3_000
/** Extra wait of the polite side, in ms: the impolite side acts first. */
const POLITE_DELAY = 4_000
/** Time that an ICE restart gets before the next step, in ms. */
const RESTART_WITHIN = 8_000
/** Time that a new peer connection gets, in ms. A client of another make gets more: it may ask a person first. */
const SET_UP_WITHIN = 15_000
const PLAIN_SET_UP_WITHIN = 30_000
/** Maximum wait between two attempts, in ms. */
const MAX_WAIT = 60_000
/** Time until the application is told that no media gets through, in ms. It ends before either side rejoins, so that both sides report it. */
const REPORT_AFTER = 20_000
/** The other side rejoins with `leave` and `join` in one burst, in ms. A later arrival has another reason. */
const REJOIN_WITHIN = 5_000

/** The attempt that rejoins. Every later one makes a fresh peer connection again. Against a client of another make every attempt rejoins. */
const REJOIN = 2

/** One way to repair a call. */
export type RecoveryStep = 'restart' | 'fresh' | 'rejoin'

/** @internal */
export interface RecoverySettings {
  /** Whether the other side can be reached through the server now; without that no step can work. */
  able: () => boolean
  polite: () => boolean
  /** Whether the other side is a client of another make, which never starts a recovery itself. */
  plain: () => boolean
  /** Whether this side may offer, which an ICE restart needs. */
  mayOffer: () => boolean
  attempt: (step: RecoveryStep) => void
  /** Whether our offer has no answer yet; `undefined` where there is no peer connection. */
  unanswered: () => boolean | undefined
  /** Tells the application that no media has got through for a while. */
  report: (name: keyof typeof FAILURES, message: string) => void
}

const FAILURES = {
  offerUnanswered: 'The other side is in the room and has not answered our offer.',
  peerConnectionFailed: 'No way to the other peer was found; a TURN server may be missing.'
}

/**
 * Repairs a call whose media does not get through, one step after the other: restart ICE, make a fresh peer connection,
 * rejoin the room. It decides when the next step is due; the call carries it out.
 */
export class Recovery {
  readonly #environment: Environment
  readonly #settings: RecoverySettings
  readonly #timer: Timer
  readonly #reportTimer: Timer
  /** Attempts by either side since media last got through. */
  #attempts = 0
  #active = false
  /** A step is due and waits until the other side can be reached. */
  #held = false
  #reportHeld = false
  /** When the next step is due. */
  #due = 0
  /** When media was first seen to be missing. */
  #since = 0
  /** When the other side left during the recovery. */
  #goneAt: number | null = null
  #reported = new Set<keyof typeof FAILURES>()

  constructor (environment: Environment, settings: RecoverySettings) {
    this.#environment = environment
    this.#settings = settings
    this.#timer = new Timer(environment)
    this.#reportTimer = new Timer(environment)
  }

  /** A peer connection is being set up. `theirs`: the other side asked for it. */
  handleSetUp (theirs: boolean): void {
    const again = this.#goneAt !== null
    if (this.#goneAt !== null && this.#environment.now() - this.#goneAt > REJOIN_WITHIN) this.stop()
    this.#goneAt = null
    // An attempt of the other side counts for both sides, so that the waits of both grow together.
    if (this.#active && (theirs || again)) this.#attempts++
    this.#begin()
    this.#awaitSetUp()
  }

  /** The other side has turned out to run this SDK, which needs less time than a client that may ask a person. */
  handleRecognition (): void {
    if (this.#active && this.#timer.running) this.#awaitSetUp()
  }

  handleState (state: RTCPeerConnectionState): void {
    if (state === 'connected') {
      this.stop()
    } else if (state === 'disconnected' && !this.#active) {
      this.#begin()
      this.#schedule(DISCONNECTED_GRACE)
    } else if (state === 'failed') {
      // A step that is under way keeps its time; ICE may fail several times meanwhile.
      if (!this.#active || this.#attempts === 0) this.#schedule(0)
      this.#begin()
    }
  }

  /** The other side is acting: it gets the time of an ICE restart, or what is left of a longer step. */
  handleProgress (): void {
    if (this.#active) this.#schedule(RESTART_WITHIN, this.#timer.running ? this.#due : 0)
  }

  /** The other side can be reached through the server again. */
  handleAble (): void {
    if (this.#held) this.#schedule(0)
    if (this.#reportHeld) this.#scheduleReport(REPORT_AFTER)
  }

  /** The other side has left. It may be rejoining; the attempts count on if it is back soon. */
  handleGone (): void {
    if (!this.#active) return this.stop()
    this.#goneAt = this.#environment.now()
    this.#timer.stop()
    this.#reportTimer.stop()
    this.#held = this.#reportHeld = false
  }

  /** Media gets through, or there is no other side. */
  stop (): void {
    this.#timer.stop()
    this.#reportTimer.stop()
    this.#attempts = 0
    this.#goneAt = null
    this.#reported.clear()
    this.#active = this.#held = this.#reportHeld = false
  }

  #begin (): void {
    if (!this.#active) this.#since = this.#environment.now()
    this.#active = true
    if (!this.#reportTimer.running && !this.#reported.has('peerConnectionFailed')) this.#scheduleReport(Math.max(this.#since + REPORT_AFTER - this.#environment.now(), 0))
  }

  #scheduleReport (delay: number): void {
    this.#reportHeld = false
    this.#reportTimer.startDeadline(delay, () => this.#report())
  }

  #report (): void {
    // Without the server no step can be tried, so a missing connection says nothing about the network between the peers.
    if (!this.#settings.able()) {
      this.#reportHeld = true
      return
    }
    // After our fresh join it is for the other side to offer, and one that never answered may never do so.
    const unanswered = this.#settings.unanswered() ?? this.#reported.has('offerUnanswered')
    const name = unanswered ? 'offerUnanswered' : 'peerConnectionFailed'
    if (!this.#reported.has(name)) {
      this.#reported.add(name)
      this.#settings.report(name, FAILURES[name])
    }
    // An offer that is answered late may still find no connection.
    if (!this.#reported.has('peerConnectionFailed')) this.#scheduleReport(REPORT_AFTER)
  }

  /** Gives a new peer connection its time, which doubles with each attempt once all steps were tried. */
  #awaitSetUp (): void {
    const within = this.#settings.plain() ? PLAIN_SET_UP_WITHIN : SET_UP_WITHIN
    this.#schedule(Math.min(within * 2 ** Math.max(this.#attempts - REJOIN - 1, 0), MAX_WAIT))
  }

  /** Schedules the next step. `notBefore`: the earliest time for it in any case. */
  #schedule (delay: number, notBefore = 0): void {
    this.#held = false
    const politeDelay = this.#settings.polite() && !this.#settings.plain() ? POLITE_DELAY : 0
    const now = this.#environment.now()
    this.#due = Math.max(now + delay + politeDelay, notBefore)
    this.#timer.startDeadline(this.#due - now, () => this.#attempt())
  }

  #attempt (): void {
    if (!this.#settings.able()) {
      this.#held = true
      return
    }
    const plain = this.#settings.plain()
    if (this.#attempts === 0 && !this.#settings.mayOffer()) this.#attempts = 1
    if (this.#attempts === 1 && plain) this.#attempts = REJOIN
    const attempt = this.#attempts++
    if (attempt === 0) this.#schedule(RESTART_WITHIN)
    else this.#awaitSetUp()
    this.#settings.attempt(attempt === 0 ? 'restart' : attempt === REJOIN || plain ? 'rejoin' : 'fresh')
  }
}
