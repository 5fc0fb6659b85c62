import type { StopReason } from '../protocol/server-messages.js'
import { Absence } from '../rooms/absence.js'
import type { AnyRoom } from '../rooms/any-room.js'
import { Arrivals, type ArrivalsRoom, type Asked, type Farewell } from '../rooms/arrivals.js'
import { sayEnded, sayLeft, sayRemoved } from '../rooms/goodbye.js'
import type { JoinRequest } from '../rooms/join-request.js'
import type { TextFrame } from '../rooms/peer-link.js'
import { PendingJoin } from '../rooms/pending-join.js'
import { relay } from '../rooms/relay.js'
import type { SeatClaim } from '../rooms/resume-proof.js'
import type { RoomContext } from '../rooms/room-context.js'
import type { RoomName } from '../rooms/seat-arbiter.js'
import type { Seat } from '../rooms/seat.js'
import { JoinLine, type JoinedRoom } from './join-line.js'
import type { RoomCluster } from './room-cluster.js'
import { RoomLedger } from './room-ledger.js'
import type { EndedSeat, RoomNews } from './room-news.js'
import { SharedRow } from './shared-row.js'
import { toldTo, type NotTold, type ToldOfRoom } from './told-of-room.js'

/**
 * A room that spans servers. Each server on which somebody sits in it has one of these, with all seats in it: its own, and remote ones
 * that stand for those of others. Who sits where is decided elsewhere, for all servers alike; the ledger asks, and keeps what was
 * answered. What comes of it is done here: each server tells its own peers.
 */
export class SharedRoom implements AnyRoom, ArrivalsRoom, JoinedRoom {
  readonly app: string
  readonly name: string
  readonly #context: RoomContext
  readonly #cluster: RoomCluster
  readonly #row = new SharedRow()
  readonly #arrivals: Arrivals
  readonly #ledger: RoomLedger
  readonly #line: JoinLine
  /** What the joiner that is sitting down has changed, for the other servers. */
  #ended: EndedSeat[] = []
  #asks: Asked = 'others'

  /** @param maxRooms how many rooms the application may have, on all servers */
  constructor (app: string, name: string, context: RoomContext, cluster: RoomCluster, maxRooms: number) {
    this.app = app
    this.name = name
    this.#context = context
    this.#cluster = cluster
    this.#arrivals = new Arrivals(this, this.#row, context)
    this.#ledger = new RoomLedger({ room: this, row: this.#row, context, cluster, arrivals: this.#arrivals, idle: () => this.#reportEmpty() })
    this.#line = new JoinLine(this, this.#ledger, context, cluster, maxRooms)
  }

  get seats (): readonly Seat[] {
    return this.#row.seats
  }

  get capacity (): number {
    return this.#row.capacity
  }

  get isTaken (): boolean {
    return this.#row.seats.length > 0
  }

  get waiting (): number {
    return this.#line.waiting
  }

  get roomName (): RoomName {
    return { app: this.app, room: this.name }
  }

  join (request: JoinRequest): PendingJoin {
    return this.#line.add(request)
  }

