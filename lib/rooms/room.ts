import * as notices from '../protocol/notices.js'
import type { StopReason } from '../protocol/server-messages.js'
import { endsAtStop } from './client-kind.js'
import type { Clock } from './clock.js'
import type { Place, RoomEmitter } from '../events.js'
import type { JoinOutcome, JoinRequest } from './join-request.js'
import type { Frame, PeerLink } from './peer-link.js'
import { PendingJoin } from './pending-join.js'
import type { BudgetBounds, ReplayBudget } from './replay-budget.js'
import type { ReplayBounds } from './replay-log.js'
import { Seat, splitToken } from './seat.js'

/** How seats behave, the same for all rooms of one registration. */
export interface SeatRules extends ReplayBounds, BudgetBounds {
  /** For how long a resumable seat outlives its socket, in ms. */
  window: number
  /** Whether an absent seat stays its owner's when somebody else wants it. */
  hold: boolean
}

/** What a room needs of what is around it. */
export interface RoomContext {
  readonly clock: Clock
  readonly events: RoomEmitter
  readonly rules: SeatRules
  /** The server goes away: nobody takes a seat any more. */
  readonly draining: boolean
  /** What the replay logs of all rooms may hold. */
  readonly budget: ReplayBudget
  /** A seat was taken: find it by its id from now on. */
  seated (seat: Seat): void
  /** A seat is gone. */
  unseated (seat: Seat): void
  /** Nobody sits here and nobody waits. */
  emptied (room: Room): void
}

/** How many may sit in a room, where nobody says otherwise. */
export const CAPACITY = 2

/** So many joiners wait at the most while the sitters of one room are asked: who waits is counted, and nobody may use that up for all. */
const MOST_WAITING = 16

/**
 * For how long, in ms, two messages may pass each other on their way: what was said before the other one's news arrived is then
 * no mistake. A phone on a slow network needs a second or two for both ways.
 */
const CROSSING = 3_000

/** Who is told `stop` where a seat ends: everybody, those that a `stop` does not end for good, or nobody. */
type Stops = 'all' | 'able' | 'none'

/**
 * A room: its seats in the order in which they were taken, and the joiners that wait for one.
 * Whatever happens to a seat happens here, at once and in order.
 */
export class Room {
  readonly app: string
  readonly name: string
  capacity = CAPACITY
  readonly #context: RoomContext
  readonly #seats: Seat[] = []
  #waiting: PendingJoin[] = []
  /** Seats that are kept for a joiner while everybody is told that the one who sat there is gone. */
  #promised = 0
  /** How many sitters have not answered the probe that is under way. */
  #unanswered = 0
  /** Who was told `start` and has not offered since. */
  #asked: Seat | null = null
  #askedAt = 0
  /** When the last seat was given up. */
  #leftAt = -Infinity

  constructor (app: string, name: string, context: RoomContext) {
    this.app = app
    this.name = name
    this.#context = context
  }

  /** The seats in the order in which they were taken. */
  get seats (): readonly Seat[] {
    return this.#seats
  }

  get waiting (): number {
    return this.#waiting.length
  }

