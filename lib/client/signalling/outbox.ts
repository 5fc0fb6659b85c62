import type { RelayedMessage } from '../../protocol/client-messages.js'
import type { Deferred } from '../base/deferred.js'
import { AdaptorError } from '../base/client-errors.js'
import { byteLength } from './frames.js'

/**
 * A message to the other peer. Beside the wire's own fields it may bear ours, which the server relays
 * untouched and other SDKs overlook.
 */
export type Outgoing = RelayedMessage & { session?: string }

/** A message that waits or is on its way. */
export interface OutboxEntry {
  text: string
  /** As UTF-8, in which it is sent. */
  bytes: number
  /** Those of the application wait behind those of the call, which must not come late because somebody writes much. */
  kind: 'application' | 'call'
  session: string | undefined
  /** Told when it is sent, or given up before. */
  sent: Deferred<void> | null
}

/** How many messages, and how many bytes of them, are kept at most until the server has them. */
const MAX_ENTRIES = 10_000
const MAX_SIZE = 2 ** 22

/** The server would refuse it, and close the connection (1009). */
export function tooLarge (streamId?: string): AdaptorError {
  return new AdaptorError('tooLarge', 'A message was larger than the server takes, and was dropped.', { streamId })
}

/** So many messages on their way, and the server is asked how far it is. */
const ASK_AFTER = 64

/**
 * The messages of one seat that the server may not have got. It counts what it processed since the seat was
 * taken; after a resumption each of the others is sent once, in order, before anything new.
 */
export class Outbox {
  /** How many of the messages on this seat are known to be processed. */
  #acknowledged = 0
  #sent: OutboxEntry[] = []
  /** Each kind keeps its order. */
  readonly #waiting: Record<OutboxEntry['kind'], OutboxEntry[]> = { call: [], application: [] }
  #size = 0
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

  /** Whether a message of the application is among those that the server may not have got. */
  get holdsApplicationMessage (): boolean {
    return this.#sent.some(entry => entry.kind === 'application')
  }

  /** Takes a message; `false` where there is no room for it. Throws `tooLarge` for more than `max` bytes, a TypeError for what is no JSON. */
  add (message: Outgoing, sent: Deferred<void> | null = null, max = Infinity): boolean {
    const text = JSON.stringify(message)
    const bytes = byteLength(text)
    if (bytes > max) throw tooLarge(message.streamId)
    const { call, application } = this.#waiting
    if (this.#sent.length + call.length + application.length >= MAX_ENTRIES || this.#size + bytes > MAX_SIZE) return false
    const kind = message.command === 'peerMessageCommand' ? 'application' : 'call'
    this.#waiting[kind].push({ text, bytes, kind, session: message.session, sent })
    this.#size += bytes
    return true
  }

  /** Hands each message that waits to `send`, until that says `false`; those of the call first, and those of the application only where `all` may go. */
  flush (send: (entry: OutboxEntry) => boolean, all = true): void {
    if (this.#flushWaiting('call', send) && all) this.#flushWaiting('application', send)
  }

  /** Gives up the messages that wait and for which `why` finds a reason, and returns those reasons. */
  giveUp (why: (entry: OutboxEntry) => AdaptorError | null): AdaptorError[] {
    const reasons: AdaptorError[] = []
    for (const kind of ['call', 'application'] as const) {
      this.#waiting[kind] = this.#waiting[kind].filter(entry => {
        const reason = why(entry)
        if (reason === null) return true
        reasons.push(reason)
        entry.sent?.reject(reason)
        this.#size -= entry.bytes
        return false
      })
    }
    return reasons
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
    for (const entry of this.#sent.splice(0, known)) this.#size -= entry.bytes
    this.#acknowledged += known
  }

  /** The seat was taken back by another connection: what the server did not get goes out again. */
  resume (count: number): void {
    this.acknowledge(count)
    for (const kind of ['call', 'application'] as const) {
      this.#waiting[kind] = [...this.#sent.filter(entry => entry.kind === kind), ...this.#waiting[kind]]
    }
    this.#sent = []
  }

  /**
   * A new seat: descriptions and candidates belonged to the old one. What the application said while away
   * is still worth saying; what may have arrived is not said twice.
   */
  renew (): void {
    this.#begin()
    this.#keep(() => false, 'call')
  }

  /** Forgets what waits for a peer connection that is no more. */
  forget (session: string): void {
    this.#keep(entry => entry.session !== session, 'call')
  }

  /** Drops the largest message that the server may have refused to take (close code 1009). */
  dropLargest (reason: AdaptorError): void {
    const { call, application } = this.#waiting
    const largest = [...this.#sent, ...call, ...application].reduce<OutboxEntry | null>(
      (found, entry) => found !== null && found.bytes >= entry.bytes ? found : entry, null)
    if (largest === null) return
    if (this.#sent.includes(largest)) {
      this.#sent = this.#sent.filter(entry => entry !== largest)
      this.#size -= largest.bytes
    } else {
      this.giveUp(entry => entry === largest ? reason : null)
    }
  }

  /** Forgets everything; what was not sent is told the reason. */
  clear (reason: AdaptorError): void {
    this.#begin()
    this.giveUp(() => reason)
  }

  #flushWaiting (kind: OutboxEntry['kind'], send: (entry: OutboxEntry) => boolean): boolean {
    const waiting = this.#waiting[kind]
    let gone = 0
    for (const entry of waiting) {
      if (!send(entry)) break
      gone++
      this.#sent.push(entry)
      entry.sent?.resolve()
      entry.sent = null
    }
    waiting.splice(0, gone)
    return waiting.length === 0
  }

  #keep (wanted: (entry: OutboxEntry) => boolean, kind: OutboxEntry['kind']): void {
    this.#waiting[kind] = this.#waiting[kind].filter(entry => {
      if (wanted(entry)) return true
      this.#size -= entry.bytes
      return false
    })
  }

  #begin (): void {
    this.#acknowledged = 0
    for (const entry of this.#sent.splice(0)) this.#size -= entry.bytes
    // A `ping` that is still to be answered says nothing about another seat.
    this.#marks = this.#marks.map(() => 0)
  }
}
