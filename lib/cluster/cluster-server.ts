import type { Backplane, BackplaneListener } from '../rooms/backplane.js'
import type { Clock } from '../rooms/clock.js'
import type { TextFrame } from '../rooms/peer-link.js'
import type { AskedByServer } from '../rooms/other-servers.js'
import type { RoomRegistry } from '../rooms/room-registry.js'
import type { OwnedSeat, RoomName, SeatArbiter } from '../rooms/seat-arbiter.js'
import type { Seat } from '../rooms/seat.js'
import { Answers } from './answers.js'
import { Decisions } from './decisions.js'
import { FrameDelivery } from './frame-delivery.js'
import type { NextNumbers } from './frame-order.js'
import type { OutageClock } from './outage-clock.js'
import type { ComeSeat, RemoteSeat } from './remote-seat.js'
import { Questions, TOO_LATE } from './questions.js'
import type { AnnouncingRoom, MovedSeat, RoomCluster } from './room-cluster.js'
import type { RoomCount } from './room-count.js'
import type { RoomNews } from './room-news.js'
import { RoomUpkeep } from './room-upkeep.js'
import { readMessage, writeFrame, writeMessage, type BetweenServers, type RelayedFrame, type ServerQuestion } from './between-servers.js'
import { SharedRoom } from './shared-room.js'

export interface ClusterServerOptions {
  /** The id of this server: new each time that it starts. */
  server: string
  arbiter: SeatArbiter
  count: RoomCount
  clock: Clock
  windowClock: OutageClock
  /** How long, in ms, the peers in a full room may take to answer. */
  probeTimeout: number
  /** How long, in ms, a server counts as alive after its last sign of life. */
  lease: number
  connect (received: BackplaneListener): Backplane
  isDead (server: string): boolean
  failed (error: unknown): void
}

/** This server among the others: takes their messages to its rooms, and those of its rooms to them. */
export class ClusterServer implements RoomCluster {
  readonly server: string
  readonly arbiter: SeatArbiter
  readonly count: RoomCount
  readonly windowClock: Clock
  readonly waits: number
  readonly retryAfter: number
  readonly #options: ClusterServerOptions
  readonly #backplane: Backplane
  readonly #questions: Questions
  readonly #upkeep: RoomUpkeep
  readonly #frames: FrameDelivery
  readonly #answers: Answers
  readonly #decisions: Decisions
  #streams = 0
  #rooms: RoomRegistry | null = null
  #recoversUntil = -Infinity

