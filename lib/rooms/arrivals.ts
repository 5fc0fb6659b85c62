import * as notices from '../protocol/notices.js'
import type { StopReason } from '../protocol/server-messages.js'
import type { JoinRequest } from './join-request.js'
import { OfferTurn } from './offer-turn.js'
import { givesWayTo } from './politeness.js'
import { hadAnother, receivedOf } from './resume-proof.js'
import type { RoomContext } from './room-context.js'
import { Seat, type SeatRoom } from './seat.js'
import type { SeatRow } from './seat-row.js'

/**
 * What the others are told when a seat ends. `stop`: `stop` and `peerLeft`. `harmless stop`: the same, but no `stop` to a client that it
 * would end for good. `peerLeft`: that alone.
 */
export type Farewell = 'stop' | 'harmless stop' | 'peerLeft' | 'nothing'

/** Who is asked for an offer when a joiner has sat down. */
export type Asked = 'others' | 'joiner' | 'nobody'

/** A seat that is given up for a joiner: that of an absent peer, or the joiner's own. */
export interface Replacement {
  seat: Seat
  reason: StopReason
  farewell: Farewell
  asks: Asked
}

/** The room, and what the arrivals have it do. */
export interface ArrivalsRoom extends SeatRoom {
  /** Takes a seat out of the room. */
  vacate (seat: Seat, reason: StopReason, farewell: Farewell): void
  /** A joiner has taken a seat, and everybody has been told. `replaced`: another seat was given up for it. */
  seated (replaced: boolean, asks: Asked): void
}

/** Gives the joiners of one room their seats: a new one, or the one that they had. */
export class Arrivals {
  readonly offers: OfferTurn
  readonly #room: ArrivalsRoom
  readonly #row: SeatRow
  readonly #context: RoomContext

  constructor (room: ArrivalsRoom, row: SeatRow, context: RoomContext) {
    this.#room = room
    this.#row = row
    this.#context = context
    this.offers = new OfferTurn(context.clock)
  }

