import type { RelayedMessage } from '../../protocol/client-messages.js'
import { numberOf, type Frame } from './frames.js'
import type { Seated } from './join-events.js'
import type { RoomJoin } from './room-join.js'
import type { ServerConnection } from './server-connection.js'

/**
 * A message to the other peer. It may have fields of this SDK beside those of the protocol. The server relays them untouched, and other
 * SDKs ignore them.
 */
export type Outgoing = RelayedMessage & { session?: string }

/**
 * What sends messages to the other peer.
 *
 * @internal
 */
export interface Sender {
  /** Sends a message of the call, now or once a seat is held. */
  relay (message: Outgoing): void
  /** A seat was given. */
  handleSeated (seated: Seated): void
  /** Whether a message of the application was sent and is not confirmed. */
  readonly holdsApplicationMessage?: boolean
  /** A message of the seat has arrived. */
  handleSeatMessage (frame: Frame): void
}

/**
 * Sends the messages of the call until the guard has come. It keeps all those of the seat, and so does what the guard's sender takes over
 * from it: after a resumption it sends again what the server has not received, and its first messages are those that were sent.
 */
export class EarlySender implements Sender {
  readonly #join: RoomJoin
  readonly #connection: ServerConnection
  /** The seat that is held, or was held last. */
  seat: Seated | null = null
  /** What the server has told the seat since. */
  told: Frame[] = []
  /** The messages of the seat, in order, and how many of them were sent. */
  messages: Outgoing[] = []
  gone = 0

  constructor (join: RoomJoin, connection: ServerConnection) {
    this.#join = join
    this.#connection = connection
  }

  relay (message: Outgoing): void {
    this.messages.push(message)
    this.#flush()
  }

  handleSeated (seated: Seated): void {
    if (seated.resumed) this.gone = Math.min(numberOf(seated.frame.received) ?? 0, this.messages.length)
    else {
      this.seat = seated
      // What waited belonged to the seat before.
      this.told = []
      this.messages = []
      this.gone = 0
    }
    this.#flush()
  }

  handleSeatMessage (frame: Frame): void {
    if (frame.command === 'notification') this.told.push(frame)
  }

  #flush (): void {
    for (let message; this.#join.phase === 'joined' && (message = this.messages[this.gone]) !== undefined && this.#connection.send(message);) this.gone++
  }
}
