import type { AdaptorError } from '../base/client-errors.js'
import type { DataLink } from './data-link.js'
import type { ReceivedFile } from './data-types.js'
import { IncomingFile, IncomingMessage, type Incoming } from './incoming-transfer.js'
import { MAX_MESSAGE_BYTES, readBytesFrame, type TransferFrame, type TransferHead } from './transfer-frames.js'

/** Transfers that may come at once: more than a peer of this SDK begins (sending.ts). */
const MAX_TRANSFERS = 64
/** Ended transfers whose end is remembered: more than a peer may ask about after a new connection (sending.ts). */
const MAX_ENDED = 1_000

type Told = Extract<TransferFrame, { command: 'transfer' | 'transferEnd' | 'transferCancel' }>

export interface ReceivingEvents {
  room: () => string | null
  deliver: (data: string | ArrayBuffer) => void
  deliverFile: (file: ReceivedFile) => void
  abort: (why: string) => AdaptorError
}

/** All that the other side sends to this one. */
export class Receiving {
  readonly #events: ReceivingEvents
  readonly #transfers = new Map<number, Incoming>()
  /** How ended transfers ended; a sender whose connection broke may not know it. */
  readonly #ended = new Map<number, 'transferDone' | 'transferCancel'>()
  #link: DataLink | null = null

  constructor (events: ReceivingEvents) {
    this.#events = events
  }

  get size (): number {
    return this.#transfers.size
  }

  attach (link: DataLink): void {
    this.#link = link
  }

  detach (): void {
    this.#link = null
  }

  handle (frame: Told): void {
    const { number } = frame
    const transfer = this.#transfers.get(number)
    if (frame.command === 'transfer') {
      this.#handleHead(frame, transfer)
    } else if (transfer === undefined) {
      // It was cancelled here while this was under way.
    } else if (frame.command === 'transferCancel') {
      this.#end(number, 'transferCancel')
      transfer.fail(this.#events.abort('The other side has cancelled the transfer.'))
    } else if (frame.bytes !== transfer.received || (transfer.head.size ?? frame.bytes) !== frame.bytes) {
      this.#refuse(number)
    } else {
      this.#end(number, 'transferDone')
      transfer.end()
      this.#link?.tell({ command: 'transferDone', number })
    }
  }

  handleBytes (data: ArrayBuffer): void {
    const frame = readBytesFrame(data)
    const transfer = frame === null ? undefined : this.#transfers.get(frame.number)
    if (frame !== null && transfer !== undefined && !transfer.take(frame.bytes)) this.#refuse(frame.number)
  }

  /** Ends what the other side does not send any more: its cancelling was lost with a connection. */
  keep (active: readonly number[]): void {
    for (const [number, transfer] of [...this.#transfers]) {
      if (active.includes(number)) continue
      this.#transfers.delete(number)
      transfer.fail(this.#events.abort('The other side has cancelled the transfer.'))
    }
  }

  /** Ends everything; the next peer counts from the beginning. */
  fail (error: Error): void {
    const transfers = [...this.#transfers.values()]
    this.#transfers.clear()
    this.#ended.clear()
    for (const transfer of transfers) transfer.fail(error)
  }

  #handleHead (head: TransferHead & { again: boolean }, transfer: Incoming | undefined): void {
    const { number, kind, size } = head
    const ended = this.#ended.get(number)
    if (ended !== undefined) {
      this.#answer(number, ended)
    } else if (transfer !== undefined) {
      // What was told last may have been lost, and it is told in steps.
      this.#link?.tell({ command: 'transferAck', number, bytes: transfer.acked })
      this.#link?.tell({ command: 'transferAt', number, bytes: transfer.received })
    } else if (this.#transfers.size >= MAX_TRANSFERS || (kind !== 'file' && (size ?? Infinity) > MAX_MESSAGE_BYTES)) {
      this.#refuse(number)
    } else {
      this.#begin(head)
      if (head.again) this.#link?.tell({ command: 'transferAt', number, bytes: 0 })
    }
  }

  #begin (head: TransferHead): void {
    const { number } = head
    const ack = (bytes: number) => this.#link?.tell({ command: 'transferAck', number, bytes })
    if (head.kind !== 'file') {
      this.#transfers.set(number, new IncomingMessage(head, { ack }, this.#events.deliver))
      return
    }
    // A file of an earlier peer may still be read; it speaks for itself alone.
    const cancel = () => { if (this.#transfers.get(number) === file) this.#refuse(number) }
    const own = (bytes: number) => { if (this.#transfers.get(number) === file) ack(bytes) }
    const file: IncomingFile = new IncomingFile(head, this.#events.room(), { ack: own, cancel })
    this.#transfers.set(number, file)
    this.#events.deliverFile(file)
  }

  /** Takes no more of a transfer. */
  #refuse (number: number): void {
    const transfer = this.#transfers.get(number)
    this.#end(number, 'transferCancel')
    this.#answer(number, 'transferCancel')
    transfer?.fail(this.#events.abort('The transfer was cancelled.'))
  }

  #answer (number: number, command: 'transferDone' | 'transferCancel'): void {
    this.#link?.tell(command === 'transferDone' ? { command, number } : { command, number, mine: false })
  }

  #end (number: number, how: 'transferDone' | 'transferCancel'): void {
    this.#transfers.delete(number)
    this.#ended.set(number, how)
    if (this.#ended.size <= MAX_ENDED) return
    const [oldest] = this.#ended.keys()
    this.#ended.delete(oldest as number)
  }
}
