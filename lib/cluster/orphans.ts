import type { RoomState, SeatRecord } from '../rooms/seat-arbiter.js'
import type { RoomCluster } from './room-cluster.js'

/** How often it is tried again to end a seat, in ms: its server may have granted it more than its window. */
const AGAIN_AFTER = 1_000

/** The seats whose server is dead: others have to say that their peers are gone, and to end them when their windows are over. */
export class Orphans {
  readonly #cluster: Pick<RoomCluster, 'isDead' | 'windowClock'>
  readonly #expire: (id: string, fence: number) => void
  readonly #timers = new Map<string, { fence: number, timer: unknown }>()
  /** The dead servers whose peers were named. One that lives after all says so, and is not named again and again. */
  readonly #named = new Set<string>()

  /** @param expire told that a window may be over */
  constructor (cluster: Pick<RoomCluster, 'isDead' | 'windowClock'>, expire: (id: string, fence: number) => void) {
    this.#cluster = cluster
    this.#expire = expire
  }

  /** Names each dead server once whose peers count as present: nobody has said yet that they are gone. */
  find ({ seats }: RoomState): string[] {
    const found = new Set(seats.flatMap(({ server, until }) => until === undefined && this.#cluster.isDead(server) ? server : []))
    const unnamed = [...found].filter(server => !this.#named.has(server))
    for (const server of unnamed) this.#named.add(server)
    return unnamed
  }

  /** What was said of them may not have arrived. */
  doubt (): void {
    this.#named.clear()
  }

  /** Waits until the windows of the absent peers are over. */
  watch ({ seats, now }: RoomState): void {
    for (const seat of seats) if (this.#cluster.isDead(seat.server)) this.#watch(seat, now)
  }

  end (): void {
    for (const { timer } of this.#timers.values()) this.#cluster.windowClock.cancel(timer)
    this.#timers.clear()
  }

  /** @param now the time from which `until` of the record is seen */
  #watch ({ id, until, fence }: SeatRecord, now: number): void {
    const known = this.#timers.get(id)
    if (until === undefined || known?.fence === fence) return
    const { windowClock } = this.#cluster
    windowClock.cancel(known?.timer ?? null)
    const left = until - now
    const timer = windowClock.after(left > 0 ? left : AGAIN_AFTER, () => {
      this.#timers.delete(id)
      this.#expire(id, fence)
    })
    this.#timers.set(id, { fence, timer })
  }
}
