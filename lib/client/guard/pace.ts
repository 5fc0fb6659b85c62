import type { ToldLimits } from '../../protocol/server-messages.js'
import { Allowance } from './allowance.js'
import type { Environment } from '../base/environment.js'
import { numberOf } from '../signalling/frames.js'

type Paced = 'messagesPerSecond' | 'messageBurst' | 'bytesPerSecond' | 'byteBurst' | 'waitingFrames'

/** The limits of a server that does not tell them, such as Ant Media's: half of this plugin's defaults. */
const ASSUMED: Pick<ToldLimits, Paced> = { messagesPerSecond: 50, messageBurst: 250, bytesPerSecond: 65_536, byteBurst: 262_144, waitingFrames: 256 }
/** The part of each limit that is used. The rest allows for a server's clock that is slower than this one. */
const SHARE = 0.9
/**
 * The part of each allowance that a kind of message leaves unused. Messages of the application leave it to those of the call. Messages of the
 * call leave it to `ping`, `leave` and other commands, which are sent at once.
 */
const KEPT = { application: 0.3, call: 0.1 }
/** The most that may be sent and not confirmed. With more, a `pong` on a slow line would come so late that the connection counts as lost. */
const MAX_MESSAGES_UNDER_WAY = 128
const MAX_BYTES_UNDER_WAY = 65_536

/** Keeps a connection below the server's rate limits, even if the network delays messages and delivers them in one burst. */
export class Pace {
  readonly #environment: Environment
  #limits: Pick<ToldLimits, Paced> = ASSUMED
  #frameBytes = Infinity
  #messages: Allowance
  #bytes: Allowance
  /** What was sent between each `ping` that is not answered yet and the one before it. */
  #marks: Array<{ messages: number, bytes: number }> = []
  /** What was sent after the last `ping`. */
  #since = { messages: 0, bytes: 0 }

  constructor (environment: Environment) {
    this.#environment = environment
    this.#messages = this.#newAllowance('message')
    this.#bytes = this.#newAllowance('byte')
  }

  /** The largest frame that the server takes, in bytes. Infinity if the server does not tell. */
  get frameBytes (): number {
    return this.#frameBytes
  }

  /** The time after which a server that has refused a message takes another one, in ms. */
  get interval (): number {
    return Math.ceil(1000 / this.#messages.rate)
  }

  /** Whether a `ping` is not answered yet. */
  get asking (): boolean {
    return this.#marks.length > 0
  }

  /** The connection is lost. The server counts the next one from zero. */
  handleLoss (): void {
    this.#messages = this.#newAllowance('message')
    this.#bytes = this.#newAllowance('byte')
    this.#marks = []
    this.#since = { messages: 0, bytes: 0 }
  }

  /** Takes the server's limits from its `joined`. A server of another make tells none. */
  handleLimits (told: unknown): void {
    const given = (typeof told === 'object' && told !== null ? told : {}) as Record<string, unknown>
    const read = (name: keyof ToldLimits, otherwise: number) => Math.max(numberOf(given[name]) ?? otherwise, 1)
    this.#limits = {
      messagesPerSecond: read('messagesPerSecond', ASSUMED.messagesPerSecond),
      messageBurst: read('messageBurst', ASSUMED.messageBurst),
      bytesPerSecond: read('bytesPerSecond', ASSUMED.bytesPerSecond),
      byteBurst: read('byteBurst', ASSUMED.byteBurst),
      waitingFrames: read('waitingFrames', ASSUMED.waitingFrames)
    }
    this.#frameBytes = Math.min(read('frameBytes', Infinity), read('byteBurst', Infinity))
    const now = this.#environment.now()
    this.#messages = this.#messages.changed(...this.#rates('message'), now)
    this.#bytes = this.#bytes.changed(...this.#rates('byte'), now)
  }

  /** A message of this length was sent. */
  handleSent (bytes: number): void {
    this.#messages.send(1)
    this.#bytes.send(bytes)
    this.#since.messages++
    this.#since.bytes += bytes
  }

  /** A `ping` is sent. */
  handlePing (): void {
    this.#marks.push(this.#since)
    this.#since = { messages: 0, bytes: 0 }
  }

  /** A `pong` has arrived. The server answers in order, so it has read everything that was sent before that `ping`. */
  handlePong (): void {
    const mark = this.#marks.shift()
    if (mark === undefined) return
    const now = this.#environment.now()
    this.#messages.arrive(mark.messages, now)
    this.#bytes.arrive(mark.bytes, now)
  }

  /** The time in ms after which a message of this length may be sent. Infinity if a `pong` has to confirm earlier messages first. */
  delay (bytes: number, kind: 'application' | 'call'): number {
    const now = this.#environment.now()
    const kept = KEPT[kind]
    // Frames behind a `join` wait in the server until it is answered, and only `waitingFrames` of them may.
    const window = Math.max(Math.floor(Math.min(MAX_MESSAGES_UNDER_WAY, this.#limits.waitingFrames / 2) * (1 - kept)), 1)
    if (this.#messages.underWay >= window) return Infinity
    if (this.#bytes.underWay > 0 && this.#bytes.underWay + bytes > MAX_BYTES_UNDER_WAY) return Infinity
    return Math.max(
      this.#messages.delay(1 + Math.floor(this.#messages.burst * kept), now),
      this.#bytes.delay(bytes + Math.floor(this.#bytes.burst * kept), now))
  }

  #rates (unit: 'message' | 'byte'): [rate: number, burst: number] {
    return [this.#limits[`${unit}sPerSecond`] * SHARE, Math.max(Math.floor(this.#limits[`${unit}Burst`] * SHARE), 1)]
  }

  #newAllowance (unit: 'message' | 'byte'): Allowance {
    return new Allowance(...this.#rates(unit), this.#environment.now())
  }
}
