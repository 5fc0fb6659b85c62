import type { Clock } from '../rooms/clock.js'
import type { Seat } from '../rooms/seat.js'
import type { RelayedFrame } from './between-servers.js'
import { FrameOrder, type NextNumbers } from './frame-order.js'
import type { ComeSeat, RemoteSeat } from './remote-seat.js'
import { SharedRoom } from './shared-room.js'

/** How many seats that went to other servers are remembered. */
const MAX_MOVED = 10_000

/** How many characters may wait for seats that are not here yet. */
const MAX_EARLY = 1_000_000

/** Gives the frames of other servers to the seats of this one, and passes on those for seats that have moved. */
export class FrameDelivery {
  readonly #clock: Clock
  readonly #maxGap: number
  readonly #pass: (server: string, frame: RelayedFrame) => void
  /** Of the seats that were sent something. */
  readonly #orders = new WeakMap<Seat, FrameOrder<RelayedFrame>>()
  readonly #moved = new Map<string, string>()
  /** For seats that others knew of before this server had the answer. */
  readonly #early = new Map<string, { frames: RelayedFrame[], timer: unknown }>()
  #earlyLength = 0

  /**
   * @param maxGap for how long, in ms, a gap is waited for
   * @param pass sends a frame to the server that its seat went to
   */
  constructor (clock: Clock, maxGap: number, pass: (server: string, frame: RelayedFrame) => void) {
    this.#clock = clock
    this.#maxGap = maxGap
    this.#pass = pass
  }

  /** Whether something may still come here for a seat that has moved. */
  get passesOn (): boolean {
    return this.#moved.size > 0
  }

  /** @param seat undefined where it is not here */
  deliver (seat: Seat | undefined, frame: RelayedFrame): void {
    if (seat !== undefined) this.#orderOf(seat).take(frame.number, frame)
    else if (this.#moved.has(frame.seat)) this.#passOn(frame)
    else this.#keep(frame)
  }

  /** A seat is here now. */
  arrived (seat: Seat): void {
    for (const frame of this.#forget(seat.id)) this.#orderOf(seat).take(frame.number, frame)
  }

  /** A seat of another server goes on here. `before`: what has stood for it. */
  tookOver (seat: ComeSeat, numbers: NextNumbers, before?: RemoteSeat): void {
    this.#moved.delete(seat.id)
    const order = this.#orderOf(seat, numbers)
    if (before === undefined) return
    const { sent } = before
    let { number } = sent
    if (order.lacks(sent)) {
      seat.waitBehind((sender, frame) => {
        const next = { ...sent, number: ++number }
        return order.take(next, { type: 'frame', seat: seat.id, number: next, sender, frame: frame.toString() })
      })
    }
    // Behind what the server before has kept, which is handed over with the seat.
    for (const { sender, frame } of before.take()) seat.relay(sender, frame)
  }

  /** What the server that a seat moves to has to know. */
  numbersOf (seat: Seat): NextNumbers {
    return this.#orderOf(seat).numbers
  }

  /** A seat of this server goes on at another one: what still comes for it goes there, behind what waits. */
  gaveAway (seat: Seat, server: string): void {
    this.#moved.set(seat.id, server)
    const [oldest] = this.#moved.keys()
    if (this.#moved.size > MAX_MOVED && oldest !== undefined) this.#moved.delete(oldest)
    for (const frame of this.#orderOf(seat).end()) this.#pass(server, frame)
  }

  /** Nothing waits any more. */
  end (): void {
    for (const id of [...this.#early.keys()]) this.#forget(id)
  }

  #passOn (frame: RelayedFrame): void {
    const server = this.#moved.get(frame.seat)
    if (server !== undefined) this.#pass(server, frame)
  }

  #keep (frame: RelayedFrame): void {
    if (this.#earlyLength + frame.frame.length > MAX_EARLY) return
    let early = this.#early.get(frame.seat)
    if (early === undefined) {
      early = { frames: [], timer: this.#clock.after(this.#maxGap, () => this.#forget(frame.seat)) }
      this.#early.set(frame.seat, early)
    }
    early.frames.push(frame)
    this.#earlyLength += frame.frame.length
  }

  /** What comes late of a peer of whom this one was told that it has left is not heard any more. */
  #give (seat: Seat, { sender, frame }: RelayedFrame): void {
    if (seat.room instanceof SharedRoom && seat.room.hasLeft(sender)) return
    if (!seat.deliver(frame)) seat.room.giveUp(seat)
  }

  #forget (id: string): RelayedFrame[] {
    const early = this.#early.get(id)
    if (early === undefined) return []
    this.#early.delete(id)
    this.#clock.cancel(early.timer)
    for (const { frame } of early.frames) this.#earlyLength -= frame.length
    return early.frames
  }

  #orderOf (seat: Seat, numbers?: NextNumbers): FrameOrder<RelayedFrame> {
    let order = this.#orders.get(seat)
    if (order === undefined) {
      order = new FrameOrder(this.#clock, this.#maxGap, frame => this.#give(seat, frame), numbers)
      this.#orders.set(seat, order)
    }
    return order
  }
}
