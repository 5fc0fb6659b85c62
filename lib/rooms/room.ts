import type { StopReason } from '../protocol/server-messages.js'
import { Absence } from './absence.js'
import type { AnyRoom } from './any-room.js'
import { Arrivals, type ArrivalsRoom, type Farewell } from './arrivals.js'
import { sayEnded, sayLeft, sayRemoved } from './goodbye.js'
import type { JoinOutcome, JoinRequest } from './join-request.js'
import type { TextFrame, PeerLink } from './peer-link.js'
import type { PendingJoin } from './pending-join.js'
import { relay } from './relay.js'
import type { SeatClaim } from './resume-proof.js'
import type { RoomContext } from './room-context.js'
import type { Seat } from './seat.js'
import { SeatRow } from './seat-row.js'
import { MemorySeating, type Seating } from './seating.js'
import { WaitingList } from './waiting-list.js'

/**
 * A room: its seats in the order in which they were taken, and the joiners that wait for one.
 * Whatever happens to a seat happens here, at once and in order.
 */
export class Room implements AnyRoom, ArrivalsRoom {
  readonly app: string
  readonly name: string
  readonly #context: RoomContext
  readonly #row = new SeatRow()
  readonly #waiting = new WaitingList()
  readonly #seating: Seating
  readonly #arrivals: Arrivals

  constructor (app: string, name: string, context: RoomContext) {
    this.app = app
    this.name = name
    this.#context = context
    this.#seating = new MemorySeating(this.#row, context.rules.hold)
    this.#arrivals = new Arrivals(this, this.#row, context)
  }

  // From the arrivals. Methods, since two closures and what they hold would cost each room 200 bytes.

  vacate (seat: Seat, reason: StopReason, farewell: Farewell): void {
    this.#remove(seat, reason, farewell)
  }

