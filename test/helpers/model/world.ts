import assert from 'node:assert/strict'
import { encode } from '../../../lib/protocol/codec.js'
import type { ClientKind } from '../../../lib/rooms/client-kind.js'
import { RoomRegistry } from '../../../lib/rooms/room-registry.js'
import type { SeatRules } from '../../../lib/rooms/room-context.js'
import type { Heard } from '../fakes/fake-link.js'
import { promisesDone } from '../fakes/pending.js'
import { TestClock } from '../fakes/test-clock.js'
import { checkLine, checkRooms, compareRooms } from './checks.js'
import { INVARIANTS } from './invariants.js'
import { Line } from './line.js'
import { foreignView, ModelClient, relayed, SHAPES, type RelayedKind } from './model-client.js'
import type { Tally } from './occurrences.js'
import { Oracle } from './oracle.js'

const PROBE_TIMEOUT = 2_000.5

export type Token = 'none' | 'current' | 'old' | 'foreign' | 'forged'
/** The claim of this client's joins until one is answered, or the one before. */
export type Claim = 'none' | 'own' | 'old'
export type Received = 'right' | 'absent' | 'less' | 'more'

/** The real rooms, the oracle beside them, and the clients that use both. */
export class World {
  readonly clock = new TestClock()
  readonly rooms: RoomRegistry
  readonly oracle: Oracle
  readonly clients: ModelClient[]
  readonly #rules: SeatRules
  readonly #joined = new Set<string>()
  readonly #left = new Set<string>()
  readonly #lines: Line[] = []
  #n = 0

