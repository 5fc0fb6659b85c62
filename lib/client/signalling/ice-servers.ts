import { deferred, type Deferred } from '../base/deferred.js'
import { Emitter } from '../base/emitter.js'
import type { Environment } from '../base/environment.js'
import type { FindGuard } from '../base/guarding.js'
import { numberOf, textOf, type Frame } from './frames.js'
import { Timer } from '../base/timer.js'
import type { SignallingSession } from './signalling-session.js'

/** How long a call waits for the servers, and an ICE restart for fresh credentials, in ms. After that both go on without them. */
const WAIT = 3_000
/** The part of the credentials' lifetime after which they are renewed. */
const RENEW_AT = 0.8

interface IceServersEvents {
  /** Other servers, or new credentials, are to be used. */
  changed: undefined
}

/** The STUN and TURN servers: the application's own, or those of the signalling server, renewed before their credentials expire. */
export class IceServers extends Emitter<IceServersEvents> {
  readonly #environment: Environment
  readonly #given: RTCConfiguration
  readonly #signalling: SignallingSession
  readonly #guard: FindGuard
  readonly #renewal: Timer
  readonly #answerTimer: Timer
  #servers: RTCIceServer[] | null = null
  #staleAt = Infinity
  #answer: Deferred<void> | null = null
  /** Whether `getIceServerConfig` is not answered yet. An error without a room then counts as the answer. */
  #asked = false

  /** @param given the application's own configuration. If it has `iceServers`, the server is never asked */
  constructor (environment: Environment, given: RTCConfiguration, signalling: SignallingSession, guard: FindGuard) {
    super()
    this.#environment = environment
    this.#given = given
    this.#signalling = signalling
    this.#guard = guard
    this.#renewal = new Timer(environment)
    this.#answerTimer = new Timer(environment)
    signalling.takeAnswer = frame => this.#takeAnswer(frame)
    signalling.on('lost', () => { this.#asked = false })
    signalling.on('open', () => this.refresh())
    // A server may name its TURN servers only to those who have joined.
    signalling.on('seated', () => this.refresh())
  }

  /** The configuration for the next RTCPeerConnection. */
  get configuration (): RTCConfiguration {
    return this.#servers === null ? this.#given : { ...this.#given, iceServers: this.#servers }
  }

  /** Uses these servers from now on. */
  use (servers: RTCIceServer[]): void {
    this.#servers = servers
    this.emit('changed', undefined)
  }

  /** The browser refuses the configuration: resolves when another one is to be tried, and rejects with what is to be told. */
  async mend (error: unknown): Promise<void> {
    const guard = await this.#guard()
    if (guard === null) throw error
    await guard.mend(error)
  }

  /** Resolves when the servers are known and fresh, at the latest after {@link WAIT}. */
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

  /** Asks the server if its servers are needed, and unknown or stale. A refusal is no error: a call may come up without them. */
  refresh (): void {
    if (this.#given.iceServers === undefined && (this.#servers === null || this.#stale) && this.#signalling.askIceServers()) this.#asked = true
  }

  close (): void {
    this.#renewal.stop()
    this.#finishWaiting()
  }

  #takeAnswer (frame: Frame): boolean {
    const config = frame.command === 'iceServerConfig'
    if (!config && (frame.command !== 'error' || !this.#asked || textOf(frame.streamId) !== undefined)) return false
    this.#asked = false
    if (config) this.#handleConfig(frame)
    // The server has none, or refuses them to this client.
    else this.#finishWaiting()
    return true
  }

  #handleConfig (frame: Frame): void {
    if (this.#given.iceServers !== undefined) return
    const ttl = numberOf(frame.ttl)
    this.#staleAt = ttl === undefined ? Infinity : this.#environment.now() + ttl * 1000 * RENEW_AT
    if (ttl === undefined) this.#renewal.stop()
    else this.#renewal.start(Math.max(ttl * 1000 * RENEW_AT, 1000), () => this.#renew())
    this.use(serversOf(frame))
    this.#finishWaiting()
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

/** The servers that an `iceServerConfig` names. Ant Media's server names one URI, with credentials where it is a TURN server's. */
export function serversOf (frame: Frame): RTCIceServer[] {
  if (Array.isArray(frame.iceServers)) return frame.iceServers as RTCIceServer[]
  const urls = textOf(frame.stunServerUri) ?? ''
  if (/^turns?:/.test(urls)) {
    return [{ urls, username: textOf(frame.turnServerUsername) ?? '', credential: textOf(frame.turnServerCredential) ?? '' }]
  }
  return /^stuns?:/.test(urls) ? [{ urls }] : []
}