  /**
   * Takes a seat, or takes one back.
   *
   * @returns at once where the answer is known, later where the sitters of a full room are asked first whether they live.
   */
  join (request: JoinRequest): JoinOutcome | PendingJoin {
    const present = this.#seats.find(seat => seat.holder === request.holder)
    const own = this.#ownSeat(request)
    // A connection has one seat in a room, so that a token of another one is worth nothing on it.
    if (own !== undefined && (present === undefined || present === own)) return { seat: this.#resume(own, request) }
    if (present !== undefined) return { seat: this.#rejoin(present, request) }
    if (this.#waiting.length === 0 && this.#free(request)) return { seat: this.#sit(request) }
    if (this.#waiting.length === 0 && !this.#context.rules.hold) {
      const absent = this.#seats.find(seat => seat.link === null)
      if (absent !== undefined && this.#free(request, 1)) {
        const seat = this.#sit(request, this.#lostTo(absent))
        return { seat }
      }
    }
    if (this.#waiting.length >= MOST_WAITING || (this.#unanswered === 0 && !this.#seats.some(seat => seat.link !== null))) return this.#full()
    const join = new PendingJoin(request, join => this.#withdraw(join))
    this.#waiting.push(join)
    if (this.#unanswered === 0) this.#probe()
    return join
  }

  /**
   * Sends what a peer said to the others, as it came. What belongs to a call that the other one has just left is dropped.
   *
   * @returns false where nobody else sits in the room.
   */
  relay (from: Seat, frame: Frame, command: string): boolean {
    from.relayed++
    const seats = this.#seats
    if (seats.length < 2) return command !== 'peerMessageCommand' && this.#context.clock.lived() - this.#leftAt < CROSSING
    this.#toOthers(from, frame)
    const { events } = this.#context
    if (events.listenerCount('relayed') > 0 && this.#has(from)) {
      events.emit('relayed', { ...this.#place(from), command, bytes: frame.length })
    }
    return true
  }

  /** A peer makes an offer: whoever was asked for one has done it. */
  offered (seat: Seat): void {
    if (this.#asked === seat) this.#asked = null
  }

  /** Sends a message of the application to one peer, or to everybody. */
  tell (frame: Frame, only?: Seat): void {
    for (const seat of [...this.#seats]) {
      if (only !== undefined && seat !== only) continue
      if (!seat.deliver(frame)) this.#remove(seat, 'lost')
    }
  }

  /** The peer gives its seat up. */
  leave (seat: Seat): void {
    const { link } = seat
    // Flutter's client turns camera and microphone off at this alone. To others that left it must not be said: Android joins again
    // in the same breath, and would close its WebSocket.
    if (seat.kind === 'flutter') link?.send(notices.stop(this.name, 'left'))
    this.#remove(seat, 'left')
    link?.send(notices.leaved(this.name))
  }

  /** The application puts a peer out. */
  remove (seat: Seat, reason: string): void {
    const { link } = seat
    // An Ant Media client closes its peer connection on `stop` alone, so one that did not ask to leave gets both.
    link?.send(notices.stop(this.name, 'removed'))
    this.#remove(seat, 'removed')
    link?.send(notices.leaved(this.name, reason))
  }

  /** The application puts everybody out, and turns away whoever waits. */
  close (reason: string): void {
    this.#turnAway({ refused: 'NoSpaceForNewPeer', message: 'The room was closed.' })
    for (const seat of [...this.#seats]) this.remove(seat, reason)
  }

  /**
   * The link of a seat is gone.
   *
   * @param clean whether the peer said so itself, by a close frame: then it does not come back with its token.
   */
  lost (seat: Seat, clean: boolean): void {
    if (seat.holder === null || !this.#seats.includes(seat)) return
    if (clean || !seat.resumable) {
      this.#remove(seat, clean ? 'left' : 'lost')
      return
    }
    const { clock, rules, events } = this.#context
    seat.holder.unseated(seat)
    seat.detach()
    const now = clock.lived()
    seat.absence = {
      until: now + rules.window,
      timer: seat.considered > 0 ? null : clock.after(rules.window, () => this.#remove(seat, 'lost')),
      since: now,
      stood: 0
    }
    if (events.listenerCount('absent') > 0) events.emit('absent', { ...this.#place(seat), window: rules.window })
  }

  /**
   * The application considers whether the joiner may come back. Where it proves that a seat is its own, the seat's
   * window stands still meanwhile, or it would be lost while its owner waits for the answer. Not longer than one window in
   * all: who is refused must not hold a seat by asking again and again.
   *
   * @returns to be called when that is over; undefined where nothing stands still.
   */
  consider (request: Pick<JoinRequest, 'resumeToken' | 'claim'>): (() => void) | undefined {
    const seat = this.#ownSeat(request)
    const { clock, rules } = this.#context
    if (seat === undefined || (seat.absence !== null && seat.absence.stood >= rules.window)) return undefined
    // Also for one that is present: that its old link is dead may come out while the application considers.
    if (seat.considered++ === 0 && seat.absence !== null) {
      clock.cancel(seat.absence.timer)
      seat.absence.since = clock.lived()
    }
    return () => {
      seat.considered--
      const { absence } = seat
      if (seat.considered > 0 || absence === null) return
      const stood = clock.lived() - absence.since
      absence.stood += stood
      absence.until += stood
      absence.timer = clock.after(absence.until - clock.lived(), () => this.#remove(seat, 'lost'))
    }
  }

  /** Too much is kept for absent peers: this one has lost its seat, as if its window were over. */
  giveUp (seat: Seat): void {
    this.#remove(seat, 'lost')
  }

  /** The server goes away: seats and joiners end without a word to the others, whose calls go on. */
  dissolve (): void {
    this.#turnAway({ refused: 'serverDraining' })
    for (const seat of [...this.#seats]) this.#remove(seat, 'lost', null)
  }

  /**
   * Whether a joiner fits, under the capacity that it brings or else the room's.
   *
   * @param leaving how many seats are given up for it
   */
  #free (request?: JoinRequest, leaving = 0): boolean {
    return this.#seats.length - leaving + this.#promised < (request?.capacity ?? this.capacity)
  }

  /**
   * One that sits here joins again on the same connection: iOS does where its media is lost, with a new peer connection, and where its
   * user comes back, whose `leave` it never sends. Its seat is a new one. The other one makes the offer, as with any joiner,
   * but where somebody was asked for one just now: that offer is on its way, and another one would collide with it.
   */
  #rejoin (seat: Seat, request: JoinRequest): Seat {
    const asked = this.#asked
    const askedAt = this.#askedAt
    const coming = asked !== null && this.#context.clock.lived() - askedAt < CROSSING
    const next = this.#sit(request, {
      seat,
      reason: 'left',
      // Who is about to offer has its new peer connection already, which a `stop` would close.
      stops: coming ? 'none' : 'able',
      // Who was asked and never offered is asked again, so that two can never offer at once.
      asks: coming ? 'nobody' : asked === seat ? 'joiner' : 'others'
    })
    if (coming && this.#asked === null) {
      this.#asked = asked === seat ? next : asked
      this.#askedAt = askedAt
    }
    return next
  }

  /** Gives the joiner a seat: a free one, or one whose owner loses it by that, an absent peer or the joiner itself. */
  #sit (request: JoinRequest, instead?: { seat: Seat, reason: StopReason, stops: Stops, asks: 'others' | 'joiner' | 'nobody' }): Seat {
    if (instead !== undefined) {
      // Whoever waits is behind this joiner, so the seat must not be free for a moment, nor the room empty.
      this.#promised++
      this.#remove(instead.seat, instead.reason, instead.stops)
      this.#promised--
    }
    const asks = instead?.asks ?? 'others'
    // Only now, since who does not get in has nothing to say about the room.
    if (request.capacity !== undefined) this.capacity = request.capacity
    const { events, rules } = this.#context
    const { holder } = request
    const others = [...this.#seats]
    const polite = others[0] !== undefined && !others[0].polite
    const replay = request.resume && rules.window > 0 ? rules : null
    const seat = new Seat(this, holder, polite, request.profile, replay, this.#context.budget, request.kind)
    if (seat.resumable) seat.claim(request.claim)
    this.#seats.push(seat)
    this.#context.seated(seat)
    holder.seated(seat)
    this.#sendJoined(seat, holder.link, false)
    const lost: Seat[] = []
    const started = others.filter(other => {
      const arrived = other.deliver(notices.peerJoined(this.name, seat.id)) &&
        (asks !== 'others' || this.#ask(other))
      if (!arrived) lost.push(other)
      return arrived && asks === 'others'
    })
    if (asks === 'joiner' && others.length > lost.length && this.#ask(seat)) started.push(seat)
    // Last, since a listener may put the peer out on the spot, or everybody; and before anybody else is told of as gone by that.
    if (events.listenerCount('joined') > 0) events.emit('joined', { ...this.#place(seat), peers: this.#seats.length })
    if (events.listenerCount('started') > 0) {
      for (const other of started) if (this.#has(seat) && this.#has(other)) events.emit('started', this.#place(other))
    }
    for (const other of lost) this.#remove(other, 'lost')
    // A listener that was told of the seat's last owner may have drained the server.
    if (this.#context.draining) this.dissolve()
    if (instead !== undefined) this.#serve()
    return seat
  }

  #ask (seat: Seat): boolean {
    this.#asked = seat
    this.#askedAt = this.#context.clock.lived()
    return seat.deliver(notices.start(this.name))
  }

  /** The seat that the joiner can prove to be its own, by its token, or where that was lost on the way, by its claim. */
  #ownSeat ({ resumeToken, claim }: Pick<JoinRequest, 'resumeToken' | 'claim'>): Seat | undefined {
    if (resumeToken !== undefined) {
      const { id, secret } = splitToken(resumeToken)
      const seat = this.#seats.find(seat => seat.id === id)
      if (seat?.owns(secret) === true) return seat
    }
    return claim === undefined ? undefined : this.#seats.find(seat => seat.claimedBy(claim))
  }

  #resume (seat: Seat, request: JoinRequest): Seat {
    const missed = seat.missed(request.received)
    const old = seat.holder
    if (missed === null) {
      // Some of what the client lacks is gone, so its call cannot go on as if nothing had happened: a new seat in the old one's place.
      const instead = this.#sit(request, this.#lostTo(seat))
      if (old !== request.holder) old?.link.close('seatResumed')
      return instead
    }
    const { clock, events } = this.#context
    if (seat.absence !== null) clock.cancel(seat.absence.timer)
    seat.absence = null
    const { holder } = request
    seat.attach(holder)
    seat.claim(request.claim)
    seat.profile = request.profile
    if (request.capacity !== undefined) this.capacity = request.capacity
    if (old !== holder) {
      old?.unseated(seat)
      old?.link.close('seatResumed')
      holder.seated(seat)
    }
    this.#sendJoined(seat, holder.link, true)
    for (const frame of missed) holder.link.send(frame)
    if (events.listenerCount('resumed') > 0) events.emit('resumed', { ...this.#place(seat), replayed: missed.length })
    return seat
  }

  #sendJoined (seat: Seat, link: PeerLink, resumed: boolean): void {
    link.send(notices.joined({
      streamId: this.name,
      peers: this.#seats.length - 1,
      polite: seat.polite,
      resumed,
      peerId: seat.id,
      ...(seat.resumable ? { resumeToken: seat.issueToken(), resumeWindow: this.#context.rules.window } : {}),
      ...(resumed ? { received: seat.handled } : {}),
      ...(link.limits === undefined ? {} : { limits: link.limits })
    }))
  }

  /** Asks every present sitter for a sign of life; the joiners wait until all have answered or have been found dead. */
  #probe (): void {
    const present = this.#seats.filter(seat => seat.link !== null)
    this.#unanswered = present.length
    for (const seat of present) {
      const { link } = seat
      link?.probe(alive => {
        this.#unanswered--
        // By now it may be another seat, or none: the client may have joined again, left, or come back on another link.
        const held = alive ? undefined : this.#seats.find(seat => seat.link === link)
        if (held !== undefined) {
          this.lost(held, false)
          link.terminate()
        }
        if (this.#unanswered === 0) this.#settleProbe()
      })
    }
  }

  #settleProbe (): void {
    this.#serve()
    if (!this.#context.rules.hold) {
      for (;;) {
        const absent = this.#seats.find(seat => seat.link === null)
        const next = absent === undefined ? undefined : this.#nextThatFits(1)
        if (absent === undefined || next === undefined) break
        next.answer({ seat: this.#sit(next.request, this.#lostTo(absent)) })
      }
    }
    this.#turnAway(this.#full())
  }

  #full (): JoinOutcome {
    let retryAfter: number | undefined
    for (const { absence } of this.#seats) {
      if (absence === null) continue
      const left = Math.max(0, Math.ceil(absence.until - this.#context.clock.lived()))
      if (retryAfter === undefined || left < retryAfter) retryAfter = left
    }
    return { refused: 'NoSpaceForNewPeer', ...(retryAfter === undefined ? {} : { retryAfter }) }
  }

  /** Gives free seats to those who wait, in the order in which they came. */
  #serve (): void {
    for (let next = this.#nextThatFits(); next !== undefined; next = this.#nextThatFits()) {
      next.answer({ seat: this.#sit(next.request) })
    }
  }

  /** Takes out of the queue the first joiner for whom there is a seat, or for whom `leaving` seats are given up. */
  #nextThatFits (leaving = 0): PendingJoin | undefined {
    if (this.#waiting.length === 0) return undefined
    const index = this.#waiting.findIndex(({ request }) => this.#free(request, leaving))
    return index === -1 ? undefined : this.#waiting.splice(index, 1)[0]
  }

  #turnAway (outcome: JoinOutcome): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const join of waiting) join.answer(outcome)
    this.#leaveIfEmpty()
  }

  #withdraw (join: PendingJoin): void {
    const index = this.#waiting.indexOf(join)
    if (index === -1) return
    this.#waiting.splice(index, 1)
    join.answer({ refused: 'NoSpaceForNewPeer' })
    this.#leaveIfEmpty()
  }

  #toOthers (from: Seat, frame: Frame, able = false): void {
    const seats = this.#seats
    // From the end, so that a seat may be given up on the way.
    for (let i = seats.length - 1; i >= 0; i--) {
      const seat = seats[i]
      if (seat !== undefined && seat !== from && !(able && endsAtStop(seat.kind)) && !seat.deliver(frame)) this.#remove(seat, 'lost')
    }
  }

  /** `stops` is who is told, and null for nobody at all; by default it is as the place is filled at once or not. */
  #remove (seat: Seat, reason: StopReason, stops?: Stops | null): void {
    if (!this.#take(seat)) return
    if (stops !== null) this.#announceLoss(seat, reason, stops ?? (this.#waiting.some(({ request }) => this.#free(request)) ? 'able' : 'all'))
    this.#tellLeft(seat, reason)
    this.#serve()
    this.#leaveIfEmpty()
  }

  #tellLeft (seat: Seat, reason: StopReason): void {
    const { events } = this.#context
    if (events.listenerCount('left') > 0) events.emit('left', { ...this.#place(seat), reason, peers: this.#seats.length })
  }

  /** Takes the seat out of the room, with everything that hangs on it. */
  #take (seat: Seat): boolean {
    const index = this.#seats.indexOf(seat)
    if (index === -1) return false
    this.#seats.splice(index, 1)
    if (seat.absence !== null) this.#context.clock.cancel(seat.absence.timer)
    seat.absence = null
    seat.holder?.unseated(seat)
    seat.end()
    this.#context.unseated(seat)
    // With two seats, whoever is left has nobody to offer to.
    this.#asked = null
    this.#leftAt = this.#context.clock.lived()
    return true
  }

  #announceLoss (seat: Seat, reason: StopReason, stops: Stops): void {
    if (stops !== 'none') this.#toOthers(seat, notices.stop(this.name, reason), stops === 'able')
    this.#toOthers(seat, notices.peerLeft(this.name, seat.id, reason))
  }

  #leaveIfEmpty (): void {
    if (this.#seats.length === 0 && this.#waiting.length === 0 && this.#promised === 0) this.#context.emptied(this)
  }

  #lostTo (seat: Seat): { seat: Seat, reason: 'lost', stops: Stops, asks: 'others' } {
    return { seat, reason: 'lost', stops: 'able', asks: 'others' }
  }

  #has (seat: Seat): boolean {
    return this.#seats.includes(seat)
  }

  #place (seat: Seat): Place {
    return { app: this.app, room: this.name, peer: seat.id, connection: seat.connection }
  }
}
