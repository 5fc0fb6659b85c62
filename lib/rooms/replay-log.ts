import type { TextFrame } from './peer-link.js'
import { MESSAGE_COST, type Share } from './replay-budget.js'

/** Bounds on what is kept for a peer that may come back. */
export interface ReplayBounds {
  /** Messages kept at the most. */
  messages: number
  /** Bytes kept at the most. */
  bytes: number
}

/**
 * The messages that a resumable seat was sent and may not have got, numbered from the first one of the seat.
 *
 * A socket that dies takes with it what TCP had not delivered, and nobody tells how much that was: so the log begins
 * long before the loss, at the last message which a WebSocket pong proves to have arrived (frames keep their order,
 * RFC 6455 section 5.4), and the client says at its return how many it has got.
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

  /** How many messages the seat was sent in all; the next one's number. */
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
   * Adds a message. Where that breaks the bounds the oldest go, but none from number `keepFrom` on.
   *
   * @returns false where the bounds are broken all the same: the peer has been away for too long.
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

  /** Forgets everything below `number`: it has arrived. */
  confirm (number: number): void {
    while (this.#first < number && this.#frames.length > 0) this.#drop()
  }

  /** Forgets everything. The numbers go on. */
  clear (): void {
    this.confirm(this.end)
  }

  /** The messages from `number` on, or null where some of them are no longer known, or never were. */
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
