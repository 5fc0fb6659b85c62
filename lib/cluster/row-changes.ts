import type { StopReason } from '../protocol/server-messages.js'
import type { Arrivals, Asked, Farewell } from '../rooms/arrivals.js'
import type { RoomContext } from '../rooms/room-context.js'
import type { RoomState, SeatRecord } from '../rooms/seat-arbiter.js'
import type { Seat, SeatRoom } from '../rooms/seat.js'
import type { SeatRow } from '../rooms/seat-row.js'
import type { NextNumbers } from './frame-order.js'
import { RemoteSeat, type ComeSeat } from './remote-seat.js'
import type { AnnouncingRoom, RoomCluster } from './room-cluster.js'
import type { RoomNews } from './room-news.js'

/** The room, and what the ledger has it do. */
export interface LedgerRoom extends SeatRoom, AnnouncingRoom {
  /** Takes a seat out, and tells the peers of this server. */
  takeOut (seat: Seat, reason: StopReason, farewell: Farewell): void
}

export interface RowParts {
  readonly room: LedgerRoom
  readonly row: SeatRow
  readonly context: RoomContext
  readonly cluster: RoomCluster
  readonly arrivals: Arrivals
}

/** Brings the seats that a server has of a room in line with who sits where. */
export class RowChanges {
  readonly #parts: RowParts

  constructor (parts: RowParts) {
    this.#parts = parts
  }

  /** A seat of another server goes on here. */
  put (seat: ComeSeat, numbers: NextNumbers, { seats }: RoomState): void {
    const { row, context, cluster } = this.#parts
    const record = seats.find(({ id }) => id === seat.id)
    // It may have been taken and moved here before this server heard of it: its peers have to know that it is there.
    if (record !== undefined && row.find(seat.id) === undefined) this.#introduce(record, 'others')
    const before = row.find(seat.id)
    cluster.tookOver(seat, numbers, before instanceof RemoteSeat ? before : undefined)
    before?.end()
    row.put(seat)
    row.sort(seats.map(({ id }) => id))
    context.seated(seat)
  }

  /** A seat of this server goes on at another one. */
  giveAway (seat: Seat, server: string): void {
    const { room, row, context, cluster } = this.#parts
    const { link } = seat
    const remote = RemoteSeat.of(room, seat, server, cluster)
    row.put(remote)
    seat.holder?.unseated(seat)
    context.unseated(seat)
    seat.end()
    cluster.gaveAway(seat, server)
    link?.close('seatResumed')
  }

  takeOut (seat: Seat, reason: StopReason, farewell: Farewell): void {
    const link = seat.isHere ? seat.link : null
    this.#parts.room.takeOut(seat, reason, farewell)
    link?.close('seatResumed')
  }

  /** @returns false where the seat is another server's now */
  follow (seat: Seat, record: SeatRecord): boolean {
    if (seat instanceof RemoteSeat) seat.moved(record)
    else if (record.server !== this.#parts.cluster.server) return false
    // Another server took this one for dead, and was told so before this one was.
    else if (record.until !== undefined && seat.link !== null) this.#parts.room.announce()
    return true
  }

  /** Somebody sits on another server who was not known here. */
  meet (record: SeatRecord, { joined, asks }: RoomNews): void {
    const { row, cluster } = this.#parts
    if (record.server === cluster.server || row.find(record.id) !== undefined) return
    this.#introduce(record, joined === record.id ? asks ?? 'others' : 'others')
  }

  #introduce (record: SeatRecord, asks: Asked): void {
    const { room, row, cluster, arrivals } = this.#parts
    const others = row.seats
    const seat = new RemoteSeat(room, record, cluster)
    row.add(seat)
    arrivals.introduce(seat, others, asks)
  }
}
