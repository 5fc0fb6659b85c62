import type { TextFrame } from './peer-link.js'
import { MESSAGE_COST, type Share } from './replay-budget.js'

/** Bounds on what is kept for a peer that may come back. */
export interface ReplayBounds {
  /** Maximum number of messages. */
  messages: number
  /** Maximum size of all messages, in bytes. */
  bytes: number
}

/**
 * The messages that were sent to a resumable seat and may not have arrived, numbered from the first one of the seat.
 *
 * When a socket dies, what TCP has not delivered is lost, and nobody knows how much that was. So the log begins long before
 * the loss: after the last message that a WebSocket pong proves to have arrived (frames keep their order, RFC 6455
 * section 5.4). A client that returns says how many messages it has received.
 */
export class ReplayLog {
  readonly #bounds: ReplayBounds
  readonly #share: Share | null
  #frames: TextFrame[] = []
  #bytes = 0
  /** The number of the log's first frame. */
  #first = 0

  /** @param share where what is held is counted */
  constructor (bounds: ReplayBounds, share: Share | null = null) {
    this.#bounds = bounds
    this.#share = share
  }

  /** How many messages were sent to the seat in all. It is also the number of the next one. */
  get end (): number {
    return this.#first + this.#frames.length
  }

  get bytes (): number {
    return this.#bytes
  }

  get length (): number {
    return this.#frames.length
  }

  /**
   * Adds a message. Above the bounds the oldest messages are dropped, but none from number `keepFrom` on.
   *
   * @returns false if the bounds are exceeded all the same: the peer has been absent for too long.
   */
  push (frame: TextFrame, keepFrom: number): boolean {
    // A received frame may be a slice of the far larger chunk that it came in, which the log must not hold on to.
    const kept = typeof frame !== 'string' && frame.buffer.byteLength > 2 * frame.byteLength ? Buffer.from(frame) : frame
    this.#frames.push(kept)
    this.#bytes += kept.length
    this.#share?.add(kept.length + MESSAGE_COST)
    while (this.#over() && this.#first < keepFrom) this.#drop()
    return !this.#over()
  }

  /** Begins with the messages that another log has kept, of which the first has this number. */
  begin (first: number, frames: readonly string[]): void {
    this.#first = first
    for (const frame of frames) this.push(frame, first)
  }

  /** Forgets everything below `number`: it has arrived. */
  confirm (number: number): void {
    while (this.#first < number && this.#frames.length > 0) this.#drop()
  }

  /** Forgets everything. The numbers go on. */
  clear (): void {
    this.confirm(this.end)
  }

  /** The messages from `number` on; null if some of them are no longer in the log, or never were. */
  from (number: number): TextFrame[] | null {
    if (number < this.#first || number > this.end) return null
    return this.#frames.slice(number - this.#first)
  }

  #over (): boolean {
    return this.#frames.length > this.#bounds.messages || this.#bytes > this.#bounds.bytes
  }

  #drop (): void {
    const length = this.#frames.shift()?.length ?? 0
    this.#bytes -= length
    this.#share?.add(-length - MESSAGE_COST)
    this.#first++
  }
}
