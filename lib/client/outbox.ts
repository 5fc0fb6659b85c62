import type { RelayedMessage } from '../protocol/client-messages.js'

/**
 * A message to the other peer. Beside the wire's own fields it may bear ours, which the server relays
 * untouched and other SDKs overlook.
 */
export type Outgoing = RelayedMessage & { session?: string }

interface Entry {
  text: string
  application: boolean
  session: string | undefined
}

/** How many messages, and how many characters of them, wait for the connection at most. */
const MAX_ENTRIES = 1000
const MAX_SIZE = 2 ** 20

/** So many messages on their way, and the server is asked how far it is. */
const ASK_AFTER = 64

/**
 * The messages of one seat that the server may not have got. It counts what it processed since the seat was
 * taken; after a resumption each of the others is sent once, in order, before anything new.
 */
export class Outbox {
  /** How many of the messages on this seat are known to be processed. */
  #acknowledged = 0
  #sent: Entry[] = []
  #waiting: Entry[] = []
  /** How many had been sent at each `ping` that is not answered yet. */
  #marks: number[] = []

  /** How many messages were sent on this seat. */
  get count (): number {
    return this.#acknowledged + this.#sent.length
  }

  /** Whether it is time to ask how far the server is, so that what it has can be forgotten here. */
  get wantsPing (): boolean {
    return this.#sent.length >= ASK_AFTER && this.#marks.length === 0
  }

  get size (): number {
    let size = 0
    for (const entry of this.#sent) size += entry.text.length
    for (const entry of this.#waiting) size += entry.text.length
    return size
  }

  /** Whether a message of the application is among those that the server may not have got. */
  get holdsApplicationMessage (): boolean {
    return this.#sent.some(entry => entry.application)
  }

  /** Takes a message; `false` where there is no room for it. */
  add (message: Outgoing): boolean {
    const text = JSON.stringify(message)
    if (this.#sent.length + this.#waiting.length >= MAX_ENTRIES || this.size + text.length > MAX_SIZE) return false
    this.#waiting.push({ text, application: message.command === 'peerMessageCommand', session: message.session })
    return true
  }

  /** Hands each message that waits to `send`, until that says `false`. */
  flush (send: (text: string) => boolean): void {
    for (let entry = this.#waiting[0]; entry !== undefined && send(entry.text); entry = this.#waiting[0]) {
      this.#waiting.shift()
      this.#sent.push(entry)
    }
  }

  handlePing (): void {
    this.#marks.push(this.count)
  }

  /** Answers come in the order of what was sent: all that went before that `ping` was processed. */
  handlePong (): void {
    this.acknowledge(this.#marks.shift() ?? 0)
  }

  /** The connection is lost, and with it the answers. */
  handleLoss (): void {
    this.#marks = []
  }

  /** The server has processed `count` messages of this seat. */
  acknowledge (count: number): void {
    const known = Math.min(Math.max(count - this.#acknowledged, 0), this.#sent.length)
    this.#sent.splice(0, known)
    this.#acknowledged += known
  }

  /** The seat was taken back by another connection: what the server did not get goes out again. */
  resume (count: number): void {
    this.acknowledge(count)
    this.#waiting.unshift(...this.#sent)
    this.#sent = []
  }

  /**
   * A new seat: descriptions and candidates belonged to the old one. What the application said while away
   * is still worth saying; what may have arrived is not said twice.
   */
  renew (): void {
    this.#begin()
    this.#waiting = this.#waiting.filter(entry => entry.application)
  }

  /** Forgets what waits for a peer connection that is no more. */
  forget (session: string): void {
    this.#waiting = this.#waiting.filter(entry => entry.session !== session)
  }

  /** Drops the largest message that the server may have refused to take (close code 1009). */
  dropLargest (): void {
    const largest = [...this.#sent, ...this.#waiting].reduce<Entry | null>(
      (found, entry) => found !== null && found.text.length >= entry.text.length ? found : entry, null)
    this.#sent = this.#sent.filter(entry => entry !== largest)
    this.#waiting = this.#waiting.filter(entry => entry !== largest)
  }

  clear (): void {
    this.#begin()
    this.#waiting = []
  }

  #begin (): void {
    this.#acknowledged = 0
    this.#sent = []
    // A `ping` that is still to be answered says nothing about another seat.
    this.#marks = this.#marks.map(() => 0)
  }
}
