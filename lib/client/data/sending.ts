import type { AdaptorError } from '../base/client-errors.js'
import type { ByteSource } from './byte-source.js'
import type { DataLink } from './data-link.js'
import type { TransferProgress } from './data-types.js'
import { OutgoingTransfer } from './outgoing-transfer.js'
import type { TransferFrame, TransferHead } from './transfer-frames.js'

/** Messages that may be sent before the first of them is confirmed. The receiver remembers more than that (receiving.ts). */
const MAX_UNCONFIRMED = 256
/** Files that are sent at once; others wait. */
const MAX_FILES = 32

type Answer = Extract<TransferFrame, { command: 'transferAt' | 'transferAck' | 'transferDone' | 'transferCancel' }>

/** All that this side sends to the other one: messages one after the other, files beside them and beside each other. */
export class Sending {
  readonly #abort: (why: string) => AdaptorError
  /** Those that the other side has been told of. */
  readonly #active = new Map<number, OutgoingTransfer>()
  #waitingMessages: OutgoingTransfer[] = []
  #waitingFiles: OutgoingTransfer[] = []
  #link: DataLink | null = null
  #count = 0
  /** The transfer that sent last. */
  #last = -1

  constructor (abort: (why: string) => AdaptorError) {
    this.#abort = abort
  }

  /** The transfers that the other side has been told of. */
  get active (): number[] {
    return [...this.#active.keys()]
  }

  get size (): number {
    return this.#all().length
  }

  add (head: Omit<TransferHead, 'number'>, source: ByteSource, onProgress?: (progress: TransferProgress) => void): OutgoingTransfer {
    const number = this.#count++
    const transfer = new OutgoingTransfer({ ...head, number }, source, {
      handleChange: () => this.send(),
      handleFailure: error => this.cancel(number, error as Error),
      onProgress
    })
    const waiting = head.kind === 'file' ? this.#waitingFiles : this.#waitingMessages
    waiting.push(transfer)
    this.send()
    return transfer
  }

  /** Ends a transfer from this side. */
  cancel (number: number, reason: Error): void {
    const transfer = this.#all().find(({ head }) => head.number === number)
    if (transfer === undefined) return
    if (this.#active.has(number)) this.#link?.tell({ command: 'transferCancel', number, mine: true })
    this.#end(transfer, reason)
  }

  /** Sends over this connection from now on; what has begun on another one goes on. */
  attach (link: DataLink): void {
    this.#link = link
    for (const transfer of this.#active.values()) {
      transfer.suspend()
      link.tell({ command: 'transfer', ...transfer.head, again: true })
    }
    this.send()
  }

  detach (): void {
    this.#link = null
  }

  /** Sends for as long as the connection has room. */
  send (): void {
    const link = this.#link
    while (link?.hasRoom === true) {
      const transfer = this.#next(link)
      if (transfer === undefined) return
      const { number } = transfer.head
      this.#last = number
      const bytes = transfer.take(link.maxBytes)
      if (typeof bytes === 'number') link.tell({ command: 'transferEnd', number, bytes })
      else link.sendBytes(number, bytes)
    }
  }

  handle (frame: Answer): void {
    const transfer = this.#active.get(frame.number)
    if (transfer === undefined) return
    switch (frame.command) {
      case 'transferDone':
        this.#active.delete(frame.number)
        transfer.handleDone()
        break
      case 'transferCancel':
        this.#end(transfer, this.#abort('The other side has cancelled the transfer.'))
        break
      case 'transferAck':
      case 'transferAt':
        if (!(frame.command === 'transferAck' ? transfer.handleAck(frame.bytes) : transfer.resume(frame.bytes))) {
          this.cancel(frame.number, this.#abort('The other side goes on from where it cannot be.'))
        }
    }
    this.send()
  }

  /** Ends all transfers. */
  fail (error: Error): void {
    const all = this.#all()
    this.#active.clear()
    this.#waitingMessages = []
    this.#waitingFiles = []
    for (const transfer of all) transfer.fail(error)
  }

  #all (): OutgoingTransfer[] {
    return [...this.#active.values(), ...this.#waitingMessages, ...this.#waitingFiles]
  }

  #end (transfer: OutgoingTransfer, error: Error): void {
    this.#active.delete(transfer.head.number)
    this.#waitingMessages = this.#waitingMessages.filter(waiting => waiting !== transfer)
    this.#waitingFiles = this.#waitingFiles.filter(waiting => waiting !== transfer)
    transfer.fail(error)
  }

  /** Whose turn it is: the next file or the first message that is not sent yet, in turn. Begins what may begin. */
  #next (link: DataLink): OutgoingTransfer | undefined {
    const active = [...this.#active.values()]
    const files = active.filter(({ head }) => head.kind === 'file')
    let message = active.find(({ head, written }) => head.kind !== 'file' && !written)
    if (message === undefined && active.length - files.length < MAX_UNCONFIRMED) message = this.#begin(link, this.#waitingMessages.shift())
    if (files.length < MAX_FILES) {
      const file = this.#begin(link, this.#waitingFiles.shift())
      if (file !== undefined) files.push(file)
    }
    const able = [...files, ...message === undefined ? [] : [message]].filter(({ writable }) => writable)
    return able.find(({ head }) => head.number > this.#last) ?? able[0]
  }

  #begin (link: DataLink, transfer: OutgoingTransfer | undefined): OutgoingTransfer | undefined {
    if (transfer === undefined) return
    this.#active.set(transfer.head.number, transfer)
    link.tell({ command: 'transfer', ...transfer.head, again: false })
    transfer.fill()
    return transfer
  }
}
