import type { Clock } from '../rooms/clock.js'

/** Which frame of which server this is. Each server numbers those that it sends to one seat, from 1 on in each of its streams. */
export interface FrameNumber {
  readonly from: string
  readonly stream: number
  readonly number: number
}

/** What comes next of each server. */
export type NextNumbers = Record<string, { stream: number, next: number }>

interface Source<T> {
  stream: number
  next: number
  readonly waiting: Map<number, T>
}

/**
 * Puts the frames for one seat in order. Those of one server come in order by themselves, but for the moment after the seat has moved: then
 * some come directly, and some, sent before, by way of the server that it was on. A gap is not waited for without end: Redis may have lost
 * what was in it.
 */
export class FrameOrder<T> {
  readonly #clock: Clock
  readonly #maxGap: number
  readonly #deliver: (frame: T) => void
  readonly #sources = new Map<string, Source<T>>()
  #timer: unknown = null

  /** @param maxGap for how long, in ms, a gap is waited for */
  constructor (clock: Clock, maxGap: number, deliver: (frame: T) => void, numbers: NextNumbers = {}) {
    this.#clock = clock
    this.#maxGap = maxGap
    this.#deliver = deliver
    for (const [from, { stream, next }] of Object.entries(numbers)) this.#sources.set(from, { stream, next, waiting: new Map() })
  }

  /** For the server that the seat moves to. */
  get numbers (): NextNumbers {
    return Object.fromEntries([...this.#sources].map(([from, { stream, next }]) => [from, { stream, next }]))
  }

  /** Whether something up to this one has not come. */
  lacks ({ from, stream, number }: FrameNumber): boolean {
    const source = this.#sources.get(from)
    return number > 0 && (source === undefined || source.stream < stream || (source.stream === stream && source.next <= number))
  }

  /** @returns whether something of the same server waits after that */
  take ({ from, stream, number }: FrameNumber, frame: T): boolean {
    let source = this.#sources.get(from)
    // The server has forgotten the seat meanwhile, and counts anew.
    if (source === undefined || source.stream < stream) this.#sources.set(from, source = { stream, next: 1, waiting: new Map() })
    if (source.stream > stream || number < source.next) return source.waiting.size > 0
    source.waiting.set(number, frame)
    this.#drain(source)
    if (source.waiting.size === 0) return false
    this.#timer ??= this.#clock.after(this.#maxGap, () => this.#skip())
    return true
  }

  /** Ends it, and returns what still waits. */
  end (): T[] {
    this.#clock.cancel(this.#timer)
    return [...this.#sources.values()].flatMap(({ waiting }) => [...waiting.values()])
  }

  #drain (source: Source<T>): void {
    for (let frame = source.waiting.get(source.next); frame !== undefined; frame = source.waiting.get(source.next)) {
      source.waiting.delete(source.next++)
      this.#deliver(frame)
    }
  }

  #skip (): void {
    this.#timer = null
    for (const source of this.#sources.values()) {
      while (source.waiting.size > 0) {
        source.next = Math.min(...source.waiting.keys())
        this.#drain(source)
      }
    }
  }
}
