import { Emitter } from '../base/emitter.js'
import { AdaptorError } from '../base/client-errors.js'
import type { Loss } from './server-connection.js'

export interface Reconnected {
  /** Whether the seat is the same as before. */
  resumed: boolean
  /** How many others sit in the room. Absent if no room is joined, or if the server does not tell. */
  peers?: number
}

interface OutageEvents {
  reconnecting: Loss & { delay: number }
  reconnected: Reconnected
  error: AdaptorError
}

/** Tells the application of outages: `reconnecting` once for each, then `reconnected`. Before the first connection it emits one `error`. */
export class Outage extends Emitter<OutageEvents> {
  #everOpen = false
  #lasting = false
  #unreachable = false

  /** The connection is open. */
  handleOpen (): void {
    this.#everOpen = true
    this.#unreachable = false
  }

  /** The connection is lost, or could not be opened, and is tried again. */
  handleRetry (loss: Loss & { delay: number }): void {
    if (!this.#everOpen) {
      if (!this.#unreachable) this.emit('error', new AdaptorError('WebSocketNotConnected', 'The server cannot be reached yet.'))
      this.#unreachable = true
    } else if (!this.#lasting) {
      this.#lasting = true
      this.emit('reconnecting', loss)
    }
  }

  /** The page is being hidden. Only its return is told, by `reconnected`. */
  handleSuspend (): void {
    this.#lasting = this.#everOpen
  }

  /** The connection is back, and the seat if there was one. */
  handleRecovery (resumed: boolean, peers?: number): void {
    if (!this.#lasting) return
    this.#lasting = false
    this.emit('reconnected', { resumed, ...peers === undefined ? {} : { peers } })
  }

  /** The application has closed the connection, or the SDK has given up. */
  handleEnd (): void {
    this.#lasting = false
  }
}
