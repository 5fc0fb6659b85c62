import { Emitter } from '../base/emitter.js'
import { Timer } from '../base/timer.js'
import type { ServerConnection } from '../signalling/server-connection.js'
import type { SignallingContext } from './signalling-context.js'

/** Time between two pings, time for the pong, and time for the pong after the network has changed, in ms. */
const PING_EVERY = 20_000
const PONG_WITHIN = 8_000
const VERIFY_WITHIN = 3_000
/** RFC 6455, section 7.4.1: the code of a connection that ended without one. */
const ABNORMAL = 1006

interface HeartEvents {
  /** A `ping` is sent. Nothing else sends one. */
  ping: undefined
  /** A `pong` has arrived. The server answers in order. */
  pong: undefined
}

/** Keeps the connection to the server alive, and notices where it is dead. */
export class Heart extends Emitter<HeartEvents> {
  readonly #connection: ServerConnection
  readonly #timer: Timer

  constructor ({ environment, signalling }: SignallingContext) {
    super()
    const { connection } = signalling
    this.#connection = connection
    this.#timer = new Timer(environment)
    connection.on('open', () => this.#beat())
    connection.on('received', ({ command }) => {
      // Whatever comes is a sign of life.
      this.#beat()
      if (command === 'pong') this.emit('pong', undefined)
    })
    signalling.on('lost', () => this.stop())
    if (connection.state === 'open') this.#beat()
  }

  ping (within = PONG_WITHIN): void {
    if (!this.#connection.send({ command: 'ping' })) return
    this.emit('ping', undefined)
    this.#timer.startDeadline(within, () => this.#connection.lose(ABNORMAL, 'The server does not answer.'))
  }

  /** Has the server answer soon, where the connection is open. */
  verify (): void {
    this.ping(VERIFY_WITHIN)
  }

  stop (): void {
    this.#timer.stop()
  }

  #beat (): void {
    this.#timer.start(PING_EVERY, () => this.ping())
  }
}
