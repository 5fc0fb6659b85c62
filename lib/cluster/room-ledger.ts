import type { StopReason } from '../protocol/server-messages.js'
import type { Arrivals, Farewell } from '../rooms/arrivals.js'
import type { RoomContext } from '../rooms/room-context.js'
import type { RoomName, SeatChange, SeatRecord } from '../rooms/seat-arbiter.js'
import type { Seat, SeatRoom } from '../rooms/seat.js'
import type { SeatRow } from '../rooms/seat-row.js'
import { announced } from './announced.js'
import { Orphans } from './orphans.js'
import { RemoteSeat } from './remote-seat.js'
import type { AnnouncingRoom, RoomCluster } from './room-cluster.js'
import { missingIn, UNKNOWN, type EndedSeat, type RoomNews } from './room-news.js'
import { Turns } from './turns.js'

/** The room, and what the ledger has it do. */
export interface LedgerRoom extends SeatRoom, AnnouncingRoom {
  readonly roomName: RoomName
  /** Takes a seat out, and tells the peers of this server. */
  takeOut (seat: Seat, reason: StopReason, farewell: Farewell): void
}

export interface LedgerParts {
  readonly room: LedgerRoom
  readonly row: SeatRow
  readonly context: RoomContext
  readonly cluster: RoomCluster
  readonly arrivals: Arrivals
  /** Nothing is to be asked or said any more. */
  idle (): void
}

/** What is known of who sits in one room. It asks and says one thing after the other, and brings the seats of this server in line with the answers. */
export class RoomLedger {
  readonly #parts: LedgerParts
  #state = UNKNOWN
  readonly #turns: Turns
  #isDoubtful = false
  /** The servers that have not heard of the last change. */
  #audience = new Set<string>()
  #recheck: unknown = null
  readonly #orphans: Orphans

  constructor (parts: LedgerParts) {
    this.#parts = parts
    this.#turns = new Turns(error => this.doubt(error), parts.idle)
    this.#orphans = new Orphans(parts.cluster.windowClock, (id, fence) => this.#expire(id, fence))
  }

  get isBusy (): boolean {
    return this.#turns.isBusy || this.#isDoubtful
  }

