import type { JoinOutcome, JoinRequest } from '../rooms/join-request.js'
import { PendingJoin } from '../rooms/pending-join.js'
import { TOO_MANY_ROOMS } from '../rooms/room-registry.js'
import type { RoomContext } from '../rooms/room-context.js'
import type { JoinAnswer, SeatRecord } from '../rooms/seat-arbiter.js'
import { receivedOf } from '../rooms/resume-proof.js'
import type { Seat } from '../rooms/seat.js'
import { Joining } from './joining.js'
import { probeAll, type ProbedRoom } from './probe-all.js'
import { ComeSeat } from './remote-seat.js'
import type { MovedSeat, RoomCluster } from './room-cluster.js'
import type { RoomLedger } from './room-ledger.js'
import { givenUpBy, type EndedSeat, type RoomNews } from './room-news.js'
import type { LedgerRoom } from './row-changes.js'
import { notTold, type NotTold, type ToldOfRoom } from './told-of-room.js'

/** An answer by which the joiner has a seat of its own. */
type Seated = JoinAnswer & { outcome: 'seated' | 'replaced' | 'rejoined' }

/** The room, and what those who join have it do. */
export interface JoinedRoom extends LedgerRoom, ProbedRoom {
  /**
   * Seats a joiner as it was decided.
   *
   * @param ended what was given up before it, of which the others have not been told
   * @param instead a seat that the joiner gets the place of; `isOwn`: it joins again on the connection of that seat
   * @returns the seat, and what the other servers are to be told of it
   */
  sit (request: JoinRequest, ended: readonly EndedSeat[], instead: { seat: Seat, isOwn: boolean } | null): { seat: Seat, news: Omit<RoomNews, 'state'> }
  /** Gives a joiner its seat back, on this server, and tells it what it was not told elsewhere. */
  resume (seat: Seat, request: JoinRequest, notTold: NotTold): void
}

/** Those of this server who join one room, in the order in which they came, until each has a seat or was refused. */
export class JoinLine {
  readonly #room: JoinedRoom
  readonly #ledger: RoomLedger
  readonly #context: RoomContext
  readonly #cluster: RoomCluster
  readonly #maxRooms: number
  #joinings: Joining[] = []
  /** The probe that is under way. */
  #probe: Promise<void> | null = null

  /** @param maxRooms how many rooms the application may have, on all servers */
  constructor (room: JoinedRoom, ledger: RoomLedger, context: RoomContext, cluster: RoomCluster, maxRooms: number) {
    this.#room = room
    this.#ledger = ledger
    this.#context = context
    this.#cluster = cluster
    this.#maxRooms = maxRooms
  }

  /** How many have no answer yet. */
  get size (): number {
    return this.#joinings.length
  }

  /** How many of them wait while the peers are asked whether they live. */
  get waiting (): number {
    return this.#joinings.filter(({ waits }) => waits).length
  }

  add (request: JoinRequest): PendingJoin {
    const { rules } = this.#context
    const { server, waits, arbiter: { time: at } } = this.#cluster
    const pending = new PendingJoin(request, (pending, resumable) => this.#cancel(pending, resumable))
    const joining = new Joining(pending, { server, hold: rules.hold, resumes: rules.window > 0, waits, at })
    this.#joinings.push(joining)
    this.#ask(joining)
    return pending
  }

  /** A seat has become free, or may have: those who wait ask again. */
  serve (): void {
    for (const joining of this.#joinings) if (joining.waits) this.#ask(joining)
  }

  /** @param gone whether those who get a seat all the same may come back to it */
  turnAway (outcome: JoinOutcome, gone: 'lost' | 'left'): void {
    for (const joining of this.#joinings) {
      joining.gone ??= gone
      joining.answer(outcome)
      if (joining.waits) this.#withdraw(joining)
    }
  }

  #ask (joining: Joining): void {
    this.#ledger.inTurn(async () => {
      if (!this.#joinings.includes(joining)) return
      if (joining.gone !== null && !joining.waits) {
        this.#joinings = this.#joinings.filter(other => other !== joining)
        return
      }
      if (this.#cluster.isRecovering) {
        this.#finish(joining, { refused: 'serverBusy', retryAfter: this.#cluster.retryAfter })
        return
      }
      let answer: JoinAnswer
      try {
        answer = await this.#cluster.arbiter.join(this.#room.roomName, joining.ask)
        if (!await this.#mayBegin(answer)) {
          this.#finish(joining, TOO_MANY_ROOMS)
          return
        }
      } catch (error) {
        // It may have been carried out all the same.
        this.#ledger.doubt(error)
        this.#finish(joining, { refused: 'serverBusy', retryAfter: this.#cluster.retryAfter })
        return
      }
      await this.#carryOut(joining, answer)
    })
  }

  /** The first seat in a room begins it: whether the application may have one more, on whatever server. */
  async #mayBegin (answer: JoinAnswer): Promise<boolean> {
    if (answer.outcome !== 'seated' || answer.state.seats.length > 1) return true
    const { arbiter, count } = this.#cluster
    const { roomName } = this.#room
    if (await count.begin(roomName, this.#maxRooms)) return true
    await arbiter.leave(roomName, answer.seat)
    return false
  }

  async #carryOut (joining: Joining, answer: JoinAnswer): Promise<void> {
    const { outcome, state } = answer
    const over = givenUpBy(answer)
    if (outcome === 'wait' || outcome === 'full') {
      this.#ledger.take({ state, ended: over })
      if (over.length > 0) this.#ledger.publish({ state, ended: over }, answer.ended)
      if (outcome === 'full') {
        const { retryAfter } = answer
        this.#finish(joining, { refused: 'NoSpaceForNewPeer', ...(retryAfter === undefined ? {} : { retryAfter: Math.ceil(retryAfter) }) })
      } else if (!joining.waits) {
        joining.waits = true
        if (joining.gone === null) this.#probeFor(joining, answer.sitters)
        else this.#withdraw(joining)
      }
    } else if (outcome === 'resumed') {
      this.#ledger.take({ state, ended: over })
      await this.#resume(joining, answer)
    } else {
      this.#sit(joining, answer, over)
    }
  }

