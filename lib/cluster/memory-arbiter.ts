import type { AnnouncedSeat, JoinAnswer, OwnedSeat, RoomName, RoomState, SeatArbiter, SeatAsk, SeatChange, SeatRecord } from '../rooms/seat-arbiter.js'

/** How many peers may sit in a room by default. */
const CAPACITY = 2

/** Most joiners that wait before one room. */
const MAX_WAITING = 16

interface StoredSeat {
  shown: SeatRecord
  token?: string | undefined
  claim?: string | undefined
  /** When anybody may end it; not set while the peer is present. */
  over?: number | undefined
}

interface StoredRoom {
  /** Numbers owners, places and changes: the last one that was given out. */
  last: number
  capacity: number
  /** In the order in which they were taken. */
  seats: StoredSeat[]
  /** When it is forgotten, unless a server says that it still has it. */
  forgetAt: number
  /** The joiners that wait, in the order in which they came, and until when each may. */
  line: Array<{ id: string, order: number, until: number }>
}

/** Decides who sits where, in memory. `seating-script.ts` is the same for Redis: what is changed here is changed there. */
export class MemoryArbiter implements SeatArbiter {
  readonly #now: () => number
  readonly #keepFor: number
  readonly #rooms = new Map<string, StoredRoom>()

  /** @param keepFor for how long, in ms, a room is kept of which no server says anything */
  constructor (now: () => number, keepFor = Infinity) {
    this.#now = now
    this.#keepFor = keepFor
  }

