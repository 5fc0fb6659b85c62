import { Emitter } from '../base/emitter.js'
import { AdaptorError } from '../base/client-errors.js'
import type { Loss } from './server-connection.js'

export interface Reconnected {
  resumed: boolean
  /** How many others sit in the room, where there is one and the server tells. */
  peers?: number
}

interface OutageEvents {
  reconnecting: Loss & { delay: number }
  reconnected: Reconnected
  error: AdaptorError
}

/** What an application is told of a connection that is lost and found: each once, and only what it can make sense of. */
export class Outage extends Emitter<OutageEvents> {
  #everOpen = false
  #lasting = false
  #unreachable = false

  handleOpen (): void {
    this.#everOpen = true
    this.#unreachable = false
  }

  handleRetry (loss: Loss & { delay: number }): void {
    if (!this.#everOpen) {
      if (!this.#unreachable) this.emit('error', new AdaptorError('WebSocketNotConnected', 'The server cannot be reached yet.'))
      this.#unreachable = true
    } else if (!this.#lasting) {
      this.#lasting = true
      this.emit('reconnecting', loss)
    }
  }

  /** The page went away: coming back is told, going away was seen. */
  handleSuspend (): void {
    this.#lasting = this.#everOpen
  }

  /** Everything is as it was before. */
  handleRecovery (resumed: boolean, peers?: number): void {
    if (!this.#lasting) return
    this.#lasting = false
    this.emit('reconnected', { resumed, ...peers === undefined ? {} : { peers } })
  }

  handleEnd (): void {
    this.#lasting = false
  }
}
