import { deferred } from '../base/deferred.js'
import { guarded } from '../base/emitter.js'
import type { ByteSource } from './byte-source.js'
import type { TransferProgress } from './data-types.js'
import { WINDOW, type TransferHead } from './transfer-frames.js'

/**
 * One thing that this side sends. It keeps what the other side has not taken, so that it can go on from any byte of that over a new
 * connection, and reads no further ahead.
 */
export class OutgoingTransfer {
  readonly head: TransferHead
  readonly done = deferred<void>()
  readonly #source: ByteSource
  readonly #handleChange: () => void
  readonly #handleFailure: (error: unknown) => void
  readonly #onProgress: ((progress: TransferProgress) => void) | undefined
  /** The bytes from `#taken` on, or a little before, up to `#read`. */
  readonly #kept: Uint8Array[] = []
  #keptFrom = 0
  #read = 0
  #written = 0
  /** Whether it is known from where on it is sent on this connection. */
  #ready = true
  #taken = 0
  #reading = false
  #sourceEnded = false
  #endWritten = false
  #ended = false

  constructor (head: TransferHead, source: ByteSource, { handleChange, handleFailure, onProgress }: {
    /** There is more to send. */
    handleChange: () => void
    /** The source has failed. */
    handleFailure: (error: unknown) => void
    onProgress: ((progress: TransferProgress) => void) | undefined
  }) {
    this.head = head
    this.#source = source
    this.#handleChange = handleChange
    this.#handleFailure = handleFailure
    this.#onProgress = onProgress
  }

  /** Whether all of it was handed to the connection. */
  get written (): boolean {
    return this.#endWritten
  }

  /** Whether there is something to send that the other side has room for. */
  get writable (): boolean {
    if (!this.#ready || this.#endWritten) return false
    return this.#written < this.#read ? this.#written - this.#taken < WINDOW : this.#sourceEnded
  }

  /** Reads ahead, as far as the other side has room. */
  fill (): void {
    if (this.#reading || this.#sourceEnded || this.#ended || this.#read - this.#taken >= WINDOW) return
    this.#reading = true
    this.#source.next().then(bytes => this.#handleRead(bytes), error => {
      if (!this.#ended) this.#handleFailure(error)
    })
  }

  /** The next bytes, at most `max`; the number of all of them at the end. */
  take (max: number): Uint8Array | number {
    if (this.#written >= this.#read) {
      this.#endWritten = true
      return this.#read
    }
    let from = this.#written - this.#keptFrom
    const chunk = this.#kept.find(({ byteLength }) => {
      if (from < byteLength) return true
      from -= byteLength
      return false
    }) as Uint8Array
    const bytes = chunk.subarray(from, from + Math.min(max, WINDOW - (this.#written - this.#taken)))
    this.#written += bytes.byteLength
    return bytes
  }

  /** There is another connection; what was handed to the last one may be lost. */
  suspend (): void {
    this.#ready = this.#endWritten = false
  }

  /** Goes on from there. Returns whether that can be. */
  resume (bytes: number): boolean {
    if (bytes < this.#keptFrom || bytes > this.#read) return false
    this.#written = bytes
    this.#endWritten = false
    this.#ready = true
    return true
  }

  /** The other side has taken so many bytes. Returns whether that can be. */
  handleAck (bytes: number): boolean {
    if (bytes > this.#read) return false
    if (bytes <= this.#taken) return true
    this.#taken = bytes
    for (let first = this.#kept[0]; first !== undefined && this.#keptFrom + first.byteLength <= bytes; first = this.#kept[0]) {
      this.#keptFrom += first.byteLength
      this.#kept.shift()
    }
    this.#tellProgress()
    this.fill()
    return true
  }

  handleDone (): void {
    if (this.#ended) return
    this.#ended = true
    if (this.#taken < this.#read) {
      this.#taken = this.#read
      this.#tellProgress()
    }
    this.#kept.length = 0
    this.done.resolve()
  }

  fail (error: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.#kept.length = 0
    this.#source.cancel(error)
    this.done.reject(error)
  }

  #handleRead (bytes: Uint8Array | null): void {
    this.#reading = false
    if (this.#ended) return
    if (bytes === null) {
      this.#sourceEnded = true
    } else if (bytes.byteLength > 0) {
      this.#kept.push(bytes)
      this.#read += bytes.byteLength
    }
    this.fill()
    this.#handleChange()
  }

  #tellProgress (): void {
    const progress = { bytes: this.#taken, size: this.head.size }
    guarded(() => this.#onProgress?.(progress))
  }
}