  constructor (rules: SeatRules, apps: string[], tally: Tally) {
    this.#rules = rules
    this.rooms = new RoomRegistry(rules, this.clock)
    this.oracle = new Oracle(rules, PROBE_TIMEOUT, tally)
    this.clients = apps.map(app => new ModelClient(app, this.#newClaim()))
    this.rooms.events.on('joined', ({ peer }) => this.#joined.add(peer))
    this.rooms.events.on('left', ({ peer }) => {
      assert.ok(this.#joined.has(peer) && !this.#left.has(peer), INVARIANTS.lives)
      this.#left.add(peer)
    })
  }

  client (index: number): ModelClient {
    const client = this.clients[index]
    if (client === undefined) throw new RangeError(`no client ${index}`)
    return client
  }

  /** The room in which a client sits, or sat, the longest; none where it never did. */
  ownRoom (index: number): string | undefined {
    const client = this.client(index)
    return client.line?.oracle.seats[0]?.room.name ?? [...client.memory.keys()].at(-1)
  }

  /** Whether a client's frames would wait behind a join that is not answered. */
  busy (index: number): boolean {
    return this.client(index).line?.oracle.waitingIn != null
  }

  // What clients do.

  join (index: number, room: string, resume: boolean, kind: Token, count: Received, make: ClientKind = 'other', proof: Claim = 'none'): void {
    const client = this.client(index)
    const views = client.memory.get(room) ?? []
    const view = kind === 'foreign' ? foreignView(client, room, this.clients) : kind === 'old' ? views.at(-2) : views.at(-1)
    const presented = kind === 'none' || view?.token === undefined ? undefined : view
    // Who comes back with a token comes on a new line, whether or not the old one is known to be dead.
    if (presented !== undefined && client.line?.views.has(room) === true) client.abandon()
    const line = this.#lineOf(client)
    const claim = resume && proof !== 'none' ? client.claims.at(proof === 'own' ? -1 : -2) : undefined
    // Whoever knows of no seat has got nothing of it.
    const had = presented?.received ?? (claim === undefined ? undefined : 0)
    const received = had === undefined ? undefined : { right: had, absent: undefined, less: Math.max(0, had - 2), more: had + 1_000 }[count]
    const token = kind === 'forged' && presented?.token !== undefined ? `${presented.token.slice(0, -1)}${presented.token.endsWith('A') ? 'B' : 'A'}` : presented?.token
    line.real.say({ command: 'join', streamId: room, ...(resume ? { resume } : {}), resumeToken: token, claim, received, ...SHAPES[make] })
    const joiner = { link: line.oracle, resume, kind: resume ? 'other' : make, claim, named: presented?.seat }
    this.oracle.join(room, joiner, presented === undefined || kind === 'forged' ? undefined : presented, received)
  }

  leave (index: number, room: string | undefined, command: 'leave' | 'stop', tooFast = false): void {
    const line = this.#lineOf(this.client(index))
    line.real.say({ command, streamId: room }, tooFast)
    if (tooFast) this.oracle.refuse(line.oracle, room, false)
    else this.oracle.leave(line.oracle, room)
  }

  relay (index: number, room: string, command: RelayedKind, size: number, tooFast = false): void {
    const line = this.#lineOf(this.client(index))
    const n = this.#n++
    const own = { streamId: room, n, from: `${line.oracle.app}/${room}` }
    const message = relayed(command, size, own)
    line.real.say(message, tooFast)
    if (tooFast) this.oracle.refuse(line.oracle, room, true)
    else this.oracle.relay(line.oracle, room, command, `relay ${room} ${n}`, JSON.stringify(message).length)
  }

  read (index: number, most: number): void {
    const { line } = this.client(index)
    if (line !== null) this.#read(this.client(index), line, most)
  }

  async readAll (): Promise<void> {
    for (const client of this.clients) if (client.line !== null) this.#read(client, client.line, Infinity)
    await this.whenIdle()
  }

  /** A client's line ends; of what is under way to it, `arrives` things still do. */
  lose (index: number, clean: boolean, arrives: number): void {
    const client = this.client(index)
    const { line } = client
    if (line === null) return
    client.line = null
    this.#end(client, line, clean, arrives)
  }

  /** The server reads a close frame, long before the socket ends; of what was under way to the client, `arrives` things had come. */
  conclude (index: number, clean: boolean, arrives: number): void {
    const client = this.client(index)
    const { line } = client
    if (line === null) return
    client.abandon()
    line.real.conclude(clean, arrives, message => this.#got(client, line, message))
    this.oracle.conclude(line.oracle, clean)
  }

  /** The server finds out about the lines that a client has left behind. */
  loseStale (index: number, clean: boolean): void {
    const client = this.client(index)
    for (const line of client.stale.splice(0)) this.#end(client, line, clean, 0)
  }

  ping (index: number): void {
    const { line } = this.client(index)
    if (line === null || !line.real.open) return
    line.real.ping()
    this.oracle.ping(line.oracle)
  }

  // What the application and time do.

  tell (app: string, room: string, only: number | null, size: number): void {
    const n = this.#n++
    const frame = encode({ command: 'notification', definition: 'note', streamId: room, data: `${n}${' '.repeat(size)}` })
    const found = this.rooms.find(app, room)
    const seat = only === null ? undefined : found?.seats[only]
    if (only !== null && seat === undefined) return
    const entry = { what: `note ${room} ${n}${' '.repeat(size)}`, bytes: frame.length }
    found?.tell(frame, seat)
    this.oracle.tell(app, room, entry, only === null ? undefined : this.oracle.room(app, room).seats[only])
  }

  remove (app: string, room: string, which: number): void {
    const seat = this.rooms.find(app, room)?.seats[which]
    const expected = this.oracle.room(app, room).seats[which]
    if (seat === undefined || expected === undefined) return
    seat.room.remove(seat, 'kicked')
    this.oracle.remove(expected, 'kicked')
  }

  close (app: string, room: string): void {
    this.rooms.find(app, room)?.close('closed')
    this.oracle.close(app, room, 'closed')
  }

  drain (): void {
    this.rooms.drain()
    this.oracle.drain()
  }

  async advance (ms: number): Promise<void> {
    await this.clock.advanceSlowly(ms, () => this.whenIdle())
    this.oracle.advance(ms)
  }

  /** The server stands still. Whatever falls due is that much later, and nobody is late for what was not heard. */
  stall (ms: number): void {
    this.clock.stall(ms)
    this.oracle.stall(ms)
  }

  /** Waits until promises have nothing left to do, at both sides. */
  async whenIdle (): Promise<void> {
    await promisesDone()
    this.oracle.answerAll()
  }

  /** Everything that must hold after every step. */
  check (): void {
    checkRooms(this.rooms, this.clock)
    for (const line of this.#lines) checkLine(line, this.rooms, this.clock.lived(), PROBE_TIMEOUT)
    assert.equal(this.clock.pending, this.oracle.clock.pending, INVARIANTS.timers)
    compareRooms(this.rooms, this.oracle)
  }

  /** Everybody reads to the end, and goes in one of three ways; then nothing may be left. */
  async quiesce (how: 'leave' | 'vanish' | 'drain'): Promise<void> {
    await this.readAll()
    // Whoever is not answered by now, a probe that took its time later, never will be.
    await this.advance(PROBE_TIMEOUT + 1)
    await this.readAll()
    this.check()
    for (const line of this.#lines) assert.equal(line.real.busySince, null, INVARIANTS.answered)
    for (const { line } of this.clients) {
      for (const seat of line?.oracle.seats ?? []) {
        assert.equal(line?.views.get(seat.room.name)?.received, seat.ledger.length, INVARIANTS.order)
      }
    }
    if (how === 'drain') this.drain()
    for (const [index, client] of this.clients.entries()) {
      this.loseStale(index, how === 'leave')
      for (const seat of how === 'leave' ? [...client.line?.oracle.seats ?? []] : []) this.leave(index, seat.room.name, 'leave')
      await this.whenIdle()
      this.lose(index, how === 'leave', 0)
      await this.whenIdle()
    }
    await this.advance(this.#rules.window + PROBE_TIMEOUT + 1)
    this.check()
    assert.equal(this.clock.pending, 0, INVARIANTS.quiet)
    assert.deepEqual(this.rooms.apps(), [], INVARIANTS.quiet)
    for (const peer of this.#joined) assert.equal(this.rooms.seat(peer), undefined, INVARIANTS.quiet)
    assert.deepEqual(this.#left, this.#joined, INVARIANTS.lives)
  }

  #newClaim (): string {
    return `a claim that nobody else has: ${this.#n++}`
  }

  #lineOf (client: ModelClient): Line {
    if (client.line !== null && !client.line.real.open) client.abandon()
    if (client.line === null) {
      client.line = new Line(client.app, { rooms: this.rooms, clock: this.clock, probeTimeout: PROBE_TIMEOUT })
      this.#lines.push(client.line)
    }
    return client.line
  }

  #read (client: ModelClient, line: Line, most: number): void {
    line.real.read(most, message => this.#got(client, line, message), ping => this.oracle.pong(line.oracle, ping))
  }

  #end (client: ModelClient, line: Line, clean: boolean, arrives: number): void {
    line.real.fail(clean, arrives, message => this.#got(client, line, message))
    this.oracle.lose(line.oracle, clean)
  }

  #got (client: ModelClient, line: Line, message: Heard): void {
    const view = line.got(message)
    if (view !== null) client.remember(view, this.#newClaim())
  }
}
