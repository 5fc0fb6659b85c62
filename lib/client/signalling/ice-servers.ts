import { deferred, type Deferred } from '../base/deferred.js'
import { Emitter } from '../base/emitter.js'
import type { Environment } from '../base/environment.js'
import { AdaptorError, browserError } from '../base/client-errors.js'
import { numberOf, textOf, type Frame } from './frames.js'
import { Timer } from '../base/timer.js'

/** How long a call waits for the server's answer before it does without, and an ICE restart for a fresher one. */
const WAIT = 3_000
/** Credentials are renewed when so much of their time is over. */
const RENEW_AT = 0.8

interface IceServersEvents {
  changed: undefined
  error: AdaptorError
}

/** The STUN and TURN servers: the application's own, or those that the signalling server names, kept fresh. */
export class IceServers extends Emitter<IceServersEvents> {
  readonly #environment: Environment
  readonly #given: RTCConfiguration
  readonly #ask: () => void
  readonly #renewal: Timer
  readonly #answerTimer: Timer
  #servers: RTCIceServer[] | null = null
  #staleAt = Infinity
  #answer: Deferred<void> | null = null
  /** The servers that were left out, by what was told of them: once each, however often they come again. */
  readonly #leftOut = new Set<string>()

  /** `ask` sends `getIceServerConfig`, if it can. */
  constructor (environment: Environment, given: RTCConfiguration, ask: () => void) {
    super()
    this.#environment = environment
    this.#given = given
    this.#ask = ask
    this.#renewal = new Timer(environment)
    this.#answerTimer = new Timer(environment)
  }

  get configuration (): RTCConfiguration {
    return this.#servers === null ? this.#given : { ...this.#given, iceServers: this.#servers }
  }

  /**
   * Leaves out the servers that this browser refuses, such as a TURN server without credentials, and tells each: one of
   * them would take the call down with it (W3C WebRTC 1.0, section 4.4.1.6). `false` where all of them can be used.
   */
  leaveOutUnusable (): boolean {
    const servers: unknown = this.configuration.iceServers
    if (!Array.isArray(servers)) return false
    const usable = (servers as RTCIceServer[]).filter(server => this.#usable(server))
    if (usable.length === servers.length) return false
    this.#servers = usable
    return true
  }

  /** Resolves when the servers are known and fresh, or have been waited for long enough. */
  async ready (): Promise<void> {
    if (this.#given.iceServers !== undefined || (this.#servers !== null && !this.#stale)) return
    this.#answer ??= deferred<void>()
    const answer = this.#answer
    if (!this.#answerTimer.running) {
      this.refresh()
      this.#answerTimer.startDeadline(WAIT, () => this.#finishWaiting())
    }
    await answer.promise
  }

  /** Asks, where there is something to ask for. The answer comes to `handleConfig`, an error to nobody: there are calls without. */
  refresh (): void {
    if (this.#given.iceServers === undefined && (this.#servers === null || this.#stale)) this.#ask()
  }

  handleConfig (frame: Frame): void {
    if (this.#given.iceServers !== undefined) return
    this.#servers = Array.isArray(frame.iceServers) ? frame.iceServers as RTCIceServer[] : legacyServers(frame)
    const ttl = numberOf(frame.ttl)
    this.#staleAt = ttl === undefined ? Infinity : this.#environment.now() + ttl * 1000 * RENEW_AT
    if (ttl === undefined) this.#renewal.stop()
    else this.#renewal.start(Math.max(ttl * 1000 * RENEW_AT, 1000), () => this.#renew())
    this.#finishWaiting()
    this.emit('changed', undefined)
  }

  /** The server names none, or not to us. */
  handleRefusal (): void {
    this.#finishWaiting()
  }

  close (): void {
    this.#renewal.stop()
    this.#finishWaiting()
  }

  #usable (server: RTCIceServer): boolean {
    try {
      new this.#environment.RTCPeerConnection({ iceServers: [server] }).close()
      return true
    } catch (error) {
      const what = `The server ${String(server?.urls)} cannot be used and is left out: ${browserError(error).message}`
      if (!this.#leftOut.has(what)) this.emit('error', new AdaptorError('invalidIceServer', what, { cause: error }))
      this.#leftOut.add(what)
      return false
    }
  }

  get #stale (): boolean {
    return this.#environment.now() >= this.#staleAt
  }

  #renew (): void {
    // A timer may fire a fraction of a millisecond before the clock says so.
    this.#staleAt = -Infinity
    this.refresh()
  }

  #finishWaiting (): void {
    this.#answerTimer.stop()
    this.#answer?.resolve()
    this.#answer = null
  }
}

/** What Ant Media's server answers: one URI, and credentials where it is a TURN server's. */
function legacyServers (frame: Frame): RTCIceServer[] {
  const urls = textOf(frame.stunServerUri) ?? ''
  if (/^turns?:/.test(urls)) {
    return [{ urls, username: textOf(frame.turnServerUsername) ?? '', credential: textOf(frame.turnServerCredential) ?? '' }]
  }
  return /^stuns?:/.test(urls) ? [{ urls }] : []
}
