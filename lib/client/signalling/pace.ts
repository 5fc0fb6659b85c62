import type { ToldLimits } from '../../protocol/server-messages.js'
import { Allowance } from './allowance.js'
import type { Environment } from '../base/environment.js'
import { numberOf } from './frames.js'

type Paced = 'messagesPerSecond' | 'messageBurst' | 'bytesPerSecond' | 'byteBurst' | 'waitingFrames'

/** For a server that tells nothing: half of what ours takes by default. */
const ASSUMED: Pick<ToldLimits, Paced> = { messagesPerSecond: 50, messageBurst: 250, bytesPerSecond: 65_536, byteBurst: 262_144, waitingFrames: 256 }
/** What is left alone of each limit: two clocks differ. */
const SHARE = 0.9
/** What messages of the application leave to the call, and what those of the call leave to `ping`, `leave` and the like, which never wait. */
const KEPT = { application: 0.3, call: 0.1 }
/** So much may be under way at once: more would delay the answer to a `ping` until a slow connection counted as lost. */
const MAX_MESSAGES_UNDER_WAY = 128
const MAX_BYTES_UNDER_WAY = 65_536

/** Keeps what one connection sends below what the server takes, whatever the network does to it on the way. */
export class Pace {
  readonly #environment: Environment
  #limits: Pick<ToldLimits, Paced> = ASSUMED
  #frameBytes = Infinity
  #messages: Allowance
  #bytes: Allowance
  /** What was under way at each `ping` that is not answered yet. */
  #marks: Array<{ messages: number, bytes: number }> = []
  /** What was sent behind the last `ping`. */
  #since = { messages: 0, bytes: 0 }

  constructor (environment: Environment) {
    this.#environment = environment
    this.#messages = this.#newAllowance('message')
    this.#bytes = this.#newAllowance('byte')
  }

  /** The largest frame that the server takes. */
  get frameBytes (): number {
    return this.#frameBytes
  }

  /** After how many ms a server that has refused a message takes another one. */
  get interval (): number {
    return Math.ceil(1000 / this.#messages.rate)
  }

  /** Whether the answer to a `ping` is due. */
  get asking (): boolean {
    return this.#marks.length > 0
  }

  /** A new connection, with allowances of its own. */
  handleOpen (): void {
    this.#messages = this.#newAllowance('message')
    this.#bytes = this.#newAllowance('byte')
    this.#marks = []
    this.#since = { messages: 0, bytes: 0 }
  }

  /** The server tells its limits, or (another server) nothing. */
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

  handleSent (bytes: number): void {
    this.#messages.send(1)
    this.#bytes.send(bytes)
    this.#since.messages++
    this.#since.bytes += bytes
  }

  handlePing (): void {
    this.#marks.push(this.#since)
    this.#since = { messages: 0, bytes: 0 }
  }

  /** Answers come in the order of what was sent: what went before that `ping` was taken. */
  handlePong (): void {
    const mark = this.#marks.shift()
    if (mark === undefined) return
    const now = this.#environment.now()
    this.#messages.arrive(mark.messages, now)
    this.#bytes.arrive(mark.bytes, now)
  }

  /** In how many ms a message of that size may be sent; `Infinity` where the server has to be asked first how far it is. */
  delay (bytes: number, kind: 'application' | 'call'): number {
    const now = this.#environment.now()
    const kept = KEPT[kind]
    // A server that answers somebody else first keeps our frames until then, and not any number of them.
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
