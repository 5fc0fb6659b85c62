import { Backoff } from '../base/backoff.js'
import type { ClientMessage } from '../../protocol/client-messages.js'
import { Emitter } from '../base/emitter.js'
import type { Environment } from '../base/environment.js'
import { browserError } from '../base/client-errors.js'
import { parseFrame, type Frame } from './frames.js'
import type { ReconnectPolicy } from './reconnect-policy.js'
import { Timer } from '../base/timer.js'

/** Time for a connection to open, in ms. */
const OPEN_WITHIN = 10_000
/** Age in ms from which a connection counts as good and the policy starts anew. Without it, one that is closed at once would be reopened at once, for ever. */
const STABLE_AFTER = 5_000

/** RFC 6455, section 7.4.1: the code of a connection that ended without one. */
const ABNORMAL = 1006
/** Close codes after which the SDK stays away: this peer was removed, or its seat was resumed on another connection. */
const FINAL_CODES: readonly number[] = [1008, 4001]
export const TRY_LATER = 1013
/** From the range that is left to applications (section 7.4.2). */
const ABANDONED = 4000

/** The state of the connection to the server. `reconnecting`: another attempt waits. */
export type ConnectionState = 'connecting' | 'open' | 'reconnecting' | 'closed'

export interface Loss {
  code: number
  reason: string
}

interface ServerConnectionEvents {
  open: undefined
  message: Frame
  /** What goes out and what comes in, before anything is made of it. */
  sent: string
  received: Frame
  /** The socket that was open, or was to open, is gone. */
  lost: Loss
  /** Another one is tried in `delay` ms. */
  retrying: Loss & { delay: number }
  /** No other one is tried. */
  closed: Loss & { cause?: Error }
}

/** The connection to the server: one WebSocket at a time, reopened by the policy. Late events of an old socket are ignored. */
export class ServerConnection extends Emitter<ServerConnectionEvents> {
  readonly #environment: Environment
  readonly #url: string
  readonly policy: ReconnectPolicy
  readonly #timer: Timer
  #state: ConnectionState = 'closed'
  #socket: WebSocket | null = null
  #backoff: Backoff
  #openedAt = 0
  #notBefore = 0

  /** Whether the connection is needed. If not, one that the server closed as idle (1013) is not reopened. */
  needed: () => boolean = () => true
  /** Connects to nothing, whatever `open` is called for. */
  held = false

  constructor (environment: Environment, url: string, policy: ReconnectPolicy) {
    super()
    this.#environment = environment
    this.#url = url
    this.policy = policy
    this.#backoff = new Backoff(environment, policy)
    this.#timer = new Timer(environment)
  }

  get state (): ConnectionState {
    return this.#state
  }

  /** Connects, unless it is connected or about to be. */
  open (): void {
    if (this.#state === 'closed' && !this.held) this.#connect()
  }

  /** Connects at once where another attempt waits. */
  hurry (): void {
    if (this.#state === 'reconnecting' && this.#environment.now() >= this.#notBefore) this.#connect()
  }

  /** The server asked to be left alone for `delay` ms. */
  rest (delay: number): void {
    this.#notBefore = this.#environment.now() + delay
  }

  send (message: ClientMessage): boolean {
    return this.sendText(JSON.stringify(message))
  }

  /** Sends a message. Returns `false` if no socket is open. */
  sendText (text: string): boolean {
    // A socket that is closing takes text and drops it (WebSockets, section 3.1).
    if (this.#state !== 'open' || this.#socket?.readyState !== 1) return false
    this.#socket.send(text)
    this.emit('sent', text)
    return true
  }

  /** The socket is of no use any more: lets go of it, and tries another one where that makes sense. */
  lose (code: number, reason: string): void {
    const now = this.#environment.now()
    const stable = this.#state === 'open' && now - this.#openedAt >= STABLE_AFTER
    // With a code of our own: should it get through after all, a plain close would be taken for a goodbye.
    this.#detach()?.close(ABANDONED)
    this.#state = 'reconnecting'
    this.emit('lost', { code, reason })
    // A listener may have closed it, or opened another.
    if (this.#state !== 'reconnecting') return
    if (stable) this.#backoff = new Backoff(this.#environment, this.policy)
    const final = FINAL_CODES.includes(code) || (code === TRY_LATER && !this.needed())
    const delay = final ? null : this.#backoff.next()
    if (delay === null) return this.#finish({ code, reason })
    const wait = Math.max(delay, this.#notBefore - now)
    this.#timer.start(wait, () => this.#connect())
    this.emit('retrying', { code, reason, delay: wait })
  }

  /** Ends the connection, without another attempt. `open` begins anew. */
  close (): void {
    const socket = this.#detach()
    this.#state = 'closed'
    this.#backoff = new Backoff(this.#environment, this.policy)
    socket?.close(1000)
  }

  #connect (): void {
    this.#state = 'connecting'
    let socket: WebSocket
    try {
      socket = new this.#environment.WebSocket(this.#url)
    } catch (error) {
      // An address that is none, or ws: from an https: page: no other try can end better.
      this.#finish({ code: ABNORMAL, reason: browserError(error).message, cause: browserError(error) })
      return
    }
    this.#socket = socket
    const mine = (run: (event: Event) => void) => (event: Event) => { if (socket === this.#socket) run(event) }
    socket.onopen = mine(() => this.#opened())
    socket.onmessage = mine(event => this.#receive((event as MessageEvent).data))
    socket.onclose = mine(event => this.lose((event as CloseEvent).code, (event as CloseEvent).reason))
    this.#timer.startDeadline(OPEN_WITHIN, () => this.lose(ABNORMAL, 'The server does not answer.'))
  }

  #opened (): void {
    this.#timer.stop()
    this.#state = 'open'
    this.#openedAt = this.#environment.now()
    this.emit('open', undefined)
  }

  #receive (data: unknown): void {
    const frame = parseFrame(data)
    if (frame === null) return
    this.emit('received', frame)
    this.emit('message', frame)
  }

  #finish (loss: ServerConnectionEvents['closed']): void {
    this.close()
    this.emit('closed', loss)
  }

  #detach (): WebSocket | null {
    const socket = this.#socket
    this.#socket = null
    this.#timer.stop()
    if (socket !== null) socket.onopen = socket.onmessage = socket.onclose = null
    return socket
  }
}
