import type { AnnouncingRoom } from './room-cluster.js'

/** How many rooms do it at a time. A server may have tens of thousands, and joins are not to wait behind them all. */
const AT_ONCE = 200

/** Rooms that are to say again which seats they have here. */
export class Announcements {
  readonly #isThere: (room: AnnouncingRoom) => boolean
  readonly #rooms = new Set<AnnouncingRoom>()
  #running = 0

  /** @param isThere whether a room still exists. One that has ended would speak for another one of its name */
  constructor (isThere: (room: AnnouncingRoom) => boolean) {
    this.#isThere = isThere
  }

  add (rooms: Iterable<AnnouncingRoom>): void {
    for (const room of rooms) this.#rooms.add(room)
    while (this.#running < AT_ONCE && this.#running < this.#rooms.size) {
      this.#running++
      void this.#run()
    }
  }

  async #run (): Promise<void> {
    for (const room of this.#rooms) {
      this.#rooms.delete(room)
      if (!this.#isThere(room)) continue
      room.announce()
      await room.settled()
    }
    this.#running--
  }
}