  constructor (options: ClusterServerOptions) {
    const { server, arbiter, count, clock, windowClock, probeTimeout, lease } = options
    this.#options = options
    this.server = server
    this.arbiter = arbiter
    this.count = count
    this.#upkeep = new RoomUpkeep(() => this.#shared(), room => this.#find(room.roomName) === room, count)
    this.windowClock = windowClock
    this.waits = probeTimeout + 2 * lease
    this.retryAfter = Math.ceil(lease / 3)
    this.#questions = new Questions(clock)
    this.#frames = new FrameDelivery(clock, probeTimeout, (server, frame) => this.#sendFrame(server, frame))
    this.#backplane = options.connect((from, message) => this.#received(from, message))
    this.#decisions = new Decisions({ server, arbiter, clock, send: (server, message) => this.#send(server, message), failed: options.failed })
    this.#answers = new Answers({
      server,
      arbiter,
      frames: this.#frames,
      rooms: () => this.#rooms,
      whenIdle: async () => this.whenIdle(),
      written: async () => this.written()
    })
  }

  /** The rooms that this server has. */
  serve (rooms: RoomRegistry): void {
    this.#rooms = rooms
    rooms.pauseElsewhere = (room, claim) => this.#decisions.begin(room, claim)
  }

  // For the rooms.

  get isRecovering (): boolean {
    return this.#options.clock.lived() < this.#recoversUntil
  }

  isDead (server: string): boolean {
    return server !== this.server && this.#options.isDead(server)
  }

  newStream (): number {
    return ++this.#streams
  }

  relay (server: string, seat: string, stream: number, number: number, sender: string, frame: TextFrame): void {
    this.#sendFrame(server, { type: 'frame', seat, number: { from: this.server, stream, number }, sender, frame: frame.toString() })
  }

  arrived (seat: Seat): void {
    this.#inOrder(seat, () => this.#frames.arrived(seat))
  }

  tookOver (seat: ComeSeat, numbers: NextNumbers, before?: RemoteSeat): void {
    this.#frames.tookOver(seat, numbers, before)
  }

  tell (server: string, room: RoomName, news: RoomNews): void {
    this.#send(server, { type: 'news', room, news })
  }

  offered (server: string, room: RoomName, seat: string): void {
    this.#send(server, { type: 'offered', room, seat })
  }

  probe (server: string, room: RoomName, seat: string, answer: (alive: boolean | null) => void): void {
    this.#ask(server, { what: 'probe', room, seat }, this.waits, alive => answer(alive === TOO_LATE ? true : alive as boolean | null))
  }

  handOver (server: string, { id: seat, fence }: OwnedSeat, received: number | undefined, answer: (handOver: MovedSeat | null) => void): void {
    const question: ServerQuestion = { what: 'handOver', seat, fence, ...(received === undefined ? {} : { received }) }
    this.#ask(server, question, this.#options.probeTimeout, handOver => answer(handOver === TOO_LATE ? null : handOver as MovedSeat | null))
  }

  gaveAway (seat: Seat, server: string): void {
    this.#frames.gaveAway(seat, server)
  }

  doubted (room: AnnouncingRoom): void {
    this.#upkeep.doubted(room)
  }

  failed (error: unknown): void {
    this.#options.failed(error)
  }

  // For the application.

  /** Asks several servers at once. Resolves with what those said that answered in time. */
  async askAll (servers: readonly string[], method: string, args: readonly unknown[]): Promise<unknown[]> {
    return (await this.#askEach(servers, { what: 'call', method, args })).filter(answer => answer !== TOO_LATE && answer !== null)
  }

  answerBy (asked: AskedByServer): void {
    this.#answers.asked = asked
  }

  // From the lease.

  /** Redis has forgotten who sits where: for so many ms nobody joins, until each server has said it again. */
  recover (ms: number): void {
    this.#recoversUntil = this.#options.clock.lived() + ms
  }

  /** What decides answers again. `all`: what this server said before may be forgotten. */
  renewed (all: boolean): void {
    this.#upkeep.signOfLife(all)
  }

  died (server: string): void {
    this.#questions.serverDied(server)
    for (const room of this.#shared()) if (room.sitsOn(server)) room.serverDied(server)
  }

  /** Resolves when the rooms have said all that they had to say. */
  async whenIdle (): Promise<void> {
    await Promise.all(this.#shared().map(async room => room.whenIdle()))
  }

  /** This server goes away: passes on what the others still send here for seats that have moved. Resolves when nothing of it can come any more. */
  async passedOn (servers: readonly string[]): Promise<void> {
    if (!this.#frames.passesOn) return
    // First those that took seats over have told everybody, then everybody has heard it, and at last what came here until then has arrived there.
    for (let round = 0; round < 3; round++) await this.#askEach(servers, { what: 'finish' })
  }

  /** Resolves when what was said so far is where the others read it. */
  async written (): Promise<void> {
    await this.#backplane.written()
  }

  close (): void {
    this.#questions.end()
    this.#decisions.end()
    this.#frames.end()
    this.#backplane.close()
  }

  #shared (): SharedRoom[] {
    const rooms = this.#rooms
    if (rooms === null) return []
    return rooms.apps().flatMap(app => rooms.in(app)).filter(room => room instanceof SharedRoom)
  }

  #find ({ app, room }: RoomName): SharedRoom | undefined {
    const found = this.#rooms?.find(app, room)
    return found instanceof SharedRoom ? found : undefined
  }

  #sendFrame (server: string, frame: RelayedFrame): void {
    this.#backplane.send(server, writeFrame(frame), true)
  }

  #send (server: string, message: BetweenServers): void {
    this.#backplane.send(server, writeMessage(message))
  }

  #ask (server: string, question: ServerQuestion, timeout: number, answer: (answer: unknown) => void): void {
    if (this.isDead(server)) answer(null)
    else this.#send(server, { type: 'question', number: this.#questions.add(server, timeout, answer), question })
  }

  async #askEach (servers: readonly string[], question: ServerQuestion): Promise<unknown[]> {
    return await Promise.all(servers.map(async server => new Promise(resolve => this.#ask(server, question, this.#options.probeTimeout, resolve))))
  }

  #received (from: string, text: string): void {
    const message = readMessage(text)
    switch (message.type) {
      case 'frame': return this.#handleFrame(message)
      case 'news': return this.#find(message.room)?.hear(message.news)
      case 'offered': return this.#find(message.room)?.hearOffer(message.seat)
      case 'answer': return this.#questions.answer(message.number, message.answer)
      case 'deciding': return this.#decisions.hear(from, message, this.#rooms?.seat(message.seat))
      case 'decided': return this.#decisions.hear(from, message, undefined)
      case 'question': return this.#handleQuestion(message.number, message.question, from)
      // A later version of this server may know more.
      default: return message satisfies never
    }
  }

  #handleFrame (frame: RelayedFrame): void {
    this.#inOrder(this.#rooms?.seat(frame.seat), () => this.#frames.deliver(this.#rooms?.seat(frame.seat), frame))
  }

  /** Delivers to a seat behind the news of its room. */
  #inOrder (seat: Seat | undefined, deliver: () => void): void {
    if (seat?.room instanceof SharedRoom) seat.room.hearFrame(deliver)
    else deliver()
  }

  #handleQuestion (number: number, question: ServerQuestion, from: string): void {
    this.#answers.give(question, from, answer => this.#send(from, { type: 'answer', number, answer })).catch((error: unknown) => this.failed(error))
  }
}
