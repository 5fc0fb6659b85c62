import type { OwnedSeat, RoomName, SeatArbiter, SeatAsk, SeatChange, JoinAnswer, SeatRecord } from '../rooms/seat-arbiter.js'

/** How many peers may sit in a room by default. */
const CAPACITY = 2

/** Most joiners that wait before one room. */
const MAX_WAITING = 16

interface StoredSeat {
  shown: SeatRecord
  token?: string | undefined
  claim?: string | undefined
  /** The number under which its connection was lost: whoever had it then, and nobody else, may revive the seat. */
  lostAs?: number | undefined
}

interface StoredRoom {
  /** Numbers owners and places: the last one that was given out. */
  last: number
  capacity: number
  /** In the order in which they were taken. */
  seats: StoredSeat[]
  /** The joiners that wait, in the order in which they came, and until when each may. */
  line: Array<{ id: string, order: number, until: number }>
}

/** Decides who sits where, in memory. `seating-script.ts` is the same for Redis: what is changed here is changed there. */
export class MemoryArbiter implements SeatArbiter {
  readonly #now: () => number
  readonly #rooms = new Map<string, StoredRoom>()

  constructor (now: () => number) {
    this.#now = now
  }

  join (name: RoomName, ask: SeatAsk): JoinAnswer {
    return this.#change(name, room => {
      const now = this.#now()
      const ended = takeOut(room, ({ shown }) => shown.until !== undefined && shown.until <= now)
      room.line = room.line.filter(({ until }) => until > now)
      const present = room.seats.find(seat => isPresent(seat) && isOf(seat, ask))
      const own = ownedBy(room, ask)
      if (own !== undefined && (present === undefined || present === own)) {
        if (ask.fresh !== true) return { ...resume(room, own, ask), ended }
        return sit(room, ask, 'replaced', [...ended, ...takeOut(room, seat => seat === own)])
      }
      if (present !== undefined) return sit(room, ask, 'rejoined', [...ended, ...takeOut(room, seat => seat === present)])
      return decide(room, ask, now, ended)
    })
  }

  withdraw (name: RoomName, id: string): void {
    this.#change(name, room => { room.line = room.line.filter(joiner => joiner.id !== id) })
  }

  lost (name: RoomName, owned: OwnedSeat, window: number): SeatChange {
    return this.#owned(name, owned, (room, seat) => {
      if (!isPresent(seat)) return { outcome: 'stale' }
      if (seat.token === undefined || window <= 0) return end(room, seat)
      seat.lostAs = owned.fence
      seat.shown = { ...seat.shown, fence: ++room.last, until: this.#now() + window }
      return { outcome: 'absent', seat: seat.shown }
    })
  }

  expire (name: RoomName, owned: OwnedSeat): SeatChange {
    return this.#owned(name, owned, (room, seat) => {
      const { until } = seat.shown
      return until !== undefined && until <= this.#now() ? end(room, seat) : { outcome: 'stale' }
    })
  }

  revive (name: RoomName, { id, fence }: OwnedSeat): SeatChange {
    return this.#change(name, room => {
      const seat = room.seats.find(({ shown }) => shown.id === id)
      if (seat === undefined || isPresent(seat) || seat.lostAs !== fence) return { outcome: 'stale' }
      const { until, ...shown } = seat.shown
      seat.shown = { ...shown, fence: ++room.last }
      return { outcome: 'present', seat: seat.shown }
    })
  }

  leave (name: RoomName, owned: OwnedSeat): SeatChange {
    return this.#owned(name, owned, end)
  }

  remove (name: RoomName, id: string): SeatChange {
    return this.#change(name, room => {
      const seat = room.seats.find(({ shown }) => shown.id === id)
      return seat === undefined ? { outcome: 'stale' } : end(room, seat)
    })
  }

  seats ({ app, room }: RoomName): SeatRecord[] {
    return this.#rooms.get(`${app}/${room}`)?.seats.map(({ shown }) => shown) ?? []
  }

  /** Changes a room, which is there while somebody sits or waits in it. */
  #change<T> ({ app, room: name }: RoomName, change: (room: StoredRoom) => T): T {
    const key = `${app}/${name}`
    const room = this.#rooms.get(key) ?? { last: 0, capacity: CAPACITY, seats: [], line: [] }
    const outcome = change(room)
    if (room.seats.length > 0 || room.line.length > 0) this.#rooms.set(key, room)
    else this.#rooms.delete(key)
    return outcome
  }

  #owned (name: RoomName, { id, fence }: OwnedSeat, change: (room: StoredRoom, seat: StoredSeat) => SeatChange): SeatChange {
    return this.#change(name, room => {
      const seat = room.seats.find(({ shown }) => shown.id === id && shown.fence === fence)
      return seat === undefined ? { outcome: 'stale' } : change(room, seat)
    })
  }
}

