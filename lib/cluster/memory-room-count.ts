import type { RoomName } from '../rooms/seat-arbiter.js'
import type { RoomCount } from './room-count.js'

/** Counts rooms in memory. The script of `room-count.ts` is the same for Redis: what is changed here is changed there. */
export class MemoryRoomCount implements RoomCount {
  readonly #now: () => number
  readonly #countFor: number
  /** The rooms of each application, and until when each counts. */
  readonly #apps = new Map<string, Map<string, number>>()

  /** @param countFor for how long, in ms, a room counts of which no server says anything */
  constructor (now: () => number, countFor = Infinity) {
    this.#now = now
    this.#countFor = countFor
  }

  begin ({ app, room }: RoomName, max: number): boolean {
    const rooms = this.#in(app)
    const now = this.#now()
    for (const [name, until] of rooms) if (until <= now) rooms.delete(name)
    if (!rooms.has(room) && rooms.size >= max) return false
    this.goOn(app, [room])
    return true
  }

  end ({ app, room }: RoomName): void {
    this.#in(app).delete(room)
  }

  goOn (app: string, rooms: readonly string[]): void {
    for (const room of rooms) this.#in(app).set(room, this.#now() + this.#countFor)
  }

  #in (app: string): Map<string, number> {
    let rooms = this.#apps.get(app)
    if (rooms === undefined) this.#apps.set(app, rooms = new Map())
    return rooms
  }
}
