import type { ClientKind } from '../../lib/rooms/client-kind.js'
import { encode, type ServerMessage } from '../../lib/protocol/codec.js'
import type { SeatRules } from '../../lib/rooms/room.js'
import { CLOSE_GRACE, type Heard } from './fake-link.js'
import { TestClock } from './test-clock.js'

/** A message of a seat, and what it counts for in the bounds on what is kept. */
interface Entry {
  what: string
  bytes: number
}

/** What a client is told when it gets a seat, or gets it back. */
export interface OracleGrant {
  seat: OracleSeat
  /** Which of the seat's tokens this is. */
  serial: number
  /** From which message of the seat on it will be told. */
  from: number
}

/** What a token was issued for; `serial` 0 is never issued. */
export interface OracleToken {
  seat: OracleSeat
  serial: number
}

/** A moment in time lived, and for how long the server had stood still before it. */
interface Moment {
  at: number
  stood: number
}

interface OracleProbe {
  link: OracleLink
  room: OracleRoom
  /** The number of the ping that asks. */
  ping: number
  asked: Moment
  timer: unknown
}

interface OracleRoom {
  app: string
  name: string
  seats: OracleSeat[]
  waiting: Array<{ link: OracleLink, resume: boolean, kind: ClientKind }>
  probes: OracleProbe[]
  /** Seats that are promised to a joiner whose predecessor is being announced as gone. */
  promised: number
  /** Who was asked for an offer and has made none since. */
  asked: OracleSeat | null
  askedAt: Moment
  leftAt: Moment
  /** Links that said goodbye to a seat here, and whose sockets have not ended. */
  departing: Set<OracleLink>
}

/** For how long messages may cross, ms. */
const CROSSING = 3_000

export class OracleSeat {
  /** Every message since the seat was taken, whether it has arrived or not. */
  readonly ledger: Entry[] = []
  serial = 0
  relayed = 0
  /** What came too fast. */
  refused = 0
  /** Below this everything is known to have arrived. */
  confirmed = 0
  pinged = 0
  /** The first message that found the peer absent. */
  awaySince = 0
  /** Since when the peer has been absent. */
  away: Moment | null = null
  timer: unknown = null

  constructor (readonly room: OracleRoom, public link: OracleLink | null, readonly resumable: boolean, readonly polite: boolean, readonly kind: ClientKind) {}

  bytesFrom (number: number): number {
    return this.ledger.slice(number).reduce((sum, entry) => sum + entry.bytes, 0)
  }
}

export class OracleLink {
  readonly seats: OracleSeat[] = []
  /** Every frame that the server owes this link, in order, described. */
  readonly expected: string[] = []
  readonly granted: OracleGrant[] = []
  readonly probes: OracleProbe[] = []
  /** How many pings went out. */
  pings = 0
  open = true
  alive = true
  waitingIn: OracleRoom | null = null
  cutOff: unknown = null

  constructor (readonly app: string) {}

  seatIn (name: string): OracleSeat | undefined {
    return this.seats.find(seat => seat.room.name === name)
  }
}

/** What can happen that is worth being sure of that it did. */
export const OCCURRENCES = [
  'a seat resumed', 'messages replayed', 'a seat taken from a link that still lived', 'a wrong or used token presented',
  'a log that did not reach back', 'a window over', 'a peer too long away for the bounds', 'a joiner let wait',
  'a joiner served by a seat that came free', 'a joiner turned away', 'a joiner gone while it waited', 'a probe answered',
  'a probe not answered', 'an earlier pong while a probe was under way', 'an absent seat given to a stranger', 'a message from an outsider', 'a drain with seats taken',
  'a sitter that joined again', 'a sitter that joined again while an offer was coming', 'a sitter asked again', 'a `stop` withheld',
  'a `stop` to the one that leaves', 'a word to one that has just gone', 'a message refused as too fast', 'a seat resumed whose messages were refused',
  'a goodbye before its socket ended', 'a socket ended that had said goodbye', 'a joiner between a goodbye and the end of its socket',
  'a standstill', 'a probe answered in time but for a standstill', 'a seat resumed in time but for a standstill',
  'an offer still coming but for a standstill', 'a word to one just gone but for a standstill'
] as const
type Occurrence = typeof OCCURRENCES[number]

