import type { AnnouncingRoom } from './room-cluster.js'

/** Has many rooms ask the same, a few at a time: a server may have tens of thousands. */
export class RoomVisits {
  readonly #isThere: (room: AnnouncingRoom) => boolean
  readonly #visit: (room: AnnouncingRoom) => void
  readonly #atOnce: number
  readonly #rooms = new Set<AnnouncingRoom>()
  #running = 0

  /**
   * @param isThere whether a room still exists. One that has ended would speak for another one of its name
   * @param visit has a room ask
   * @param atOnce how many do it at a time
   */
  constructor (isThere: (room: AnnouncingRoom) => boolean, visit: (room: AnnouncingRoom) => void, atOnce: number) {
    this.#isThere = isThere
    this.#visit = visit
    this.#atOnce = atOnce
  }

  add (rooms: Iterable<AnnouncingRoom>): void {
    for (const room of rooms) this.#rooms.add(room)
    while (this.#running < this.#atOnce && this.#running < this.#rooms.size) {
      this.#running++
      void this.#run()
    }
  }

  async #run (): Promise<void> {
    for (const room of this.#rooms) {
      this.#rooms.delete(room)
      if (!this.#isThere(room)) continue
      this.#visit(room)
      await room.whenIdle()
    }
    this.#running--
  }
}