  join (name: RoomName, ask: SeatAsk): JoinAnswer {
    return this.#change(name, (room, now) => {
      const present = room.seats.find(seat => isPresent(seat) && isOf(seat, ask))
      const owned = ownedBy(room, ask)
      const own = present === undefined || present === owned ? owned : undefined
      const ended = this.#takeOut(room, seat => seat !== own && seat.over !== undefined && seat.over <= now)
      room.line = room.line.filter(({ until }) => until > now)
      if (own !== undefined) {
        if (ask.fresh !== true) return { ...this.#resume(room, own, ask), ended }
        return this.#sit(room, ask, 'replaced', [...ended, ...this.#takeOut(room, seat => seat === own)])
      }
      if (present !== undefined) return this.#sit(room, ask, 'rejoined', [...ended, ...this.#takeOut(room, seat => seat === present)])
      return this.#decide(room, ask, now, ended)
    })
  }

  withdraw (name: RoomName, id: string): void {
    this.#change(name, room => {
      room.line = room.line.filter(joiner => joiner.id !== id)
      return {}
    })
  }

  lost (name: RoomName, owned: OwnedSeat, window: number, grace: number): SeatChange {
    return this.#owned(name, owned, (room, seat, now) => {
      if (!isPresent(seat)) return { outcome: 'stale' }
      if (seat.token === undefined || window <= 0) return this.#end(room, seat)
      seat.shown = { ...seat.shown, fence: this.#number(room), until: now + window }
      seat.over = now + window + grace
      return { outcome: 'absent', seat: seat.shown }
    })
  }

  expire (name: RoomName, owned: OwnedSeat): SeatChange {
    return this.#owned(name, owned, (room, seat, now) => seat.over !== undefined && seat.over <= now ? this.#end(room, seat) : { outcome: 'stale' })
  }

  leave (name: RoomName, owned: OwnedSeat): SeatChange {
    return this.#owned(name, owned, (room, seat) => this.#end(room, seat))
  }

  announce (name: RoomName, server: string, seats: readonly AnnouncedSeat[], capacity: number, version = 0): RoomState {
    return this.#change(name, (room, now) => {
      this.#takeOut(room, ({ shown }) => shown.server === server && !seats.some(({ id }) => id === shown.id))
      if (room.seats.length === 0) room.capacity = capacity
      for (const { token, claim, left, ...record } of seats) {
        const known = room.seats.find(({ shown }) => shown.id === record.id)
        if (known === undefined) {
          if (room.seats.length >= room.capacity) continue
          const shown = { ...record, server, fence: this.#number(room), ...(left === undefined ? {} : { until: now + left }) }
          room.seats.push({ shown, token, claim, over: shown.until })
          room.seats.sort((a, b) => a.shown.order - b.shown.order)
          continue
        }
        const isMine = known.shown.server === server
        // By a later number than the one here: a replica took over that lacks the last writes. Otherwise a window may have stood still.
        const isNewer = record.fence > known.shown.fence && (isMine || left === undefined)
        const isOther = isMine && (isPresent(known) !== (left === undefined) || (left !== undefined && now + left > (known.over ?? 0)))
        if (!isNewer && !isOther) continue
        room.last = Math.max(room.last, record.fence)
        const { connection, resumable } = record
        const { until, ...shown } = known.shown
        known.shown = { ...shown, server, connection, resumable, fence: this.#number(room), ...(left === undefined ? {} : { until: now + left }) }
        Object.assign(known, { token, claim, over: known.shown.until })
      }
      if (version > room.last) {
        room.last = version
        this.#number(room)
      }
      return {}
    }).state
  }

  state (name: RoomName): RoomState {
    return this.#shown(this.#roomOf(name), this.#now())
  }

  renew (name: RoomName): number {
    const room = this.#roomOf(name)
    room.forgetAt = this.#now() + this.#keepFor
    return room.last
  }

  #roomOf (name: RoomName): StoredRoom {
    const room = this.#rooms.get(keyOf(name))
    return room !== undefined && room.forgetAt > this.#now() ? room : { last: 0, capacity: CAPACITY, seats: [], line: [], forgetAt: 0 }
  }

  /** Changes a room, which is there while somebody sits or waits in it. */
  #change<T extends object> (name: RoomName, change: (room: StoredRoom, now: number) => T): T & { state: RoomState } {
    const key = keyOf(name)
    const now = this.#now()
    const room = this.#roomOf(name)
    const outcome = change(room, now)
    room.forgetAt = now + this.#keepFor
    if (room.seats.length > 0 || room.line.length > 0) this.#rooms.set(key, room)
    else this.#rooms.delete(key)
    return { ...outcome, state: this.#shown(room, now) }
  }

  #owned (name: RoomName, { id, fence }: OwnedSeat, change: (room: StoredRoom, seat: StoredSeat, now: number) => Stateless<SeatChange>): SeatChange {
    return this.#change(name, (room, now) => {
      const seat = room.seats.find(({ shown }) => shown.id === id && shown.fence === fence)
      return seat === undefined ? { outcome: 'stale' } : change(room, seat, now)
    })
  }

  #shown (room: StoredRoom, now: number): RoomState {
    return { version: room.last, capacity: room.capacity, now, seats: room.seats.map(({ shown }) => shown) }
  }

  /** From the time, so that a room that begins anew goes on with larger numbers. */
  #number (room: StoredRoom): number {
    room.last = Math.max(room.last + 1, this.#now())
    return room.last
  }

  /** Takes seats out of the room. */
  #takeOut (room: StoredRoom, which: (seat: StoredSeat) => boolean): SeatRecord[] {
    const out = room.seats.filter(which)
    if (out.length > 0) this.#number(room)
    room.seats = room.seats.filter(seat => !out.includes(seat))
    return out.map(({ shown }) => shown)
  }

  #end (room: StoredRoom, seat: StoredSeat): Stateless<SeatChange> {
    this.#takeOut(room, other => other === seat)
    return { outcome: 'ended', seat: seat.shown }
  }

  /** A joiner that has no seat in the room: it gets one, waits while the others are asked for a sign of life, or is refused. */
  #decide (room: StoredRoom, ask: SeatAsk, now: number, ended: SeatRecord[]): Stateless<JoinAnswer> {
    const place = room.line.findIndex(({ id }) => id === ask.id)
    const ahead = place === -1 ? room.line.length : place
    const capacity = ask.capacity ?? room.capacity
    if (ahead === 0 || ask.probed === true) {
      if (room.seats.length + ahead < capacity) return this.#sit(room, ask, 'seated', ended)
      const absent = ask.hold ? undefined : room.seats.find(seat => !isPresent(seat))
      if (absent !== undefined && room.seats.length - 1 + ahead < capacity) {
        return this.#sit(room, ask, 'replaced', [...ended, ...this.#takeOut(room, seat => seat === absent)])
      }
    }
    const sitters = room.seats.filter(isPresent).map(({ shown }) => shown)
    if (ask.probed === true || sitters.length === 0 || (place === -1 && room.line.length >= MAX_WAITING)) return full(room, ask, now, ended)
    if (place === -1) room.line.push({ id: ask.id, order: this.#number(room), until: now + ask.waits })
    return { outcome: 'wait', sitters, ended }
  }

  #sit (room: StoredRoom, ask: SeatAsk, outcome: 'seated' | 'replaced' | 'rejoined', ended: SeatRecord[]): Stateless<JoinAnswer> {
    room.line = room.line.filter(({ id }) => id !== ask.id)
    if (ask.capacity !== undefined) room.capacity = ask.capacity
    const toldPolite = room.seats[0]?.shown.toldPolite === false
    const { id, server, connection, kind, token, claim } = ask
    const fence = this.#number(room)
    const seat = { id, server, connection, fence, order: fence, toldPolite, kind, resumable: token !== undefined }
    room.seats.push({ shown: seat, token, claim })
    return { outcome, seat, ended }
  }

  #resume (room: StoredRoom, own: StoredSeat, ask: SeatAsk): Omit<JoinAnswer & { outcome: 'resumed' }, 'ended' | 'state'> {
    if (ask.capacity !== undefined) room.capacity = ask.capacity
    room.line = room.line.filter(({ id }) => id !== ask.id)
    const { until, ...previous } = own.shown
    own.shown = { ...previous, server: ask.server, connection: ask.connection, fence: this.#number(room), resumable: ask.token !== undefined }
    own.token = ask.token
    own.claim = ask.claim
    own.over = undefined
    return { outcome: 'resumed', seat: own.shown, previous: until === undefined ? previous : { ...previous, until } }
  }
}

/** An answer before the room's state is added to it. */
type Stateless<T> = T extends unknown ? Omit<T, 'state'> : never

function keyOf ({ app, room }: RoomName): string {
  return `${app}/${room}`
}

function isPresent ({ shown }: StoredSeat): boolean {
  return shown.until === undefined
}

function isOf ({ shown }: StoredSeat, { server, connection }: SeatAsk): boolean {
  return shown.server === server && shown.connection === connection
}

function ownedBy (room: StoredRoom, { proof = {}, at = Infinity }: SeatAsk): StoredSeat | undefined {
  const { id, token, claim } = proof
  const byToken = token === undefined ? undefined : room.seats.find(seat => seat.shown.id === id && seat.token === token)
  if (byToken !== undefined || claim === undefined) return byToken
  return room.seats.find(seat => seat.claim === claim && !(isPresent(seat) && seat.shown.fence > at))
}

function full (room: StoredRoom, ask: SeatAsk, now: number, ended: SeatRecord[]): Stateless<JoinAnswer> {
  room.line = room.line.filter(({ id }) => id !== ask.id)
  const waits = room.seats.flatMap(({ shown: { until } }) => until === undefined ? [] : Math.max(0, until - now))
  return { outcome: 'full', ...(waits.length === 0 ? {} : { retryAfter: Math.min(...waits) }), ended }
}
