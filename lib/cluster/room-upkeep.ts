import { RENEWED_EVERY } from './record-times.js'
import type { AnnouncingRoom } from './room-cluster.js'
import type { RoomCount } from './room-count.js'
import { RoomVisits } from './room-visits.js'

/** A server gives three signs of life in each lease. */
const TURNS = 3 * RENEWED_EVERY

/** How many rooms are announced at a time, and renewed: joins are not to wait behind them all. */
const ANNOUNCED_AT_ONCE = 200
const RENEWED_AT_ONCE = 20

/** Most rooms that are counted by one command, so that Redis does nothing else for a short time alone. */
const COUNTED_AT_ONCE = 1_000

/** Keeps what decides informed of the rooms that this server has: again and again, since it forgets those of which nobody says anything. */
export class RoomUpkeep {
  readonly #all: () => readonly AnnouncingRoom[]
  readonly #isThere: (room: AnnouncingRoom) => boolean
  readonly #count: Pick<RoomCount, 'goOn'>
  readonly #announcements: RoomVisits
  readonly #renewals: RoomVisits
  readonly #doubtful = new Set<AnnouncingRoom>()
  #rooms: readonly AnnouncingRoom[] = []
  /** How many signs of life were given since {@link #rooms} are these. */
  #turn = TURNS

  /**
   * @param all the rooms of this server
   * @param isThere whether a room still exists
   */
  constructor (all: () => readonly AnnouncingRoom[], isThere: (room: AnnouncingRoom) => boolean, count: Pick<RoomCount, 'goOn'>) {
    this.#all = all
    this.#isThere = isThere
    this.#count = count
    this.#announcements = new RoomVisits(isThere, room => room.announce(), ANNOUNCED_AT_ONCE)
    this.#renewals = new RoomVisits(isThere, room => room.renew(), RENEWED_AT_ONCE)
  }

  /** Nothing is known of a command of this room. */
  doubted (room: AnnouncingRoom): void {
    this.#doubtful.add(room)
  }

  /**
   * This server has given a sign of life: rooms of which something is doubtful are announced, and some others renewed. They are as many each
   * time, and each room is one of them every 10 leases.
   *
   * @param all what was said before of any room may be forgotten
   */
  signOfLife (all: boolean): void {
    this.#announcements.add(this.#doubtful)
    this.#doubtful.clear()
    if (all) {
      const rooms = this.#all()
      this.#announcements.add(rooms)
      this.#goOn(rooms)
    }
    if (this.#turn === TURNS) {
      this.#rooms = this.#all()
      this.#turn = 0
    }
    const until = (turn: number): number => Math.floor(this.#rooms.length * turn / TURNS)
    const some = this.#rooms.slice(until(this.#turn), until(++this.#turn)).filter(this.#isThere)
    this.#renewals.add(some)
    this.#goOn(some)
  }

  #goOn (rooms: readonly AnnouncingRoom[]): void {
    const names = new Map<string, string[]>()
    for (const { isTaken, roomName: { app, room } } of rooms) {
      const ofApp = names.get(app) ?? []
      names.set(app, ofApp)
      if (isTaken) ofApp.push(room)
    }
    for (const [app, rooms] of names) while (rooms.length > 0) this.#count.goOn(app, rooms.splice(-COUNTED_AT_ONCE))
  }
}
