import type { StopReason } from '../protocol/server-messages.js'
import type { Farewell } from '../rooms/arrivals.js'
import type { RoomState, SeatChange, SeatRecord } from '../rooms/seat-arbiter.js'
import type { Seat } from '../rooms/seat.js'
import { announced } from './announced.js'
import type { NextNumbers } from './frame-order.js'
import { Orphans } from './orphans.js'
import { Recheck } from './recheck.js'
import type { ComeSeat } from './remote-seat.js'
import { missingIn, UNKNOWN, type EndedSeat, type RoomNews } from './room-news.js'
import { RowChanges, type RowParts } from './row-changes.js'
import { Turns } from './turns.js'

export interface LedgerParts extends RowParts {
  /** Nothing is to be asked or said any more. */
  idle (): void
}

/** What is known of who sits in one room. It asks and says one thing after the other, and brings the seats of this server in line with the answers. */
export class RoomLedger {
  readonly #parts: LedgerParts
  #state = UNKNOWN
  readonly #turns: Turns
  readonly #row: RowChanges
  #isDoubtful = false
  #isOver = false
  /** What has ended without an answer. */
  #unsaid: EndedSeat[] = []
  /** The servers that have not heard of the last change. */
  #audience = new Set<string>()
  readonly #recheck: Recheck
  readonly #orphans: Orphans

  constructor (parts: LedgerParts) {
    this.#parts = parts
    this.#turns = new Turns(error => this.doubt(error), parts.idle)
    this.#row = new RowChanges(parts)
    this.#orphans = new Orphans(parts.cluster, (id, fence) => this.#expire(id, fence))
    this.#recheck = new Recheck(parts.context.clock, parts.cluster.waits, () => this.#look())
  }

  get state (): RoomState {
    return this.#state
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

  /** Whether something of other servers waits for an answer. */
  get isBehind (): boolean {
    return this.#turns.isBehind
  }

  /** Another server says something. It may come from after an answer that is still on its way, and is taken behind that one. */
  hear (told: () => void): void {
    this.#turns.behind(told)
  }

  async whenIdle (): Promise<void> {
    await this.#turns.done()
  }

  /** No answer came: whatever was asked may have been done or not. The room says again what it has, once there are answers. */
  doubt (error: unknown): void {
    this.#parts.cluster.failed(error)
    this.#isDoubtful = true
    this.#orphans.doubt()
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
      const state = await cluster.arbiter.announce(room.roomName, cluster.server, known, row.capacity, this.#state.version)
      this.#isDoubtful = false
      const unsaid = this.#unsaid.filter(([id]) => !state.seats.some(seat => seat.id === id))
      this.#unsaid = []
      this.#spread({ state, ended: [...unsaid, ...missingIn(state, here)] })
      // What was asked of a dead server's seats may have had no answer either.
      this.#careForOrphans()
    })
  }

  renew (): void {
    this.inTurn(async () => {
      const { room, cluster } = this.#parts
      // Redis has lost something, or this server has missed something, and nobody has noticed.
      if (await cluster.arbiter.renew(room.roomName) !== this.#state.version) this.announce()
    })
  }

  /** A server is dead: its peers have lost their connections. */
  serverDied (server: string): void {
    const { room, cluster, context: { rules } } = this.#parts
    this.inTurn(async () => {
      for (const record of this.#state.seats.filter(seat => seat.server === server && seat.until === undefined)) {
        this.#heed(await cluster.arbiter.lost(room.roomName, record, rules.window, 0), [[record.id, 'lost', 'stop']])
      }
      this.#orphans.watch(this.#state)
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
      if (seat !== undefined && seat !== except && this.#record(id) === undefined) this.#row.takeOut(seat, reason, farewell)
    }
    if (!isNews) return
    for (const seat of row.seats) {
      const record = this.#record(seat.id)
      if (record !== undefined && !this.#row.follow(seat, record)) this.giveAway(seat, record.server)
    }
    this.#miss(row.seats.filter(seat => seat !== except && this.#record(seat.id) === undefined))
    for (const record of state.seats) this.#row.meet(record, news)
    row.sort(state.seats.map(({ id }) => id))
    // The offer that is on its way ends with no seat but its sender's.
    if (news.asks === 'nobody' && turn !== null && !turn.seat.over) arrivals.offers.restore(turn)
    this.#careForOrphans()
  }

  /** Tells the other servers: also those of seats that are gone, of which this server may know by nothing else. */
  publish (news: RoomNews, gone: readonly SeatRecord[] = []): void {
    const { room, cluster } = this.#parts
    const told = new Set([...this.#audience, ...this.servers, ...gone.map(({ server }) => server)])
    for (const server of told) if (server !== cluster.server) cluster.tell(server, room.roomName, news)
    this.#audience = new Set(this.servers)
  }

  /** A seat of another server goes on here. */
  put (seat: ComeSeat, numbers: NextNumbers): void {
    this.#row.put(seat, numbers, this.#state)
  }

  /** A seat of this server goes on at another one. */
  giveAway (seat: Seat, server: string): void {
    this.#row.giveAway(seat, server)
    if (!this.isBusy) this.#parts.idle()
  }

  /** This server has nothing to do with the room any more. */
  end (): void {
    this.#recheck.end()
    this.#orphans.end()
    // Nobody sits in it on any server.
    if (!this.#isOver && this.#state.version > 0 && this.#state.seats.length === 0) this.#parts.cluster.count.end(this.#parts.room.roomName)
    this.#isOver = true
  }

  #record (id: string): SeatRecord | undefined {
    return this.#state.seats.find(seat => seat.id === id)
  }

  #change (seat: Seat, ended: readonly EndedSeat[], change: (record: SeatRecord) => Promise<SeatChange> | SeatChange): void {
    this.inTurn(async () => {
      const record = this.#record(seat.id)
      if (record?.server !== this.#parts.cluster.server) return
      this.#unsaid.push(...ended)
      this.#heed(await change(record), ended)
      this.#unsaid = []
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

  /** Seats that nobody has ended are unknown: they were forgotten with the last writes, and their servers say them again. Or nobody could say their end. */
  #miss (seats: readonly Seat[]): void {
    const { room, row } = this.#parts
    // Others have seats in their place, so that these cannot all be said again: most likely those of other servers have ended.
    let tooMany = this.#state.seats.length + seats.length - row.capacity
    for (const seat of [...seats].sort((a, b) => Number(a.isHere) - Number(b.isHere))) {
      if (tooMany-- > 0) this.#row.takeOut(seat, 'lost', 'harmless stop')
      else if (seat.isHere) room.announce()
      else if (row.seats.some(({ isHere }) => isHere)) this.#recheck.later()
      // Those who only wait here are told nothing: it has ended.
      else room.takeOut(seat, 'lost', 'nothing')
    }
  }

  #look (): void {
    const { room, row, cluster } = this.#parts
    this.inTurn(async () => {
      const state = await cluster.arbiter.state(room.roomName)
      this.take({ state, ended: missingIn(state, row.seats.filter(seat => !seat.isHere)) })
    })
  }

  /** Somebody may sit here with the peers of a server that was dead before. */
  #careForOrphans (): void {
    for (const server of this.#orphans.find(this.#state)) this.serverDied(server)
    this.#orphans.watch(this.#state)
  }

  #expire (id: string, fence: number): void {
    this.inTurn(async () => {
      this.#heed(await this.#parts.cluster.arbiter.expire(this.#parts.room.roomName, { id, fence }), [[id, 'lost', 'stop']])
      this.#orphans.watch(this.#state)
    })
  }
}
