import { LivedTime } from './lived-time.js'
import type { OracleLink, OracleToken } from './oracle-link.js'
import { oracleNotices, type Reason } from './oracle-notices.js'
import { OracleOffer } from './oracle-offer.js'
import { OracleProbing } from './oracle-probing.js'
import { OracleSeat, type Entry } from './oracle-seat.js'
import type { Joiner, Surroundings } from './oracle-surroundings.js'

/** For how long messages may cross, ms. */
const CROSSING = 3_000

/** A room, and everything that can become of its seats. */
export class OracleRoom {
  seats: OracleSeat[] = []
  waiting: Joiner[] = []
  /** Links that said goodbye to a seat here, and whose sockets have not ended. */
  readonly departing = new Set<OracleLink>()
  readonly #probing: OracleProbing
  /** Seats that are promised to a joiner whose predecessor is being announced as gone. */
  #promised = 0
  readonly #offer = new OracleOffer()
  #leftAt = LivedTime.NEVER
  readonly #around: Surroundings

  constructor (readonly app: string, readonly name: string, around: Surroundings) {
    this.#around = around
    this.#probing = new OracleProbing(this, around)
  }

  get inUse (): boolean {
    return this.seats.length + this.waiting.length + this.#promised > 0
  }

  // What comes in.

  join (joiner: Joiner, token: OracleToken | undefined, received: number | undefined): void {
    const { rules, tally } = this.#around
    const { link } = joiner
    const own = link.seatIn(this.name)
    const byToken = token !== undefined && this.seats.includes(token.seat) && token.seat.serial === token.serial ? token.seat : undefined
    const byClaim = joiner.claim === undefined ? undefined : this.seats.find(seat => seat.claim === joiner.claim)
    const proven = byToken ?? byClaim
    if (proven !== undefined && (own === undefined || own === proven)) {
      if (byToken === undefined) tally.note('a seat proven by the claim alone')
      return this.#resume(proven, joiner, received)
    }
    if (token !== undefined) tally.note('a wrong or used token presented')
    if (own !== undefined) return this.#rejoin(own, joiner)
    const absent = this.seats.find(seat => seat.link === null)
    if (this.waiting.length === 0 && this.#free) return this.#sit(joiner)
    if (this.waiting.length === 0 && !rules.hold && absent !== undefined) {
      tally.note('an absent seat given to a stranger')
      return this.#replace(absent, joiner)
    }
    if (!this.#probing.underWay && this.seats.every(seat => seat.link === null)) return link.say(this.#full())
    tally.note('a joiner let wait')
    this.waiting.push(joiner)
    link.waitingIn = this
    if (!this.#probing.underWay) this.#probing.begin()
  }

  /** A joiner goes while it waits. */
  abandon (link: OracleLink): void {
    this.#around.tally.note('a joiner gone while it waited')
    link.waitingIn = null
    this.waiting = this.waiting.filter(waiting => waiting.link !== link)
  }

  leave (seat: OracleSeat): void {
    const { link } = seat
    if (seat.kind === 'flutter') {
      this.#around.tally.note('a `stop` to the one that leaves')
      link?.say(`stop ${this.name} left`)
    }
    this.#giveUp(seat, 'left')
    link?.say(`leaved ${this.name} -`)
  }

  relay (seat: OracleSeat, command: 'offer' | 'candidate' | 'message', entry: Entry): void {
    const { time, tally } = this.#around
    seat.relayed++
    if (command === 'offer' && this.#offer.asked === seat) this.#offer.forget()
    if (this.seats.length === 2) return this.#tellOthers(seat, entry)
    if (command !== 'message' && time.within(this.#leftAt, CROSSING, 'a word to one just gone but for a standstill')) {
      return tally.note('a word to one that has just gone')
    }
    seat.link?.say(`error no_peer_associated_before ${this.name}`)
  }

  tell (seat: OracleSeat, entry: Entry): void {
    seat.ledger.push(entry)
    if (seat.link !== null) {
      seat.link.say(entry.what)
    } else if (!seat.fits(seat.awaySince, this.#around.rules)) {
      this.#around.tally.note('a peer too long away for the bounds')
      this.#giveUp(seat, 'lost')
    }
  }

  remove (seat: OracleSeat, reason: string): void {
    const { link } = seat
    link?.say(`stop ${this.name} removed`)
    this.#giveUp(seat, 'removed')
    link?.say(`leaved ${this.name} ${reason}`)
  }

  /** The link of a seat is gone. */
  lost (seat: OracleSeat, clean: boolean): void {
    if (clean || !seat.resumable) return this.#giveUp(seat, clean ? 'left' : 'lost')
    const { rules, time, tally } = this.#around
    seat.move(null)
    seat.awaySince = seat.ledger.length
    seat.away = time.now()
    seat.timer = time.clock.after(rules.window, () => {
      tally.note('a window over')
      this.#giveUp(seat, 'lost')
    })
  }

  turnAway (text: string): void {
    const { later, tally } = this.#around
    for (const { link } of this.waiting.splice(0)) {
      tally.note('a joiner turned away')
      link.waitingIn = null
      later(() => link.say(text))
    }
  }

  drain (): void {
    this.#around.tally.note('a drain with seats taken')
    this.turnAway(`error serverDraining ${this.name}`)
    for (const seat of [...this.seats]) this.#take(seat)
  }

  /** All who were asked have answered, or have been found dead. */
  probed (): void {
    const { rules, tally } = this.#around
    this.#serve()
    while (!rules.hold && this.waiting.length > 0) {
      const absent = this.seats.find(seat => seat.link === null)
      const next = absent === undefined ? undefined : this.waiting.shift()
      if (absent === undefined || next === undefined) break
      tally.note('an absent seat given to a stranger')
      next.link.waitingIn = null
      this.#replace(absent, next)
    }
    this.turnAway(this.#full())
  }

  // What follows.

  get #free (): boolean {
    return this.seats.length + this.#promised < 2
  }

  #sit ({ link, resume, kind, claim }: Joiner, asks: 'others' | 'joiner' | 'nobody' = 'others'): void {
    const { rules, time, tally } = this.#around
    if (this.departing.size > 0) tally.note('a joiner between a goodbye and the end of its socket')
    const { name } = this
    const [other] = this.seats
    const seat = new OracleSeat(this, null, resume && rules.window > 0, other !== undefined && !other.polite, kind)
    if (seat.resumable) seat.claim = claim
    this.seats.push(seat)
    seat.move(link)
    seat.grant(link)
    if (other === undefined) return
    this.tell(other, oracleNotices.peerJoined(name))
    if (!this.seats.includes(other) || asks === 'nobody') return
    const asked = asks === 'others' ? other : seat
    this.#offer.ask(asked, time.now())
    this.tell(asked, oracleNotices.start(name))
  }

  /** One that sits there joins again: whoever was asked for an offer within the last moment makes it, and nobody else. */
  #rejoin (seat: OracleSeat, joiner: Joiner): void {
    const { time, tally } = this.#around
    tally.note('a sitter that joined again')
    const { asked, at } = this.#offer
    const coming = asked !== null && time.within(at, CROSSING, 'an offer still coming but for a standstill')
    if (coming) tally.note('a sitter that joined again while an offer was coming')
    else if (asked === seat) tally.note('a sitter asked again')
    this.#promised++
    this.#giveUp(seat, 'left', coming ? 'none' : 'able')
    this.#promised--
    this.#sit(joiner, coming ? 'nobody' : asked === seat ? 'joiner' : 'others')
    this.#serve()
    if (!coming || this.#offer.asked !== null) return
    const stillAsked = asked === seat ? joiner.link.seatIn(this.name) : asked
    if (stillAsked !== undefined) this.#offer.ask(stillAsked, at)
  }

  /** A joiner gets the seat of one that is given up for it: nobody who waits may come in between. */
  #replace (seat: OracleSeat, joiner: Joiner): void {
    this.#promised++
    this.#giveUp(seat, 'lost', 'able')
    this.#promised--
    this.#sit(joiner)
    this.#serve()
  }

  #resume (seat: OracleSeat, joiner: Joiner, received: number | undefined): void {
    const { link } = joiner
    const old = seat.link
    // Whoever knows of another seat, or of none, has not heard of this one: it is told what it was told first, and all that came since.
    const another = joiner.named !== undefined && joiner.named !== seat
    const heard = another ? 0 : received
    const unheard = heard === 0 && (joiner.named === undefined || another)
    if (another) this.#around.tally.note('a seat found by the claim of one who knew of another seat')
    const from = heard ?? (old === null ? seat.awaySince : seat.ledger.length)
    if (from < seat.confirmed || from > seat.ledger.length || !seat.fits(from, this.#around.rules)) {
      this.#around.tally.note('a log that did not reach back')
      this.#replace(seat, joiner)
    } else {
      this.#noteResumption(seat, from)
      this.#around.time.clock.cancel(seat.timer)
      seat.away = null
      seat.claim = joiner.claim
      seat.move(link)
      seat.pinged = 0
      seat.grant(link, from, another, unheard ? seat.firstOthers : undefined)
      for (const { what } of seat.ledger.slice(from)) link.say(what)
    }
    if (old?.open === true && old !== link) this.#around.closing(old)
  }

  #noteResumption (seat: OracleSeat, from: number): void {
    const { rules, time, tally } = this.#around
    tally.note('a seat resumed')
    if (seat.link !== null) tally.note('a seat taken from a link that still lived')
    if (from < seat.ledger.length) tally.note('messages replayed')
    if (seat.refused > 0) tally.note('a seat resumed whose messages were refused')
    if (seat.away !== null) time.within(seat.away, rules.window, 'a seat resumed in time but for a standstill')
  }

  #tellOthers (seat: OracleSeat, entry: Entry): void {
    for (const other of [...this.seats]) if (other !== seat) this.tell(other, entry)
  }

  #take (seat: OracleSeat): void {
    const { time } = this.#around
    this.seats = this.seats.filter(other => other !== seat)
    seat.move(null)
    time.clock.cancel(seat.timer)
    this.#offer.forget()
    this.#leftAt = time.now()
  }

  /** Where somebody else sits down at once, those whom a `stop` would end for good hear of the other one alone. */
  #giveUp (seat: OracleSeat, reason: Reason, stops?: 'able' | 'none'): void {
    this.#take(seat)
    const { name } = this
    const filled = stops ?? (this.waiting.length > 0 && this.#free ? 'able' : 'all')
    const able = (other: OracleSeat): boolean => filled === 'all' || (filled === 'able' && other.kind === 'other')
    if (this.seats.some(other => !able(other))) this.#around.tally.note('a `stop` withheld')
    if (this.seats.every(able)) this.#tellOthers(seat, oracleNotices.stop(name, reason))
    this.#tellOthers(seat, oracleNotices.peerLeft(name, reason))
    this.#serve()
  }

  #serve (): void {
    while (this.#free) {
      const next = this.waiting.shift()
      if (next === undefined) return
      this.#around.tally.note('a joiner served by a seat that came free')
      next.link.waitingIn = null
      this.#sit(next)
    }
  }

  #full (): string {
    const { rules, time } = this.#around
    const left = this.seats.flatMap(({ away }) => away === null ? [] : [Math.ceil(away.at + rules.window - time.clock.now())])
    return `error NoSpaceForNewPeer ${this.name}${left.length > 0 ? ` ${Math.min(...left)}` : ''}`
  }
}