function isPresent ({ shown }: StoredSeat): boolean {
  return shown.until === undefined
}

function isOf ({ shown }: StoredSeat, { server, connection }: SeatAsk): boolean {
  return shown.server === server && shown.connection === connection
}

function ownedBy (room: StoredRoom, { proof = {} }: SeatAsk): StoredSeat | undefined {
  const { id, token, claim } = proof
  const byToken = token === undefined ? undefined : room.seats.find(seat => seat.shown.id === id && seat.token === token)
  if (byToken !== undefined || claim === undefined) return byToken
  return room.seats.find(seat => seat.claim === claim)
}

/** Takes seats out of the room. */
function takeOut (room: StoredRoom, which: (seat: StoredSeat) => boolean): SeatRecord[] {
  const out = room.seats.filter(which)
  room.seats = room.seats.filter(seat => !out.includes(seat))
  return out.map(({ shown }) => shown)
}

function end (room: StoredRoom, seat: StoredSeat): SeatChange {
  takeOut(room, other => other === seat)
  return { outcome: 'ended', seat: seat.shown }
}

/** A joiner that has no seat in the room: it gets one, waits while the others are asked for a sign of life, or is refused. */
function decide (room: StoredRoom, ask: SeatAsk, now: number, ended: SeatRecord[]): JoinAnswer {
  const place = room.line.findIndex(({ id }) => id === ask.id)
  const ahead = place === -1 ? room.line.length : place
  const capacity = ask.capacity ?? room.capacity
  if (ahead === 0 || ask.probed === true) {
    if (room.seats.length + ahead < capacity) return sit(room, ask, 'seated', ended)
    const absent = ask.hold ? undefined : room.seats.find(seat => !isPresent(seat))
    if (absent !== undefined && room.seats.length - 1 + ahead < capacity) {
      return sit(room, ask, 'replaced', [...ended, ...takeOut(room, seat => seat === absent)])
    }
  }
  const sitters = room.seats.filter(isPresent).map(({ shown }) => shown)
  if (ask.probed === true || sitters.length === 0 || (place === -1 && room.line.length >= MAX_WAITING)) return full(room, ask, now, ended)
  if (place === -1) room.line.push({ id: ask.id, order: ++room.last, until: now + ask.waits })
  return { outcome: 'wait', sitters, ended }
}

function full (room: StoredRoom, ask: SeatAsk, now: number, ended: SeatRecord[]): JoinAnswer {
  room.line = room.line.filter(({ id }) => id !== ask.id)
  const waits = room.seats.flatMap(({ shown: { until } }) => until === undefined ? [] : until - now)
  return { outcome: 'full', ...(waits.length === 0 ? {} : { retryAfter: Math.min(...waits) }), ended }
}

function sit (room: StoredRoom, ask: SeatAsk, outcome: 'seated' | 'replaced' | 'rejoined', ended: SeatRecord[]): JoinAnswer {
  room.line = room.line.filter(({ id }) => id !== ask.id)
  if (ask.capacity !== undefined) room.capacity = ask.capacity
  const others = room.seats.map(({ shown }) => shown)
  const { id, server, connection, kind, token, claim } = ask
  const fence = ++room.last
  const toldPolite = others[0] !== undefined && !others[0].toldPolite
  const seat = { id, server, connection, fence, order: fence, toldPolite, kind, resumable: token !== undefined }
  room.seats.push({ shown: seat, token, claim })
  return { outcome, seat, others, ended }
}

function resume (room: StoredRoom, own: StoredSeat, ask: SeatAsk): Omit<JoinAnswer & { outcome: 'resumed' }, 'ended'> {
  if (ask.capacity !== undefined) room.capacity = ask.capacity
  room.line = room.line.filter(({ id }) => id !== ask.id)
  const { until, ...previous } = own.shown
  own.shown = { ...previous, server: ask.server, connection: ask.connection, fence: ++room.last, resumable: ask.token !== undefined }
  own.token = ask.token
  own.claim = ask.claim
  const others = room.seats.flatMap(seat => seat === own ? [] : seat.shown)
  return { outcome: 'resumed', seat: own.shown, previous: until === undefined ? previous : { ...previous, until }, others }
}
