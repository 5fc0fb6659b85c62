import type { Clock } from '../rooms/clock.js'

/** The times of all heartbeats, in ms. */
export interface HeartbeatRules {
  /** The time between two pings. */
  readonly interval: number
  /** The time in which a ping must be answered. */
  readonly timeout: number
  /** The time in which a probe must be answered. */
  readonly probeTimeout: number
}

/** The part of a WebSocket that a heartbeat needs. */
export interface PingableSocket {
  readonly readyState: number
  ping (payload: Buffer): void
}

/** Learns from pings which messages have arrived. */
export interface PingObserver {
  /** A ping is sent, after everything sent so far. */
  markPing (): void
  /** The last ping was answered: everything sent before it has arrived. */
  confirmPing (): void
}

/** The question whether the other end is alive. */
interface Probe {
  /** The number of the ping that asks. A pong to it or to a later one is the answer. */
  ping: number
  answer: (alive: boolean) => void
}

/**
 * The number of timeouts after which a client is dead even if it keeps sending. Its pong may be queued behind large frames on a slow line, but it
 * must come (RFC 6455, section 5.5.2). A client that no longer receives what the server sends may go on sending.
 */
const MAX_TIMEOUTS = 3

const OPEN = 1

/** Finds out whether the other end of one WebSocket is alive: by a ping at each interval, and at once when a room probes it. */
export class Heartbeat {
  readonly #socket: PingableSocket
  readonly #observer: PingObserver
  readonly #rules: HeartbeatRules
  readonly #clock: Clock
  /** The number of the last ping. */
  #pingNumber = 0
  /** The number of the last ping that was answered. */
  #pongNumber = 0
  /** When the next ping is due, by {@link Clock.lived}. */
  #pingAt: number
  /** When the other end counts as dead, by {@link Clock.lived}; 0 if every ping is answered. */
  #deadAt = 0
  /** The latest time to which `#deadAt` may be moved. */
  #maxDeadAt = 0
  #probes: Probe[] | null = null

  constructor (socket: PingableSocket, observer: PingObserver, rules: HeartbeatRules, clock: Clock) {
    this.#socket = socket
    this.#observer = observer
    this.#rules = rules
    this.#clock = clock
    this.#pingAt = clock.lived() + rules.interval
  }

  /** Whether a ping was not answered in time; `now` is {@link Clock.lived}. */
  isDead (now: number): boolean {
    return this.#deadAt !== 0 && now >= this.#deadAt
  }

  /** Sends a ping if it is time for one; `now` is {@link Clock.lived}. */
  beat (now: number): void {
    if (this.#deadAt === 0 && now >= this.#pingAt) this.#ping(now)
  }

  /** Something other than a pong has arrived. The pong may be queued behind it, so the deadline starts again. */
  handleTraffic (): void {
    if (this.#deadAt !== 0) this.#deadAt = Math.min(this.#maxDeadAt, this.#clock.lived() + this.#rules.timeout)
  }

  /**
   * A pong has arrived.
   *
   * @returns whether it answers a ping of this heartbeat. RFC 6455, section 5.5.3, allows unsolicited pongs, which mean nothing
   */
  handlePong (payload: Buffer): boolean {
    const number = payload.length === 4 ? payload.readUInt32BE() : 0
    if (number <= this.#pongNumber || number > this.#pingNumber) return false
    this.#pongNumber = number
    this.#deadAt = 0
    // Only a pong answers a probe. Any other frame may have been on its way already when its sender died.
    for (const probe of [...this.#probes ?? []]) if (number >= probe.ping) probe.answer(true)
    if (number === this.#pingNumber) this.#observer.confirmPing()
    return true
  }

  /** Sends a ping, and calls back exactly once, with whether it was answered in time. Never calls back before it returns. */
  probe (answer: (alive: boolean) => void): void {
    const probes = this.#probes ??= []
    const open = this.#socket.readyState === OPEN
    // A socket that is closing counts as dead. There is no point in waiting for its pong.
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

  /** The connection ends. All pending probes are answered: not alive. */
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
