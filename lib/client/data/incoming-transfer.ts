import { guarded } from '../base/emitter.js'
import type { ReceivedFile, TransferProgress } from './data-types.js'
import { concatenated, WINDOW, type TransferHead } from './transfer-frames.js'

/** How many bytes are taken before the sender is told. */
const ACK_STEP = WINDOW / 4

/** What comes in one transfer. */
export interface Incoming {
  readonly head: TransferHead
  readonly received: number
  /** What the sender was last told to be taken. */
  readonly acked: number
  /** Takes the next bytes. Returns whether they may come. */
  take (bytes: Uint8Array<ArrayBuffer>): boolean
  /** All of it has come. */
  end (): void
  fail (error: Error): void
}

/** What a transfer tells its sender. */
export interface IncomingEvents {
  ack: (bytes: number) => void
}

/** A text or a binary, put together in memory. */
export class IncomingMessage implements Incoming {
  readonly head: TransferHead
  readonly #events: IncomingEvents
  readonly #deliver: (data: string | ArrayBuffer) => void
  readonly #chunks: Uint8Array[] = []
  received = 0
  acked = 0

  constructor (head: TransferHead, events: IncomingEvents, deliver: (data: string | ArrayBuffer) => void) {
    this.head = head
    this.#events = events
    this.#deliver = deliver
  }

  take (bytes: Uint8Array<ArrayBuffer>): boolean {
    this.received += bytes.byteLength
    if (this.received > (this.head.size ?? 0)) return false
    this.#chunks.push(bytes)
    if (this.received - this.acked >= ACK_STEP) this.#events.ack(this.acked = this.received)
    return true
  }

  end (): void {
    const bytes = concatenated(this.#chunks, this.received)
    this.#deliver(this.head.kind === 'text' ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) : bytes)
  }

  fail (): void {
    this.#chunks.length = 0
  }
}

/** A file, whose bytes wait in its stream. What waits there is not told as taken, so that the sender waits too. */
export class IncomingFile implements Incoming, ReceivedFile {
  readonly head: TransferHead
  readonly streamId: string | null
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>
  onprogress: ((progress: TransferProgress) => void) | null = null
  received = 0
  acked = 0
  readonly #events: IncomingEvents & { cancel: () => void }
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>
  #ended = false

  constructor (head: TransferHead, streamId: string | null, events: IncomingEvents & { cancel: () => void }) {
    this.head = head
    this.streamId = streamId
    this.#events = events
    this.stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: controller => { this.#controller = controller },
      // Called after each read, since the sender never fills the stream beyond its window.
      pull: () => this.#acknowledge(),
      cancel: () => {
        this.#ended = true
        events.cancel()
      }
    }, { highWaterMark: WINDOW + 1, size: ({ byteLength }) => byteLength })
  }

  get name (): string {
    return this.head.name
  }

  get type (): string {
    return this.head.type
  }

  get size (): number | null {
    return this.head.size
  }

  take (bytes: Uint8Array<ArrayBuffer>): boolean {
    if (this.#ended) return true
    this.received += bytes.byteLength
    const { size } = this
    if (this.received > (size ?? Infinity) || this.received - this.acked > 2 * WINDOW) return false
    this.#controller.enqueue(bytes)
    const { received } = this
    guarded(() => this.onprogress?.({ bytes: received, size }))
    return true
  }

  end (): void {
    if (this.#ended) return
    this.#ended = true
    this.#controller.close()
  }

  fail (error: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.#controller.error(error)
  }

  cancel (): void {
    if (this.#ended) return
    this.#events.cancel()
  }

  #acknowledge (): void {
    const waiting = WINDOW + 1 - (this.#controller.desiredSize ?? 0)
    const taken = this.received - waiting
    if (!this.#ended && taken - this.acked >= ACK_STEP) this.#events.ack(this.acked = taken)
  }
}