  /** Gives the joiner a seat: a free one, or one that is given up for it. */
  sit (request: JoinRequest, instead?: Replacement): Seat {
    const row = this.#row
    const { rules, budget } = this.#context
    if (instead !== undefined) {
      // This joiner comes before those that wait, so the seat must not become free for a moment, nor the room empty.
      row.reserved++
      this.#room.vacate(instead.seat, instead.reason, instead.farewell)
      row.reserved--
    }
    // Only now: a joiner that gets no seat must not change the room.
    if (request.capacity !== undefined) row.capacity = request.capacity
    const others = row.seats
    const polite = request.decided?.toldPolite ?? givesWayTo(others[0])
    const replay = request.resume && rules.window > 0 ? rules : null
    const seat = new Seat(this.#room, request.holder, polite, request.profile, replay, budget, request.kind, request.decided?.id)
    seat.proof?.setClaim(request.claim)
    row.add(seat)
    this.#context.seated(seat)
    request.holder.seated(seat)
    this.#sendJoined(seat, false, request)
    const asks = instead?.asks ?? 'others'
    this.introduce(seat, others, asks)
    this.#room.seated(instead !== undefined, asks)
    return seat
  }

  /** Gives the joiner the seat of an absent peer, or its own, which ends. */
  replace (seat: Seat, request: JoinRequest): Seat {
    const { holder } = seat
    const next = this.sit(request, { seat, reason: 'lost', farewell: 'harmless stop', asks: 'others' })
    // Another server may have taken its peer for lost, and this one has not heard of it: it would believe that it sits there.
    if (holder !== null && holder.link.id !== request.holder.link.id) holder.link.close('seatResumed')
    return next
  }

  /**
   * A peer of this room joins again on the same connection: iOS does where its media is lost, with a new peer connection, and where its
   * user comes back, whose `leave` it never sends. Its seat is a new one. The other peer makes the offer, as with any joiner, except
   * where somebody was asked for one just now: that offer is on its way, and another one would collide with it.
   */
  rejoin (seat: Seat, request: JoinRequest): Seat {
    const { turn, isOfferComing } = this.offers
    const next = this.sit(request, {
      seat,
      reason: 'left',
      // A peer that is about to offer has its new peer connection already, which a `stop` would close.
      farewell: isOfferComing ? 'peerLeft' : 'harmless stop',
      // One that was asked and never offered is asked again, so that two can never offer at once.
      asks: isOfferComing ? 'nobody' : turn?.seat === seat ? 'joiner' : 'others'
    })
    if (isOfferComing && turn !== null) this.offers.restore(turn.seat === seat ? { seat: next, at: turn.at } : turn)
    return next
  }

  /** Gives the joiner back the seat that it has proven to be its own. */
  resume (seat: Seat, request: JoinRequest): Seat {
    const { holder } = request
    const old = seat.holder
    const missed = seat.missed(receivedOf(request, seat.id))
    // Some messages that the client has not received are gone, so its call cannot simply go on: it gets a new seat in place of the old one.
    if (missed === null) return this.replace(seat, request)
    seat.attach(holder)
    seat.proof?.setClaim(request.claim)
    seat.profile = request.profile
    if (request.capacity !== undefined) this.#row.capacity = request.capacity
    if (old !== holder) {
      old?.unseated(seat)
      old?.link.close('seatResumed')
      holder.seated(seat)
    }
    this.#sendJoined(seat, true, request)
    for (const frame of missed) holder.link.send(frame)
    this.#context.events.resumed(seat, missed.length)
    return seat
  }

  #sendJoined (seat: Seat, isBack: boolean, request: JoinRequest): void {
    const { decided, resumeToken } = request
    const { link, proof } = seat
    const peers = this.#row.countOthers(seat)
    if (!isBack && proof !== null) proof.peers = peers
    // Whoever has the token of another seat does not know of this one: what it said and heard on that one does not count here.
    const resumed = isBack && !hadAnother(request, seat.id)
    // Where no `joined` of the seat has arrived, all that was told since the first one comes behind this one: so it names as many others as that one.
    const isUnheard = isBack && (resumeToken === undefined || !resumed) && receivedOf(request, seat.id) === 0
    link?.send(notices.joined({
      streamId: seat.room.name,
      peers: isUnheard ? proof?.peers ?? peers : peers,
      polite: seat.toldPolite,
      resumed,
      peerId: seat.id,
      ...(proof === null ? {} : { resumeToken: proof.issueToken(seat.id, decided?.secret), resumeWindow: this.#context.rules.window }),
      ...(resumed ? { received: seat.handled } : {}),
      ...(link.limits === undefined ? {} : { limits: link.limits })
    }))
  }

  /** Tells a peer, on the server to which it has come, which seats have ended meanwhile, and which were taken. */
  makeUp (seat: Seat, gone: readonly string[], come: readonly string[]): void {
    const { name } = seat.room
    for (const id of gone) {
      seat.notify(notices.stop(name, 'lost'))
      seat.notify(notices.peerLeft(name, id, 'lost'))
    }
    for (const id of come) {
      seat.notify(notices.peerJoined(name, id))
      this.offers.ask(seat)
      this.#context.events.started(seat)
    }
  }

  /** Tells the others of a new seat, and asks for an offer. */
  introduce (seat: Seat, others: readonly Seat[], asks: Asked): void {
    const { events } = this.#context
    const lost: Seat[] = []
    const started: Seat[] = []
    for (const other of others) {
      const arrived = other.notify(notices.peerJoined(seat.room.name, seat.id)) && (asks !== 'others' || this.offers.ask(other))
      if (!arrived) lost.push(other)
      else if (asks === 'others') started.push(other)
    }
    if (asks === 'joiner' && others.length > lost.length && this.offers.ask(seat)) started.push(seat)
    // Last, since a listener may remove this peer or all peers at once. But before the lost ones are given up, to keep the events in order.
    if (seat.isHere) events.joined(seat, this.#row.seats.length)
    for (const other of started) if (!seat.over && !other.over && other.isHere) events.started(other)
    for (const other of lost) seat.room.giveUp(other)
  }
}
