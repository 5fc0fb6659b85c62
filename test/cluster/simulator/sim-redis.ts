import type { RoomName, RoomState } from '../../../lib/rooms/seat-arbiter.js'
import { Machine } from './machine.js'
import type { Wire } from './network.js'
import type { Scheduler } from './scheduler.js'

/** What every Redis's clock shows when the simulation begins, in ms. */
const EPOCH = 1_000_000

interface Written {
  readonly at: number
  readonly command: readonly string[]
}

/** What one Redis knows: {@link RedisState}, or a real one. */
export interface KnownState {
  /** The rooms that were ever asked about. */
  readonly rooms: ReadonlyMap<string, RoomName>
  /** Who sits in a room. */
  readonly arbiter: { state (name: RoomName): RoomState }
  /**
   * @param now Redis's own time, in ms
   * @returns the answer; undefined where a blocking command waits
   * @throws what Redis answers with an error
   */
  apply (command: readonly string[], now: number): unknown
  /** It takes over, or has started again. */
  forgetScripts (): void
}

/** One connection of a client, as Redis sees it. */
export interface RedisSession {
  readonly wire: Wire
  answer (reply: unknown, error: Error | null): void
}

interface Waiting {
  readonly session: RedisSession
  readonly command: readonly string[]
}

/**
 * One Redis. What it knows follows from what was written to it, so that one that takes over, or starts again, is made from what was written
 * until some moment: the writes after that are lost.
 */
export class SimRedis {
  readonly machine: Machine
  isUp = true
  readonly state: KnownState
  readonly #scheduler: Scheduler
  readonly #makeState: () => KnownState
  readonly #written: Written[] = []
  #waiting: Waiting[] = []
  /** Grows with each write that may change who sits where. */
  version = 0

  constructor (scheduler: Scheduler, name: string, makeState: () => KnownState, written: readonly Written[] = []) {
    this.#scheduler = scheduler
    this.#makeState = makeState
    this.machine = new Machine(scheduler, name)
    this.state = makeState()
    for (const { at, command } of written) this.#apply(command, at)
    this.state.forgetScripts()
  }

  /** Its own clock, which has whole ms. */
  get #now (): number {
    return EPOCH + Math.floor(this.#scheduler.now)
  }

  /** Another one, which has everything but what was written in the last `lost` ms. */
  successor (name: string, lost: number): SimRedis {
    return new SimRedis(this.#scheduler, name, this.#makeState, this.#written.filter(({ at }) => at <= EPOCH + this.#scheduler.now - lost))
  }

  handle (session: RedisSession, command: readonly string[]): void {
    let reply: unknown
    try {
      reply = this.#apply(command, this.#now)
    } catch (error) {
      session.answer(null, error as Error)
      return
    }
    if (reply === undefined) this.#wait({ session, command })
    else session.answer(reply, null)
    if (command[0] === 'XADD') this.#wake()
  }

  /** Waits for a message, for as long as the command says. */
  #wait (waiting: Waiting): void {
    this.#waiting.push(waiting)
    const ms = Number(waiting.command[waiting.command.indexOf('BLOCK') + 1])
    this.#scheduler.add(this.machine, this.#scheduler.now + ms, null, () => {
      if (!this.#waiting.includes(waiting)) return
      this.#waiting = this.#waiting.filter(other => other !== waiting)
      waiting.session.answer(null, null)
    })
  }

  /** The connection is gone, and what it waits for. */
  forget (session: RedisSession): void {
    this.#waiting = this.#waiting.filter(waiting => waiting.session !== session)
  }

  #apply (command: readonly string[], at: number): unknown {
    const reply = this.state.apply(command, at)
    const [name = '', , , key = ''] = command
    if (name !== 'XREAD') this.#written.push({ at, command })
    if (name.startsWith('EVAL') && !key.endsWith('{servers}')) this.version++
    return reply
  }

  #wake (): void {
    for (const waiting of this.#waiting) {
      const reply = this.state.apply(waiting.command, this.#now)
      if (reply === undefined) continue
      this.#waiting = this.#waiting.filter(other => other !== waiting)
      waiting.session.answer(reply, null)
    }
  }
}
