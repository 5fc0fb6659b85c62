import type { AdaptorError } from '../base/client-errors.js'
import type { ByteSource } from './byte-source.js'
import type { DataLink } from './data-link.js'
import { concatenated, MAX_MESSAGE_BYTES } from './transfer-frames.js'

/** As Ant Media's SDK has them: the size of a chunk, and one more than the largest token of a binary. */
const CHUNK = 16_000
const TOKENS = 999_999
/** A token and a size, or a token alone. */
const HEADER_BYTES = 8
const TOKEN_BYTES = 4
/** Binaries that may be coming at once. */
const MAX_BINARIES = 16

interface Binary {
  size: number
  received: number
  chunks: Uint8Array[]
}

interface Waiting {
  text: string | null
  source: ByteSource
  size: number
  resolve: () => void
  reject: (error: Error) => void
}

/**
 * Texts and binaries as Ant Media's SDKs exchange them: a text is one message. A binary is a message of a token and its size, both
 * 32-bit integers in the machine's own order, and then messages of the token and the next bytes. A receiver never forgets a token.
 */
export class PlainData {
  readonly #deliver: (data: string | ArrayBuffer) => void
  readonly #abort: (why: string) => AdaptorError
  readonly #binaries = new Map<number, Binary>()
  readonly #waiting: Waiting[] = []
  #link: DataLink | null = null
  /** What ends the waiting for room. */
  #handleRoom: (() => void) | null = null
  #token: number
  #sending = false

  constructor (deliver: (data: string | ArrayBuffer) => void, abort: (why: string) => AdaptorError, random: () => number) {
    this.#deliver = deliver
    this.#abort = abort
    this.#token = Math.floor(random() * TOKENS)
  }

  attach (link: DataLink): void {
    this.#link = link
    void this.#send()
  }

  /** The connection is gone, and nobody knows what has come. */
  detach (): void {
    this.#link = null
    this.#binaries.clear()
    this.#handleRoom?.()
    for (const { reject, source } of this.#waiting.splice(0)) {
      const error = this.#abort('The data channel was closed.')
      source.cancel(error)
      reject(error)
    }
  }

  handleRoom (): void {
    this.#handleRoom?.()
  }

  /** Resolves when all of it is handed to the browser; such a client confirms nothing. */
  send (text: string | null, source: ByteSource, size: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, source, size, resolve, reject })
      void this.#send()
    })
  }

  receive (data: string | ArrayBuffer): void {
    if (typeof data === 'string' || data.byteLength < TOKEN_BYTES) return this.#deliver(data)
    const token = new Int32Array(data, 0, 1)[0] as number
    const binary = this.#binaries.get(token)
    if (binary !== undefined) return this.#take(token, binary, new Uint8Array(data, TOKEN_BYTES))
    // Of a client that knows no tokens.
    if (data.byteLength !== HEADER_BYTES) return this.#deliver(data)
    const size = new Int32Array(data, TOKEN_BYTES, 1)[0] as number
    if (size === 0) return this.#deliver(new ArrayBuffer(0))
    if (size > 0 && size <= MAX_MESSAGE_BYTES && this.#binaries.size < MAX_BINARIES) this.#binaries.set(token, { size, received: 0, chunks: [] })
  }

  #take (token: number, binary: Binary, bytes: Uint8Array): void {
    binary.received += bytes.byteLength
    binary.chunks.push(bytes)
    if (binary.received < binary.size) return
    this.#binaries.delete(token)
    if (binary.received === binary.size) this.#deliver(concatenated(binary.chunks, binary.size))
  }

  async #send (): Promise<void> {
    if (this.#sending) return
    this.#sending = true
    for (let next = this.#waiting[0]; next !== undefined && this.#link !== null; next = this.#waiting[0]) {
      try {
        await (next.text === null ? this.#sendBinary(next) : this.#sendText(next.text))
        next.resolve()
      } catch (error) {
        next.reject(error as Error)
      }
      if (this.#waiting[0] === next) this.#waiting.shift()
    }
    this.#sending = false
  }

  async #sendText (text: string): Promise<void> {
    const link = await this.#room()
    link.send(text)
  }

  async #sendBinary ({ source, size }: Waiting): Promise<void> {
    const token = this.#token = (this.#token + 1) % TOKENS
    const first = await this.#room()
    first.send(new Int32Array([token, size]).buffer)
    for (let bytes = await source.next(); bytes !== null; bytes = await source.next()) {
      for (let sent = 0; sent < bytes.byteLength; sent += CHUNK) {
        const chunk = bytes.subarray(sent, sent + CHUNK)
        const frame = new Uint8Array(TOKEN_BYTES + chunk.byteLength)
        frame.set(new Uint8Array(new Int32Array([token]).buffer))
        frame.set(chunk, TOKEN_BYTES)
        const link = await this.#room()
        // The binary began on another connection.
        if (link !== first) throw this.#abort('The data channel was closed.')
        link.send(frame.buffer)
      }
    }
  }

  /** The connection, once it takes more. */
  async #room (): Promise<DataLink> {
    for (;;) {
      const link = this.#link
      if (link === null) throw this.#abort('The data channel was closed.')
      if (link.hasRoom) return link
      await new Promise<void>(resolve => { this.#handleRoom = resolve })
      this.#handleRoom = null
    }
  }
}