  /** The other servers on which somebody sits in the room. */
  get servers (): ReadonlySet<string> {
    return new Set(this.#state.seats.flatMap(({ server }) => server === this.#parts.cluster.server ? [] : server))
  }

  /** Runs a task behind those before: so an answer is always about what was known when it was asked. */
  inTurn (task: () => Promise<void>): void {
    this.#turns.add(task)
  }

  async settled (): Promise<void> {
    await this.#turns.done()
  }

  /** No answer came: whatever was asked may have been done or not. The room says again what it has, once there are answers. */
  doubt (error: unknown): void {
    this.#parts.cluster.failed(error)
    this.#isDoubtful = true
    this.#parts.cluster.doubted(this.#parts.room)
  }

  /** The connection of a seat of this server is gone. */
  lost (seat: Seat): void {
    const { room, cluster, context: { rules } } = this.#parts
    // Nobody else ends it within another window, which is what it may be paused for.
    this.#change(seat, [], async record => cluster.arbiter.lost(room.roomName, record, rules.window, rules.window))
  }

  /** A seat of this server ends. */
  leave (seat: Seat, reason: StopReason, farewell: Farewell): void {
    const { room, cluster } = this.#parts
    this.#change(seat, [[seat.id, reason, farewell]], async record => cluster.arbiter.leave(room.roomName, record))
  }

  announce (): void {
    this.inTurn(async () => {
      const { room, row, cluster } = this.#parts
      const here = row.seats.filter(seat => seat.isHere)
      const known = here.map(seat => announced(seat, this.#record(seat.id)))
      const state = await cluster.arbiter.announce(room.roomName, cluster.server, known, row.capacity)
      this.#isDoubtful = false
      this.#spread({ state, ended: missingIn(state, here) })
    })
  }

  /** A server is dead: its peers have lost their connections. */
  serverDied (server: string): void {
    const { room, cluster, context: { rules } } = this.#parts
    this.inTurn(async () => {
      for (const record of this.#state.seats.filter(seat => seat.server === server && seat.until === undefined)) {
        this.#heed(await cluster.arbiter.lost(room.roomName, record, rules.window, 0), [[record.id, 'lost', 'stop']])
      }
      this.#watchAll()
    })
  }

  /**
   * Brings the seats of this server in line with what is known now.
   *
   * @param except a seat that is gone by it, and taken out later
   */
  take (news: RoomNews, except?: Seat): void {
    const { state, ended } = news
    const { row, arrivals } = this.#parts
    const isNews = state.version > this.#state.version
    if (isNews) {
      this.#state = state
      row.capacity = state.capacity
      for (const { server } of state.seats) this.#audience.add(server)
    }
    // Seen now, and not when the room was last changed.
    if (state.version === this.#state.version) this.#state = state
    const { turn } = arrivals.offers
    for (const [id, reason, farewell] of ended) {
      const seat = row.find(id)
      if (seat !== undefined && seat !== except && this.#record(id) === undefined) this.#takeOut(seat, reason, farewell)
    }
    if (!isNews) return
    for (const seat of row.seats) {
      const record = this.#record(seat.id)
      if (record !== undefined) this.#follow(seat, record)
      else if (seat !== except) this.#miss(seat)
    }
    for (const record of state.seats) this.#meet(record, news)
    row.sort(state.seats.map(({ id }) => id))
    // The offer that is on its way ends with no seat but its sender's.
    if (news.asks === 'nobody' && turn !== null && !turn.seat.over) arrivals.offers.restore(turn)
    this.#watchAll()
  }

  /** Tells the other servers. */
  publish (news: RoomNews): void {
    const { room, cluster } = this.#parts
    for (const server of new Set([...this.#audience, ...this.servers])) if (server !== cluster.server) cluster.tell(server, room.roomName, news)
    this.#audience = new Set(this.servers)
  }

  /** A seat of another server goes on here. */
  put (seat: Seat): void {
    const { row, context } = this.#parts
    row.find(seat.id)?.end()
    row.put(seat)
    row.sort(this.#state.seats.map(({ id }) => id))
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
    if (!this.isBusy) this.#parts.idle()
  }

  end (): void {
    const { context: { clock } } = this.#parts
    clock.cancel(this.#recheck)
    this.#orphans.end()
  }

  #record (id: string): SeatRecord | undefined {
    return this.#state.seats.find(seat => seat.id === id)
  }

  #change (seat: Seat, ended: readonly EndedSeat[], change: (record: SeatRecord) => Promise<SeatChange> | SeatChange): void {
    this.inTurn(async () => {
      const record = this.#record(seat.id)
      if (record?.server === this.#parts.cluster.server) this.#heed(await change(record), ended)
    })
  }

  /** Takes note of a change, and tells the others, unless the seat was another owner's. */
  #heed ({ outcome, state }: SeatChange, ended: readonly EndedSeat[]): void {
    if (outcome === 'stale') this.take({ state, ended: [] })
    else this.#spread({ state, ended: outcome === 'ended' ? ended : [] })
  }

  #spread (news: RoomNews): void {
    this.take(news)
    this.publish(news)
  }

  #takeOut (seat: Seat, reason: StopReason, farewell: Farewell): void {
    const link = seat.isHere ? seat.link : null
    this.#parts.room.takeOut(seat, reason, farewell)
    link?.close('seatResumed')
  }

  #follow (seat: Seat, record: SeatRecord): void {
    if (seat instanceof RemoteSeat) seat.moved(record)
    else if (record.server !== this.#parts.cluster.server) this.giveAway(seat, record.server)
  }

  /** A seat that nobody has ended is unknown: it was forgotten with the last writes. Its server says it again. */
  #miss (seat: Seat): void {
    const { room, row, context: { clock }, cluster } = this.#parts
    if (seat.isHere) {
      room.announce()
      return
    }
    this.#recheck ??= clock.after(cluster.waits, () => {
      this.#recheck = null
      this.inTurn(async () => {
        const state = await cluster.arbiter.state(room.roomName)
        this.take({ state, ended: missingIn(state, row.seats.filter(seat => !seat.isHere)) })
      })
    })
  }

  /** Somebody sits on another server who was not known here. */
  #meet (record: SeatRecord, { joined, asks }: RoomNews): void {
    const { room, row, cluster, arrivals } = this.#parts
    if (record.server === cluster.server || row.find(record.id) !== undefined) return
    const others = row.seats
    const seat = new RemoteSeat(room, record, cluster)
    row.add(seat)
    arrivals.introduce(seat, others, joined === record.id ? asks ?? 'others' : 'others')
  }

  /** Ends the seats of absent peers whose server is dead, when their windows are over. */
  #watchAll (): void {
    const { cluster } = this.#parts
    for (const record of this.#state.seats) if (cluster.isDead(record.server)) this.#orphans.watch(record, this.#state.now)
  }

  #expire (id: string, fence: number): void {
    const { room, cluster } = this.#parts
    this.inTurn(async () => {
      this.#heed(await cluster.arbiter.expire(room.roomName, { id, fence }), [[id, 'lost', 'stop']])
      this.#watchAll()
    })
  }
}