const ID = '00000000-0000-0000-0000-000000000000'

/**
 * What the protocol document says of rooms, written down a second time and as plainly as possible: no log that forgets, no
 * index to count from, every message ever kept. It has a clock of its own, which the test moves along with the other one, but for
 * standstills: they are no time at all to anybody.
 */
export class Oracle {
  readonly clock = new TestClock()
  draining = false
  /** For how long the server has stood still in all, ms. */
  #stood = 0
  readonly #rules: SeatRules
  readonly #probeTimeout: number
  readonly #tally: Map<string, number>
  readonly #rooms = new Map<string, OracleRoom>()
  /** Answers to those who wait come after everything that follows from the same event. */
  #answers: Array<() => void> = []

  constructor (rules: SeatRules, probeTimeout: number, tally: Map<string, number>) {
    this.#rules = rules
    this.#tally = tally
    this.#probeTimeout = probeTimeout
  }

  get rooms (): OracleRoom[] {
    return [...this.#rooms.values()].filter(room => room.seats.length > 0 || room.waiting.length > 0)
  }

  room (app: string, name: string): OracleRoom {
    const key = `${app}/${name}`
    const known = this.#rooms.get(key)
    // Probes that are under way in a room that everybody has left are of no use to the next ones.
    if (known !== undefined && known.seats.length + known.waiting.length + known.promised > 0) return known
    const room: OracleRoom = {
      app,
      name,
      seats: [],
      waiting: [],
      probes: [],
      promised: 0,
      asked: null,
      askedAt: this.#moment(),
      leftAt: { at: -Infinity, stood: 0 },
      departing: new Set()
    }
    this.#rooms.set(key, room)
    return room
  }

  settle (): void {
    for (const answer of this.#answers.splice(0)) answer()
  }

  advance (ms: number): void {
    this.clock.advance(ms, () => this.settle())
  }

  /** Nothing follows from it. */
  stall (ms: number): void {
    this.#note('a standstill')
    this.#stood += ms
  }

  // What clients send.

  join (link: OracleLink, name: string, resume: boolean, token?: OracleToken, received?: number, kind: ClientKind = 'other'): void {
    if (this.draining) return this.#say(link, `error serverDraining ${name}`)
    const room = this.room(link.app, name)
    const own = link.seatIn(name)
    if (token !== undefined && room.seats.includes(token.seat) && token.seat.serial === token.serial && (own === undefined || own === token.seat)) {
      return this.#resume(link, token.seat, resume, received, kind)
    }
    if (token !== undefined) this.#note('a wrong or used token presented')
    if (own !== undefined) return this.#rejoin(own, link, resume, kind)
    const absent = room.seats.find(seat => seat.link === null)
    if (room.waiting.length === 0 && this.#free(room)) return this.#sit(room, link, resume, kind)
    if (room.waiting.length === 0 && !this.#rules.hold && absent !== undefined) {
      this.#note('an absent seat given to a stranger')
      return this.#replace(absent, link, resume, kind)
    }
    if (room.probes.length === 0 && room.seats.every(seat => seat.link === null)) return this.#say(link, this.#full(room))
    this.#note('a joiner let wait')
    room.waiting.push({ link, resume, kind })
    link.waitingIn = room
    if (room.probes.length === 0) this.#probe(room)
  }

  leave (link: OracleLink, name?: string): void {
    if (name === undefined && link.seats.length > 1) return this.#say(link, 'error noStreamNameSpecified -')
    const seat = name === undefined ? link.seats[0] : link.seatIn(name)
    if (seat === undefined) return this.#say(link, name === undefined ? 'error notInRoom -' : `leaved ${name} -`)
    if (seat.kind === 'flutter') {
      this.#note('a `stop` to the one that leaves')
      this.#say(link, `stop ${seat.room.name} left`)
    }
    this.#giveUp(seat, 'left')
    this.#say(link, `leaved ${seat.room.name} -`)
  }

  relay (link: OracleLink, name: string, command: 'offer' | 'candidate' | 'message', what: string, bytes: number): void {
    const seat = link.seatIn(name)
    if (seat === undefined) {
      this.#note('a message from an outsider')
      return this.#say(link, `error notInRoom ${name}`)
    }
    seat.relayed++
    if (command === 'offer' && seat.room.asked === seat) seat.room.asked = null
    if (seat.room.seats.length < 2 && command !== 'message' && this.#within(seat.room.leftAt, CROSSING, 'a word to one just gone but for a standstill')) {
      return this.#note('a word to one that has just gone')
    }
    if (seat.room.seats.length < 2) return this.#say(link, `error no_peer_associated_before ${name}`)
    this.#tellOthers(seat, { what, bytes })
  }

  /** A frame comes too fast: its sender is told, and nobody else. One that was `meant` for the other peer counts for its seat. */
  refuse (link: OracleLink, name: string | undefined, meant: boolean): void {
    const seat = meant && name !== undefined ? link.seatIn(name) : undefined
    if (seat !== undefined) {
      this.#note('a message refused as too fast')
      seat.refused++
    }
    this.#say(link, `error rateExceeded ${name ?? '-'}`)
  }

  // What happens to links.

  ping (link: OracleLink): void {
    link.pings++
    for (const seat of link.seats) seat.pinged = seat.ledger.length
  }

  /** A pong to ping number `ping` has come. Only this shows that the other end lives: any other frame may have been on its way when it died. */
  pong (link: OracleLink, ping: number): void {
    if (link.probes.some(probe => ping < probe.ping)) this.#note('an earlier pong while a probe was under way')
    for (const probe of [...link.probes]) if (ping >= probe.ping) this.#answered(probe, true)
    if (ping === link.pings) for (const seat of link.seats) seat.confirmed = Math.max(seat.confirmed, seat.pinged)
  }

  /** A close frame has come: to everybody else the link has ended by that, however long its socket takes. */
  conclude (link: OracleLink, clean: boolean): void {
    if (!link.alive) return
    link.open = false
    link.cutOff ??= this.clock.after(CLOSE_GRACE, () => this.lose(link, false))
    if (clean && link.seats.length > 0) this.#note('a goodbye before its socket ended')
    if (clean) for (const { room } of link.seats) room.departing.add(link)
    this.#end(link, clean)
  }

  lose (link: OracleLink, clean: boolean): void {
    if (!link.alive) return
    link.alive = false
    link.open = false
    this.clock.cancel(link.cutOff)
    for (const { departing } of this.#rooms.values()) if (departing.delete(link)) this.#note('a socket ended that had said goodbye')
    this.#end(link, clean)
  }

  #end (link: OracleLink, clean: boolean): void {
    const room = link.waitingIn
    link.waitingIn = null
    if (room !== null) {
      this.#note('a joiner gone while it waited')
      room.waiting = room.waiting.filter(waiting => waiting.link !== link)
    }
    for (const seat of [...link.seats]) this.#lost(seat, clean)
    for (const probe of [...link.probes]) this.#answered(probe, false)
  }

  // What the application does.

  tell (app: string, name: string, entry: Entry, only?: OracleSeat): void {
    const room = this.room(app, name)
    for (const seat of [...room.seats]) {
      if (room.seats.includes(seat) && (only === undefined || only === seat)) this.#tell(seat, entry)
    }
  }

  remove (seat: OracleSeat, reason: string): void {
    const { link, room } = seat
    if (link !== null) this.#say(link, `stop ${room.name} removed`)
    this.#giveUp(seat, 'removed')
    if (link !== null) this.#say(link, `leaved ${room.name} ${reason}`)
  }

  close (app: string, name: string, reason: string): void {
    const room = this.room(app, name)
    this.#turnAway(room, () => `error NoSpaceForNewPeer ${name}`)
    for (const seat of [...room.seats]) if (room.seats.includes(seat)) this.remove(seat, reason)
  }

  drain (): void {
    this.draining = true
    for (const room of this.rooms) {
      this.#note('a drain with seats taken')
      this.#turnAway(room, () => `error serverDraining ${room.name}`)
      for (const seat of [...room.seats]) this.#take(seat)
    }
  }

  // The rules.

  #free (room: OracleRoom): boolean {
    return room.seats.length + room.promised < 2
  }

  #sit (room: OracleRoom, link: OracleLink, resume: boolean, kind: ClientKind, asks: 'others' | 'joiner' | 'nobody' = 'others'): void {
    if (room.departing.size > 0) this.#note('a joiner between a goodbye and the end of its socket')
    const [other] = room.seats
    const seat = new OracleSeat(room, link, resume && this.#rules.window > 0, other !== undefined && !other.polite, kind)
    room.seats.push(seat)
    link.seats.push(seat)
    this.#grant(seat, link, false, 0)
    if (other === undefined) return
    const { name } = room
    this.#tell(other, { what: `peerJoined ${name}`, bytes: encode({ command: 'notification', definition: 'peerJoined', streamId: name, peerId: ID }).length })
    if (!room.seats.includes(other) || asks === 'nobody') return
    const asked = asks === 'others' ? other : seat
    room.asked = asked
    room.askedAt = this.#moment()
    this.#tell(asked, { what: `start ${name}`, bytes: encode({ command: 'start', streamId: name }).length })
  }

  /** One that sits there joins again: whoever was asked for an offer within the last moment makes it, and nobody else. */
  #rejoin (seat: OracleSeat, link: OracleLink, resume: boolean, kind: ClientKind): void {
    this.#note('a sitter that joined again')
    const { room } = seat
    const { asked, askedAt } = room
    const coming = asked !== null && this.#within(askedAt, CROSSING, 'an offer still coming but for a standstill')
    if (coming) this.#note('a sitter that joined again while an offer was coming')
    else if (asked === seat) this.#note('a sitter asked again')
    room.promised++
    this.#giveUp(seat, 'left', coming ? 'none' : 'able')
    room.promised--
    this.#sit(room, link, resume, kind, coming ? 'nobody' : asked === seat ? 'joiner' : 'others')
    this.#serve(room)
    if (!coming || room.asked !== null) return
    room.asked = asked === seat ? link.seatIn(room.name) ?? null : asked
    room.askedAt = askedAt
  }

  /** A joiner gets the seat of one that is given up for it: nobody who waits may come in between. */
  #replace (seat: OracleSeat, link: OracleLink, resume: boolean, kind: ClientKind): void {
    const { room } = seat
    room.promised++
    this.#giveUp(seat, 'lost', 'able')
    room.promised--
    this.#sit(room, link, resume, kind)
    this.#serve(room)
  }

