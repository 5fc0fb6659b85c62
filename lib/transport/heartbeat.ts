import type { Clock } from '../rooms/clock.js'

/** How often a client is asked for a sign of life, and how long it may take to answer, ms. The same for all connections. */
export interface HeartbeatRules {
  /** Between two pings. */
  readonly interval: number
  /** For the answer to a ping. */
  readonly timeout: number
  /** For the answer to a probe. */
  readonly probeTimeout: number
}

/** What a heartbeat needs of a WebSocket. */
export interface PingableSocket {
  readonly readyState: number
  ping (payload: Buffer): void
}

/** Who learns from pings what has arrived. */
export interface PingObserver {
  /** A ping goes out behind everything sent so far. */
  markPing (): void
  /** The last ping was answered: what was sent before it has arrived. */
  confirmPing (): void
}

/** The question whether the other end lives. */
interface Probe {
  /** The ping that asks. A pong to it or to a later one answers. */
  ping: number
  answer: (alive: boolean) => void
}

/**
 * After how many timeouts a client is dead that sends, and answers no ping. The pong may be behind large frames on a slow line, but it
 * must come: a client whose way from the server is cut sends on, and never hears us (RFC 6455 section 5.5.2 has everybody answer).
 */
const MAX_TIMEOUTS = 3

const OPEN = 1

/** Finds out whether the other end of one WebSocket lives: by a ping now and then, and at once when a room asks. */
export class Heartbeat {
  readonly #socket: PingableSocket
  readonly #observer: PingObserver
  readonly #rules: HeartbeatRules
  readonly #clock: Clock
  #pingNumber = 0
  /** The last ping that was answered. */
  #pongNumber = 0
  #pingAt: number
  /** When an unanswered ping means that the other end is dead; 0 where none is under way. */
  #deadAt = 0
  /** The latest that `#deadAt` may become. */
  #maxDeadAt = 0
  #probes: Probe[] | null = null

  constructor (socket: PingableSocket, observer: PingObserver, rules: HeartbeatRules, clock: Clock) {
    this.#socket = socket
    this.#observer = observer
    this.#rules = rules
    this.#clock = clock
    this.#pingAt = clock.lived() + rules.interval
  }

  /** Whether the other end has owed us a pong for too long; `now` is {@link Clock.lived}. */
  isDead (now: number): boolean {
    return this.#deadAt !== 0 && now >= this.#deadAt
  }

  /** Sends a ping if it is time for one; `now` is {@link Clock.lived}. */
  beat (now: number): void {
    if (this.#deadAt === 0 && now >= this.#pingAt) this.#ping(now)
  }

  /** Something has come that is no pong: the pong may be behind it, and gets as long again. */
  handleTraffic (): void {
    if (this.#deadAt !== 0) this.#deadAt = Math.min(this.#maxDeadAt, this.#clock.lived() + this.#rules.timeout)
  }

  /**
   * A pong has come.
   *
   * @returns whether it answers a ping of ours. RFC 6455 section 5.5.3 allows others, which mean nothing.
   */
  handlePong (payload: Buffer): boolean {
    const number = payload.length === 4 ? payload.readUInt32BE() : 0
    if (number <= this.#pongNumber || number > this.#pingNumber) return false
    this.#pongNumber = number
    this.#deadAt = 0
    // Only a pong answers a probe: any other frame may have been on its way already when its sender died.
    for (const probe of [...this.#probes ?? []]) if (number >= probe.ping) probe.answer(true)
    if (number === this.#pingNumber) this.#observer.confirmPing()
    return true
  }

  /** Asks the other end for a sign of life, and calls back exactly once, later, with whether it came in time. */
  probe (answer: (alive: boolean) => void): void {
    const probes = this.#probes ??= []
    const open = this.#socket.readyState === OPEN
    // A socket that is closing is of no use to anybody, so there is nothing to wait for.
    const timer = this.#clock.after(open ? this.#rules.probeTimeout : 0, () => probe.answer(false))
    if (open) this.#ping(this.#clock.lived())
    const probe: Probe = {
      ping: this.#pingNumber,
      answer: alive => {
        this.#clock.cancel(timer)
        const index = probes.indexOf(probe)
        if (index === -1) return
        probes.splice(index, 1)
        answer(alive)
      }
    }
    probes.push(probe)
  }

  /** The connection ends: every probe is answered. */
  stop (): void {
    for (const { answer } of [...this.#probes ?? []]) answer(false)
  }

  #ping (now: number): void {
    const payload = Buffer.alloc(4)
    this.#pingNumber = (this.#pingNumber + 1) >>> 0
    payload.writeUInt32BE(this.#pingNumber)
    this.#observer.markPing()
    this.#socket.ping(payload)
    this.#pingAt = now + this.#rules.interval
    if (this.#deadAt !== 0) return
    this.#deadAt = now + this.#rules.timeout
    this.#maxDeadAt = now + MAX_TIMEOUTS * this.#rules.timeout
  }
}