  #sit (joining: Joining, { outcome, seat, state, ended }: Seated, over: EndedSeat[]): void {
    // What was given up for this joiner comes last.
    const instead = outcome === 'seated' ? undefined : this.#room.seats.find(({ id }) => id === ended.at(-1)?.id)
    const before = instead === undefined ? over : over.slice(0, -1)
    this.#ledger.take({ state, ended: before }, instead)
    const sat = this.#room.sit(joining.decided(seat), before, instead === undefined ? null : { seat: instead, isOwn: outcome === 'rejoined' })
    this.#ledger.publish({ state, ...sat.news }, ended)
    this.#cluster.arrived(sat.seat)
    this.#finish(joining, { seat: sat.seat })
  }

  async #resume (joining: Joining, answer: JoinAnswer & { outcome: 'resumed' }): Promise<void> {
    const { seat: record, previous } = answer
    const received = receivedOf(joining.request, record.id)
    const own = this.#room.seats.find(({ id, isHere }) => id === record.id && isHere)
    if (own !== undefined) {
      if (own.missed(received) === null) {
        const { holder } = own
        await this.#sitAnew(joining, record)
        if (holder !== joining.request.holder) holder?.link.close('seatResumed')
      } else {
        this.#goOn(joining, own, record, answer)
      }
      return
    }
    const handOver = await new Promise<MovedSeat | null>(resolve => {
      const from = previous.server === this.#cluster.server ? null : previous.server
      const take = (handOver: MovedSeat | null): void => {
        // At once, since what is sent to the seat comes right behind it.
        if (handOver !== null) this.#goOn(joining, this.#takeOver(joining, record, handOver), record, answer, handOver.told)
        resolve(handOver)
      }
      if (from === null) take(null)
      else this.#cluster.handOver(from, record, received, take)
    })
    if (handOver === null) await this.#sitAnew(joining, record)
  }

  #goOn (joining: Joining, seat: Seat, record: SeatRecord, answer: JoinAnswer, told?: ToldOfRoom): void {
    this.#room.resume(seat, joining.decided(record), notTold(told, record.id, this.#room.seats))
    this.#ledger.publish({ state: answer.state, ended: givenUpBy(answer) }, answer.ended)
    this.#cluster.arrived(seat)
    this.#finish(joining, { seat })
  }

  /** The messages that the client lacks are gone: it gets a new seat in place of its own. */
  async #sitAnew (joining: Joining, record: SeatRecord): Promise<void> {
    joining.askAnew(record)
    let answer: JoinAnswer
    try {
      answer = await this.#cluster.arbiter.join(this.#room.roomName, joining.ask)
    } catch (error) {
      this.#ledger.doubt(error)
      this.#finish(joining, { refused: 'serverBusy', retryAfter: this.#cluster.retryAfter })
      return
    }
    // Somebody else may have resumed it by the same claim meanwhile: then it is as with any joiner.
    if (answer.outcome === 'resumed') this.#finish(joining, { refused: 'serverBusy', retryAfter: this.#cluster.retryAfter })
    else await this.#carryOut(joining, answer)
  }

  #takeOver (joining: Joining, record: SeatRecord, handOver: MovedSeat): Seat {
    const { holder, profile, kind } = joining.request
    const { rules, budget } = this.#context
    const seat = new ComeSeat(this.#room, holder, record.toldPolite, profile, rules, budget, kind, record.id)
    seat.takeOver(handOver)
    if (seat.proof !== null) seat.proof.peers = handOver.peers
    this.#ledger.put(seat, handOver.numbers)
    return seat
  }

  #finish (joining: Joining, outcome: JoinOutcome): void {
    this.#joinings = this.#joinings.filter(other => other !== joining)
    joining.answer(outcome)
    // It has gone meanwhile, and does not know of the seat.
    if ('seat' in outcome && joining.gone !== null) this.#room.lost(outcome.seat, joining.gone === 'left')
  }

  #cancel (pending: PendingJoin, resumable: boolean): void {
    const joining = this.#joinings.find(joining => joining.is(pending))
    if (joining === undefined) return
    joining.gone ??= resumable ? 'lost' : 'left'
    joining.answer({ refused: 'NoSpaceForNewPeer' })
    if (joining.waits) this.#withdraw(joining)
  }

  #withdraw (joining: Joining): void {
    this.#ledger.inTurn(async () => {
      if (!this.#joinings.includes(joining)) return
      this.#joinings = this.#joinings.filter(other => other !== joining)
      await this.#cluster.arbiter.withdraw(this.#room.roomName, joining.id)
    })
  }

  /** Asks everybody who sits there for a sign of life; then the joiner asks once more. */
  #probeFor (joining: Joining, sitters: readonly SeatRecord[]): void {
    this.#probe ??= probeAll(sitters, this.#room, this.#cluster).finally(() => { this.#probe = null })
    void this.#probe.then(() => {
      joining.probed = true
      this.#ask(joining)
    })
  }
}