  seated (replaced: boolean): void {
    // A listener that was told of the seat's last owner may have drained the server.
    if (this.#context.draining) this.dissolve()
    if (replaced) this.#serve()
  }

  /** The seats in the order in which they were taken. */
  get seats (): readonly Seat[] {
    return this.#row.seats
  }

  get capacity (): number {
    return this.#row.capacity
  }

  /** How many joiners wait for a seat. */
  get waiting (): number {
    return this.#waiting.size
  }

  /**
   * Takes a seat, or takes one back.
   *
   * @returns the answer, or a pending join while the peers of a full room are probed
   */
  join (request: JoinRequest): JoinOutcome | PendingJoin {
    const decision = this.#seating.decide(request, this.#waiting.size > 0)
    const seat = 'seat' in decision ? this.#row.find(decision.seat) : undefined
    if (seat !== undefined && decision.act === 'resume') return { seat: this.#arrivals.resume(seat, request) }
    if (seat !== undefined && decision.act === 'rejoin') return { seat: this.#arrivals.rejoin(seat, request) }
    if (seat !== undefined && decision.act === 'replace') return { seat: this.#arrivals.replace(seat, request) }
    return decision.act === 'sit' ? { seat: this.#arrivals.sit(request) } : this.#wait(request)
  }

  relay (from: Seat, frame: TextFrame, command: string): boolean {
    return relay(from, frame, command, this.#row, this.#arrivals.offers, this.#context.events)
  }

  offered (seat: Seat): void {
    this.#arrivals.offers.offered(seat)
  }

  tell (frame: TextFrame, only?: Seat): void {
    for (const seat of this.#row.seats) {
      if (only !== undefined && seat !== only) continue
      if (!seat.deliver(frame)) this.giveUp(seat)
    }
  }

  leave (seat: Seat): void {
    sayLeft(seat, () => this.#remove(seat, 'left'))
  }

  remove (seat: Seat, reason: string): void {
    sayRemoved(seat, reason, () => this.#remove(seat, 'removed'))
  }

  /** The application removes everybody, and refuses the joiners that wait. */
  close (reason: string): void {
    this.#turnAway({ refused: 'NoSpaceForNewPeer', message: 'The room was closed.' })
    for (const seat of this.#row.seats) this.remove(seat, reason)
  }

  lost (seat: Seat, clean: boolean): void {
    if (seat.holder === null || seat.over) return
    if (clean || !seat.resumable) {
      this.#remove(seat, clean ? 'left' : 'lost')
      return
    }
    const { clock, rules, events } = this.#context
    seat.holder.unseated(seat)
    seat.detach(new Absence(clock, rules.window, () => this.giveUp(seat)))
    events.absent(seat, rules.window)
  }

  giveUp (seat: Seat): void {
    this.#remove(seat, 'lost')
  }

  /**
   * The application decides whether a joiner may come back: pauses the window of the seat that the joiner proves to be its own.
   *
   * @returns a function that ends the pause; undefined if nothing is paused
   */
  pauseWindow (claim: SeatClaim): (() => void) | undefined {
    return this.#row.ownedBy(claim)?.pauseWindow()
  }

  /** The server is draining: ends all seats and refuses the joiners that wait. The peers are told nothing, and their calls go on. */
  dissolve (): void {
    this.#turnAway({ refused: 'serverDraining' })
    for (const seat of this.#row.seats) this.#remove(seat, 'lost', 'nothing')
  }

  /** The seat of an absent peer, if a joiner may have it. */
  get #replaceable (): Seat | undefined {
    const { replaceable } = this.#seating
    return replaceable === undefined ? undefined : this.#row.find(replaceable)
  }

  /** Probes the present peers. The joiner waits until all of them have answered or were found dead. */
  #wait (request: JoinRequest): JoinOutcome | PendingJoin {
    const { isFull, isProbing } = this.#waiting
    const { links } = this.#row
    if (isFull || (!isProbing && links.length === 0)) return this.#full()
    request.holder.link.logIn(this.name).debug({}, 'a peer waits while those of its full room are asked whether they live')
    const join = this.#waiting.add(request, () => this.#reportEmpty())
    if (!isProbing) this.#waiting.probe(links, link => this.#handleDead(link), () => this.#handleProbed())
    return join
  }

  #handleDead (link: PeerLink): void {
    // The link may by now belong to another seat, or to none: the client may have joined again, left, or come back on another link.
    const seat = this.#row.reachedBy(link)
    if (seat === undefined) return
    this.lost(seat, false)
    link.terminate()
  }

  #handleProbed (): void {
    this.#serve()
    for (let absent = this.#replaceable; absent !== undefined; absent = this.#replaceable) {
      const next = this.#waiting.take(request => this.#row.fits(request, 1))
      if (next === undefined) break
      next.answer({ seat: this.#arrivals.replace(absent, next.request) })
    }
    this.#turnAway(this.#full())
  }

  #full (): JoinOutcome {
    const retryAfter = this.#row.nextExpiry(this.#context.clock.lived())
    return { refused: 'NoSpaceForNewPeer', ...(retryAfter === undefined ? {} : { retryAfter }) }
  }

  /** Gives free seats to those who wait, in the order in which they came. */
  #serve (): void {
    const fits = (request: JoinRequest): boolean => this.#row.fits(request)
    for (let next = this.#waiting.take(fits); next !== undefined; next = this.#waiting.take(fits)) {
      next.answer({ seat: this.#arrivals.sit(next.request) })
    }
  }

  #turnAway (outcome: JoinOutcome): void {
    this.#waiting.turnAway(outcome)
    this.#reportEmpty()
  }

  /** Removes a seat, and tells the others. By default `stop` is not sent to a client that it would end, if a waiting joiner takes the seat. */
  #remove (seat: Seat, reason: StopReason, farewell?: Farewell): void {
    if (!this.#row.remove(seat)) return
    seat.holder?.unseated(seat)
    seat.end()
    this.#context.unseated(seat)
    this.#arrivals.offers.clear()
    sayEnded(this.#row, seat, reason, farewell ?? (this.#waiting.some(request => this.#row.fits(request)) ? 'harmless stop' : 'stop'))
    this.#context.events.left(seat, reason, this.#row.seats.length)
    this.#serve()
    this.#reportEmpty()
  }

  #reportEmpty (): void {
    if (this.#row.seats.length + this.#row.reserved + this.#waiting.size === 0) this.#context.emptied(this)
  }
}
