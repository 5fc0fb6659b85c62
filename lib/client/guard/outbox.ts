import type { Deferred } from '../base/deferred.js'
import type { AdaptorError } from '../base/client-errors.js'
import type { Outgoing } from '../signalling/early-sender.js'
import { byteLength } from '../signalling/frames.js'

/**
 * A message that waits to be sent, or was sent and is not confirmed.
 *
 * @internal
 */
export interface OutboxEntry {
  text: string
  /** The length of `text` in UTF-8, in which it is sent. */
  bytes: number
  /** Messages of the call are sent before those of the application, so that a long chat does not delay an offer or a candidate. */
  kind: 'application' | 'call'
  /** The session of the call that the message belongs to, if any. */
  session: string | undefined
  /** Resolved when the message is sent, rejected if it is given up before. Null if nobody waits for that, or once it is sent. */
  sent: Deferred<void> | null
}

/** The most messages that are kept until the server confirms them. */
const MAX_ENTRIES = 10_000
/** The most bytes that these messages may have together. */
const MAX_SIZE = 2 ** 22

/** The number of unconfirmed messages from which on the server is sent a `ping`, to find out how many it has handled. */
const ASK_AFTER = 64

/**
 * The messages of one seat that the server may not have received. The server counts the messages that it has handled since the seat was
 * taken, and tells the number after a resumption. Each later message is then sent once more, in order, before any new one.
 */
export class Outbox {
  /** How many messages of this seat the server is known to have handled. */
  #acknowledged = 0
  #sent: OutboxEntry[] = []
  /** Messages to be sent. Each kind keeps its order. */
  readonly #waiting: Record<OutboxEntry['kind'], OutboxEntry[]> = { call: [], application: [] }
  /** How many bytes all kept messages have together. */
  #size = 0
  /** How many messages had been sent at each `ping` that is not answered yet. */
  #marks: number[] = []

  /** How many messages have been sent on this seat. */
  get count (): number {
    return this.#acknowledged + this.#sent.length
  }

  /** Whether it is time for a `ping`: its answer confirms messages, which then need not be kept any longer. */
  get wantsPing (): boolean {
    return this.#sent.length >= ASK_AFTER && this.#marks.length === 0
  }

  /** Whether a message of the application was sent and is not confirmed. */
  get holdsApplicationMessage (): boolean {
    return this.#sent.some(entry => entry.kind === 'application')
  }

  /**
   * Adds a message.
   *
   * @param sent resolved when the message is sent, rejected if it is given up before
   * @param max the most bytes that the server takes in one message
   * @returns `tooLarge`, if the message has more than `max` bytes, and `full`, if too much is kept already; both are not added
   * @throws TypeError if the message cannot be written as JSON
   */
  add (message: Outgoing, sent: Deferred<void> | null = null, max = Infinity): 'added' | 'tooLarge' | 'full' {
    const text = JSON.stringify(message)
    const bytes = byteLength(text)
    if (bytes > max) return 'tooLarge'
    const { call, application } = this.#waiting
    if (this.#sent.length + call.length + application.length >= MAX_ENTRIES || this.#size + bytes > MAX_SIZE) return 'full'
    const kind = message.command === 'peerMessageCommand' ? 'application' : 'call'
    this.#waiting[kind].push({ text, bytes, kind, session: message.session, sent })
    this.#size += bytes
    return 'added'
  }

  /**
   * Sends waiting messages: those of the call first, then those of the application.
   *
   * @param send sends one message, or returns false to stop here
   * @param all false to leave the messages of the application waiting
   */
  flush (send: (entry: OutboxEntry) => boolean, all = true): void {
    if (this.#flushWaiting('call', send) && all) this.#flushWaiting('application', send)
  }

  /**
   * Gives up waiting messages. The promise of each is rejected.
   *
   * @param why returns the reason to give up a message, or null to keep it
   * @returns the reasons, one for each message that was given up
   */
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

  /** A `ping` is sent. */
  handlePing (): void {
    this.#marks.push(this.count)
  }

  /** A `pong` has arrived. The server answers in order, so it has handled everything that was sent before that `ping`. */
  handlePong (): void {
    this.acknowledge(this.#marks.shift() ?? 0)
  }

  /** The connection is lost. Its pings will not be answered. */
  handleLoss (): void {
    this.#marks = []
  }

  /** The server has handled `count` messages of this seat. */
  acknowledge (count: number): void {
    const known = Math.min(Math.max(count - this.#acknowledged, 0), this.#sent.length)
    for (const entry of this.#sent.splice(0, known)) this.#size -= entry.bytes
    this.#acknowledged += known
  }

  /** The seat was resumed on another connection. What the server has not received is to be sent again, after the first `count` messages. */
  resume (count: number): void {
    this.acknowledge(count)
    for (const kind of ['call', 'application'] as const) {
      this.#waiting[kind] = [...this.#sent.filter(entry => entry.kind === kind), ...this.#waiting[kind]]
    }
    this.#sent = []
  }

  /**
   * A new seat was taken. Messages of the call belonged to the old seat and are dropped. Messages of the application that wait are kept.
   * Those that were sent are dropped, because they may have arrived.
   */
  renew (): void {
    this.#begin()
    this.#keep(() => false, 'call')
  }

  /** Drops the waiting messages of a session that has ended. */
  forget (session: string): void {
    this.#keep(entry => entry.session !== session, 'call')
  }

  /**
   * Drops the largest message. The server has closed the connection with 1009 because of one of them, and would do so again.
   *
   * @param reason rejects the promise of the message, if it was not sent yet
   */
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

  /** Drops everything. The promises of messages that were not sent are rejected. */
  clear (reason: AdaptorError): void {
    this.#begin()
    this.giveUp(() => reason)
  }

  /** @returns whether none is left */
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
    // The answer to a `ping` of the old seat confirms nothing of the new one.
    this.#marks = this.#marks.map(() => 0)
  }
}