  #resume (link: OracleLink, seat: OracleSeat, resume: boolean, received: number | undefined, kind: ClientKind): void {
    const from = received ?? (seat.link === null ? seat.awaySince : seat.ledger.length)
    const old = seat.link
    if (from < seat.confirmed || from > seat.ledger.length || !this.#fits(seat, from)) {
      this.#note('a log that did not reach back')
      this.#replace(seat, link, resume, kind)
    } else {
      this.#note('a seat resumed')
      if (old !== null) this.#note('a seat taken from a link that still lived')
      if (from < seat.ledger.length) this.#note('messages replayed')
      if (seat.refused > 0) this.#note('a seat resumed whose messages were refused')
      if (seat.away !== null) this.#within(seat.away, this.#rules.window, 'a seat resumed in time but for a standstill')
      this.clock.cancel(seat.timer)
      seat.away = null
      if (old !== null) old.seats.splice(old.seats.indexOf(seat), 1)
      seat.link = link
      seat.pinged = 0
      link.seats.push(seat)
      this.#grant(seat, link, true, from)
      for (const { what } of seat.ledger.slice(from)) this.#say(link, what)
    }
    if (old?.open !== true || old === link) return
    old.open = false
    old.cutOff = this.clock.after(CLOSE_GRACE, () => this.lose(old, false))
  }

  #grant (seat: OracleSeat, link: OracleLink, resumed: boolean, from: number): void {
    seat.serial++
    if (link.open) link.granted.push({ seat, serial: seat.serial, from })
    const others = seat.room.seats.length - 1
    this.#say(link, `joined ${seat.room.name} ${others} ${seat.polite ? 'polite' : 'impolite'} ${seat.resumable ? 'resumable' : 'fleeting'} ${resumed ? seat.relayed + seat.refused : 'new'}`)
  }

  #fits (seat: OracleSeat, from: number): boolean {
    return seat.ledger.length - from <= this.#rules.messages && seat.bytesFrom(from) <= this.#rules.bytes
  }

  #tell (seat: OracleSeat, entry: Entry): void {
    seat.ledger.push(entry)
    if (seat.link !== null) {
      this.#say(seat.link, entry.what)
    } else if (!this.#fits(seat, seat.awaySince)) {
      this.#note('a peer too long away for the bounds')
      this.#giveUp(seat, 'lost')
    }
  }

  #tellOthers (seat: OracleSeat, entry: Entry): void {
    for (const other of [...seat.room.seats]) if (other !== seat) this.#tell(other, entry)
  }

  #lost (seat: OracleSeat, clean: boolean): void {
    if (clean || !seat.resumable) return this.#giveUp(seat, clean ? 'left' : 'lost')
    const { link } = seat
    link?.seats.splice(link.seats.indexOf(seat), 1)
    seat.link = null
    seat.awaySince = seat.ledger.length
    seat.away = this.#moment()
    seat.timer = this.clock.after(this.#rules.window, () => {
      this.#note('a window over')
      this.#giveUp(seat, 'lost')
    })
  }

  #take (seat: OracleSeat): void {
    const { room, link } = seat
    room.seats = room.seats.filter(other => other !== seat)
    link?.seats.splice(link.seats.indexOf(seat), 1)
    this.clock.cancel(seat.timer)
    seat.link = null
    room.asked = null
    room.leftAt = this.#moment()
  }

  /** Where somebody else sits down at once, those whom a `stop` would end for good hear of the other one alone. */
  #giveUp (seat: OracleSeat, reason: 'left' | 'lost' | 'removed', stops?: 'able' | 'none'): void {
    const { room } = seat
    this.#take(seat)
    const { name } = room
    const filled = stops ?? (room.waiting.length > 0 && this.#free(room) ? 'able' : 'all')
    const able = (other: OracleSeat): boolean => filled === 'all' || (filled === 'able' && other.kind === 'other')
    if (room.seats.some(other => !able(other))) this.#note('a `stop` withheld')
    if (room.seats.every(able)) this.#tellOthers(seat, { what: `stop ${name} ${reason}`, bytes: encode({ command: 'stop', streamId: name, reason }).length })
    const peerLeft: ServerMessage = { command: 'notification', definition: 'peerLeft', streamId: name, peerId: ID, reason }
    this.#tellOthers(seat, { what: `peerLeft ${name} ${reason}`, bytes: encode(peerLeft).length })
    this.#serve(room)
  }

  #serve (room: OracleRoom): void {
    while (this.#free(room)) {
      const next = room.waiting.shift()
      if (next === undefined) return
      this.#note('a joiner served by a seat that came free')
      next.link.waitingIn = null
      this.#sit(room, next.link, next.resume, next.kind)
    }
  }

  #probe (room: OracleRoom): void {
    for (const { link } of room.seats) {
      if (link === null) continue
      if (link.open) this.ping(link)
      const probe: OracleProbe = { link, room, ping: link.pings, asked: this.#moment(), timer: null }
      probe.timer = this.clock.after(link.open ? this.#probeTimeout : 0, () => this.#answered(probe, false))
      room.probes.push(probe)
      link.probes.push(probe)
    }
  }

  #answered (probe: OracleProbe, alive: boolean): void {
    const { link, room } = probe
    this.clock.cancel(probe.timer)
    if (!room.probes.includes(probe)) return
    this.#note(alive ? 'a probe answered' : 'a probe not answered')
    if (alive) this.#within(probe.asked, this.#probeTimeout, 'a probe answered in time but for a standstill')
    link.probes.splice(link.probes.indexOf(probe), 1)
    room.probes.splice(room.probes.indexOf(probe), 1)
    // Not by the name: the room may have been left by everybody, and another one begun, in which nobody has asked.
    const seat = room.seats.find(seat => seat.link === link)
    if (!alive && seat !== undefined) {
      this.#lost(seat, false)
      this.lose(link, false)
    }
    if (room.probes.length > 0) return
    this.#serve(room)
    while (!this.#rules.hold && room.waiting.length > 0) {
      const absent = room.seats.find(seat => seat.link === null)
      if (absent === undefined) break
      const next = room.waiting.shift()
      if (next === undefined) break
      this.#note('an absent seat given to a stranger')
      next.link.waitingIn = null
      this.#replace(absent, next.link, next.resume, next.kind)
    }
    this.#turnAway(room, () => this.#full(room))
  }

  #full (room: OracleRoom): string {
    const left = room.seats.flatMap(({ away }) => away === null ? [] : [Math.ceil(away.at + this.#rules.window - this.clock.now())])
    return `error NoSpaceForNewPeer ${room.name}${left.length > 0 ? ` ${Math.min(...left)}` : ''}`
  }

  #turnAway (room: OracleRoom, answer: () => string): void {
    const text = answer()
    for (const { link } of room.waiting.splice(0)) {
      this.#note('a joiner turned away')
      link.waitingIn = null
      this.#answers.push(() => this.#say(link, text))
    }
  }

  #moment (): Moment {
    return { at: this.clock.now(), stood: this.#stood }
  }

  /** Whether less than `span` ms were lived since then; `justSo` is noted where that is true only since standstills do not count. */
  #within (since: Moment, span: number, justSo: Occurrence): boolean {
    const lived = this.clock.now() - since.at
    if (lived >= span) return false
    if (lived + this.#stood - since.stood >= span) this.#note(justSo)
    return true
  }

  #note (occurrence: Occurrence): void {
    this.#tally.set(occurrence, (this.#tally.get(occurrence) ?? 0) + 1)
  }

  #say (link: OracleLink, what: string): void {
    if (link.open) link.expected.push(what)
  }
}

/** A frame in the oracle's words. */
export function describe (message: Heard): string {
  const { n } = message as { n?: number }
  switch (message.command) {
    case 'takeConfiguration':
    case 'takeCandidate':
    case 'peerMessageCommand': return `relay ${message.streamId} ${n}`
    case 'start': return `start ${message.streamId}`
    case 'stop': return `stop ${message.streamId} ${message.reason ?? '-'}`
    case 'error': return `error ${message.definition} ${message.streamId ?? '-'}${message.retryAfter === undefined ? '' : ` ${message.retryAfter}`}`
    case 'notification': break
    default: return message.command
  }
  if ('resumed' in message) {
    const { streamId, peers, polite, resumeToken, resumed, received } = message
    return `joined ${streamId} ${peers} ${polite ? 'polite' : 'impolite'} ${resumeToken === undefined ? 'fleeting' : 'resumable'} ${resumed ? received : 'new'}`
  }
  if (message.definition === 'peerJoined') return `peerJoined ${message.streamId}`
  if ('data' in message) return `note ${message.streamId} ${String(message.data)}`
  if ('streamId' in message) return `${message.definition} ${message.streamId} ${'reason' in message ? String(message.reason) : '-'}`
  return message.definition
}
