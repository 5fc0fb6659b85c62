import type { Clock } from '../rooms/clock.js'
import type { SeatRecord } from '../rooms/seat-arbiter.js'

/** How often it is tried again to end a seat, in ms: its server may have granted it more than its window. */
const AGAIN_AFTER = 1_000

/** The seats of absent peers whose server is dead: somebody else has to end them when their windows are over. */
export class Orphans {
  readonly #clock: Clock
  readonly #expire: (id: string, fence: number) => void
  readonly #timers = new Map<string, { fence: number, timer: unknown }>()

  /** @param expire told that a window may be over */
  constructor (clock: Clock, expire: (id: string, fence: number) => void) {
    this.#clock = clock
    this.#expire = expire
  }

  /** @param now the time from which `until` of the record is seen */
  watch ({ id, until, fence }: SeatRecord, now: number): void {
    const known = this.#timers.get(id)
    if (until === undefined || known?.fence === fence) return
    this.#clock.cancel(known?.timer ?? null)
    const left = until - now
    const timer = this.#clock.after(left > 0 ? left : AGAIN_AFTER, () => {
      this.#timers.delete(id)
      this.#expire(id, fence)
    })
    this.#timers.set(id, { fence, timer })
  }

  end (): void {
    for (const { timer } of this.#timers.values()) this.#clock.cancel(timer)
    this.#timers.clear()
  }
}