  relay (from: Seat, frame: TextFrame, command: string): boolean {
    return relay(from, frame, command, this.#row, this.#arrivals.offers, this.#context.events)
  }

  offered (seat: Seat): void {
    this.#arrivals.offers.offered(seat)
    if (!seat.isHere) return
    for (const server of this.#ledger.servers) this.#cluster.offered(server, this.roomName, seat.id)
  }

  tell (frame: TextFrame, only?: Seat): void {
    for (const seat of this.#row.seats) {
      // Each server tells its own peers.
      if (!seat.isHere || (only !== undefined && seat !== only)) continue
      if (!seat.deliver(frame)) this.giveUp(seat)
    }
  }

  leave (seat: Seat): void {
    sayLeft(seat, () => this.#end(seat, 'left'))
  }

  remove (seat: Seat, reason: string): void {
    sayRemoved(seat, reason, () => this.#end(seat, 'removed'))
  }

  close (reason: string): void {
    this.#line.turnAway({ refused: 'NoSpaceForNewPeer', message: 'The room was closed.' }, 'left')
    for (const seat of this.#row.seats) if (seat.isHere) this.remove(seat, reason)
  }

  lost (seat: Seat, clean: boolean): void {
    if (seat.holder === null || seat.over) return
    if (clean || !seat.resumable) {
      this.#end(seat, clean ? 'left' : 'lost')
      return
    }
    const { rules, events } = this.#context
    seat.holder.unseated(seat)
    seat.detach(new Absence(this.#cluster.windowClock, rules.window, () => this.giveUp(seat)))
    this.#ledger.lost(seat)
    events.absent(seat, rules.window)
  }

  giveUp (seat: Seat): void {
    if (seat.isHere) this.#end(seat, 'lost')
  }

  pauseWindow (claim: SeatClaim): (() => void) | undefined {
    return this.#row.ownedBy(claim)?.pauseWindow()
  }

  dissolve (handsOn = false): void {
    this.#line.turnAway({ refused: 'serverDraining' }, 'lost')
    const here = this.#row.seats.filter(seat => seat.isHere)
    // Their clients come back to another server, which asks this one for the seats.
    const handedOn = here.filter(seat => handsOn && seat.resumable)
    for (const seat of handedOn) this.lost(seat, false)
    // Whoever keeps a seat, here or on another server, has to know who is there. No `stop`: the others come back, and the calls go on.
    for (const seat of here) if (!handedOn.includes(seat)) this.#end(seat, 'lost', handedOn.length > 0 ? 'peerLeft' : 'nothing', 'peerLeft')
  }

  // From the arrivals.

  vacate (seat: Seat, reason: StopReason, farewell: Farewell): void {
    this.#ended.push([seat.id, reason, farewell])
    this.takeOut(seat, reason, farewell)
  }

  seated (_replaced: boolean, asks: Asked): void {
    this.#asks = asks
    if (this.#context.draining) this.dissolve()
  }

  // From the line of those who join.

  sit (request: JoinRequest, ended: readonly EndedSeat[], instead: { seat: Seat, isOwn: boolean } | null): { seat: Seat, news: Omit<RoomNews, 'state'> } {
    this.#ended = [...ended]
    const seat = instead === null ? this.#arrivals.sit(request) : this.#arrivals[instead.isOwn ? 'rejoin' : 'replace'](instead.seat, request)
    return { seat, news: { ended: this.#ended, joined: seat.id, asks: this.#asks } }
  }

  resume (seat: Seat, request: JoinRequest, { gone, come, ending, left }: NotTold): void {
    this.#row.ends(ending, seat)
    this.#row.ended(left)
    this.#arrivals.resume(seat, request)
    this.#arrivals.makeUp(seat, gone, come)
  }

  // From the ledger, and from other servers.

  takeOut (seat: Seat, reason: StopReason, farewell: Farewell): void {
    if (!this.#row.remove(seat)) return
    seat.holder?.unseated(seat)
    seat.end()
    this.#arrivals.offers.clear()
    sayEnded(this.#row, seat, reason, farewell)
    if (seat.isHere) {
      this.#context.unseated(seat)
      this.#context.events.left(seat, reason, this.#row.seats.length)
    }
    this.#line.serve()
    this.#reportEmpty()
  }

  /** Whether somebody sits in it on this server. */
  sitsOn (server: string): boolean {
    return this.#ledger.servers.has(server)
  }

  /** Another server tells what came to the room. */
  hear (news: RoomNews): void {
    this.#ledger.hear(() => this.#ledger.take(news))
  }

  /** A peer of another server has made an offer. */
  hearOffer (id: string): void {
    this.#ledger.hear(() => {
      const seat = this.#row.find(id)
      if (seat !== undefined) this.offered(seat)
    })
  }

  /** A peer of another server has said something: it comes behind the news that its server told before. */
  hearFrame (deliver: () => void): void {
    if (this.#ledger.isBehind) this.#ledger.hear(deliver)
    else deliver()
  }

  /** Whether the peers of this server know that somebody has left. */
  hasLeft (seat: string): boolean {
    return this.#row.hasLeft(seat)
  }

  /** What the client of a seat of this server was told of the others; null where it was given to its owner by a later number than this one. */
  toldTo (seat: Seat, given = Infinity): ToldOfRoom | null {
    return this.#ledger.state.seats.some(({ id, fence }) => id === seat.id && fence > given) ? null : toldTo(seat, this.#row, this.#ledger.state)
  }

  /** Another server has taken over a seat of this one. */
  giveAway (seat: Seat, server: string): void {
    this.#ledger.giveAway(seat, server)
  }

  serverDied (server: string): void {
    this.#ledger.serverDied(server)
  }

  /** Says again which seats are here. */
  announce (): void {
    this.#ledger.announce()
  }

  /** Says that this server still has it. */
  renew (): void {
    this.#ledger.renew()
  }

  /** Resolves when everything that was asked so far is answered. */
  async whenIdle (): Promise<void> {
    await this.#ledger.whenIdle()
  }

  /** The peer gives its seat up, or loses it. `here`: what those of this server are told; `elsewhere`: those of others. */
  #end (seat: Seat, reason: StopReason, here: Farewell = this.#line.waiting > 0 ? 'harmless stop' : 'stop', elsewhere = here): void {
    if (seat.over) return
    this.#ledger.leave(seat, reason, elsewhere)
    this.takeOut(seat, reason, here)
  }

  #reportEmpty (): void {
    if (this.#line.size > 0 || this.#ledger.isBusy || this.#row.seats.some(seat => seat.isHere)) return
    this.#ledger.end()
    for (const seat of this.#row.seats) seat.end()
    this.#context.emptied(this)
  }
}
