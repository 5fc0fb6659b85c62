import type { SeatRules } from '../../../lib/rooms/room-context.js'
import { CLOSE_GRACE } from '../fakes/fake-link.js'
import type { TestClock } from '../fakes/test-clock.js'
import { LivedTime } from './lived-time.js'
import type { Tally } from './occurrences.js'
import type { OracleLink, OracleToken } from './oracle-link.js'
import { OracleRoom } from './oracle-room.js'
import type { Entry, OracleSeat } from './oracle-seat.js'
import type { Joiner, Surroundings } from './oracle-surroundings.js'

/**
 * What the protocol document says of rooms, written down a second time and as plainly as possible: no log that forgets, no
 * index to count from, every message ever kept. It has a clock of its own, which the test moves along with the other one, but for
 * standstills: they are no time at all to anybody.
 *
 * This is what comes in, from clients, their links and the application; what follows from it in a room is the {@link OracleRoom}'s.
 */
export class Oracle {
  readonly #surroundings: Surroundings
  readonly #time: LivedTime
  readonly #tally: Tally
  readonly #rooms = new Map<string, OracleRoom>()
  /** Answers to those who wait come after everything that follows from the same event. */
  #answers: Array<() => void> = []
  #draining = false

  constructor (rules: SeatRules, probeTimeout: number, tally: Tally) {
    this.#tally = tally
    this.#time = new LivedTime(tally)
    this.#surroundings = {
      rules,
      probeTimeout,
      tally,
      time: this.#time,
      later: answer => this.#answers.push(answer),
      closing: link => this.#cutOffLater(link),
      dead: link => this.lose(link, false)
    }
  }

  get clock (): TestClock {
    return this.#time.clock
  }

  get rooms (): OracleRoom[] {
    return [...this.#rooms.values()].filter(room => room.seats.length > 0 || room.waiting.length > 0)
  }

  room (app: string, name: string): OracleRoom {
    const key = `${app}/${name}`
    const known = this.#rooms.get(key)
    // Probes that are under way in a room that everybody has left are of no use to the next ones.
    if (known?.inUse === true) return known
    const room = new OracleRoom(app, name, this.#surroundings)
    this.#rooms.set(key, room)
    return room
  }

  answerAll (): void {
    for (const answer of this.#answers.splice(0)) answer()
  }

  advance (ms: number): void {
    this.clock.advance(ms, () => this.answerAll())
  }

  /** Nothing follows from it. */
  stall (ms: number): void {
    this.#time.stall(ms)
  }

  // What clients send.

  join (name: string, joiner: Joiner, token?: OracleToken, received?: number): void {
    const { link } = joiner
    if (this.#draining) return link.say(`error serverDraining ${name}`)
    this.room(link.app, name).join(joiner, token, received)
  }

  leave (link: OracleLink, name?: string): void {
    if (name === undefined && link.seats.length > 1) return link.say('error noStreamNameSpecified -')
    const seat = name === undefined ? link.seats[0] : link.seatIn(name)
    if (seat !== undefined) seat.room.leave(seat)
    else link.say(name === undefined ? 'error notInRoom -' : `leaved ${name} -`)
  }

  relay (link: OracleLink, name: string, command: 'offer' | 'candidate' | 'message', what: string, bytes: number): void {
    const seat = link.seatIn(name)
    if (seat !== undefined) return seat.room.relay(seat, command, { what, bytes })
    this.#tally.note('a message from an outsider')
    link.say(`error notInRoom ${name}`)
  }

  /** A frame comes too fast: its sender is told, and nobody else. One that was `meant` for the other peer counts for its seat. */
  refuse (link: OracleLink, name: string | undefined, meant: boolean): void {
    const seat = meant && name !== undefined ? link.seatIn(name) : undefined
    if (seat !== undefined) {
      this.#tally.note('a message refused as too fast')
      seat.refused++
    }
    link.say(`error rateExceeded ${name ?? '-'}`)
  }

  // What happens to links.

  ping (link: OracleLink): void {
    link.ping()
  }

  /** A pong has come. Only this shows that the other end lives: any other frame may have been on its way when it died. */
  pong (link: OracleLink, ping: number): void {
    if (link.probes.some(probe => ping < probe.ping)) this.#tally.note('an earlier pong while a probe was under way')
    for (const probe of [...link.probes]) if (ping >= probe.ping) probe.probing.answered(probe, true)
    if (ping === link.pings) for (const seat of link.seats) seat.confirmed = Math.max(seat.confirmed, seat.pinged)
  }

  /** A close frame has come: to everybody else the link has ended by that, however long its socket takes. */
  conclude (link: OracleLink, clean: boolean): void {
    if (!link.alive) return
    this.#cutOffLater(link)
    if (clean && link.seats.length > 0) this.#tally.note('a goodbye before its socket ended')
    if (clean) for (const { room } of link.seats) room.departing.add(link)
    this.#end(link, clean)
  }

  lose (link: OracleLink, clean: boolean): void {
    if (!link.alive) return
    link.alive = false
    link.open = false
    this.clock.cancel(link.cutOff)
    for (const { departing } of this.#rooms.values()) if (departing.delete(link)) this.#tally.note('a socket ended that had said goodbye')
    this.#end(link, clean)
  }

  #cutOffLater (link: OracleLink): void {
    link.open = false
    link.cutOff ??= this.clock.after(CLOSE_GRACE, () => this.lose(link, false))
  }

  #end (link: OracleLink, clean: boolean): void {
    link.waitingIn?.abandon(link)
    for (const seat of [...link.seats]) seat.room.lost(seat, clean)
    for (const probe of [...link.probes]) probe.probing.answered(probe, false)
  }

  // What the application does.

  tell (app: string, name: string, entry: Entry, only?: OracleSeat): void {
    const room = this.room(app, name)
    for (const seat of [...room.seats]) {
      if (room.seats.includes(seat) && (only === undefined || only === seat)) room.tell(seat, entry)
    }
  }

  remove (seat: OracleSeat, reason: string): void {
    seat.room.remove(seat, reason)
  }

  close (app: string, name: string, reason: string): void {
    const room = this.room(app, name)
    room.turnAway(`error NoSpaceForNewPeer ${name}`)
    for (const seat of [...room.seats]) if (room.seats.includes(seat)) room.remove(seat, reason)
  }

  drain (): void {
    this.#draining = true
    for (const room of this.rooms) room.drain()
  }
}
