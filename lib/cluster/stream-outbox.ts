import type { Clock } from '../rooms/clock.js'

/** What is asked of a Redis client: ioredis's `call`, which takes any command. */
export interface StreamClient {
  call (command: string, ...args: string[]): Promise<unknown>
}

/** Most messages in one entry. */
const MESSAGES_AT_ONCE = 500

/** Bounds what a server that is gone can cost: entries, about. */
const MAX_ENTRIES = 10_000

/** In ms. */
const RETRY_AFTER = 1_000

export interface OutboxOptions {
  client: StreamClient
  stream: string
  /** This server's id. */
  from: string
  /** For how long, in ms, the stream stays after the last entry. */
  keepFor: number
  clock: Clock
  failed (error: unknown): void
}

/**
 * What waits for one other server. It goes out in order, one entry at a time: all messages of a turn, and all that come while an entry
 * is on its way, share the next one.
 */
export class StreamOutbox {
  readonly #options: OutboxOptions
  #messages: string[] = []
  #waiting = 0
  #number = 0
  /** Since when it is known that the stream ends by itself. */
  #keptSince = -Infinity
  #retry: unknown = null
  #running = false
  /** How many messages were added, and how many of them are written. */
  #added = 0
  #written = 0
  #whenWritten: Array<{ count: number, tell: () => void }> = []
  #closed = false

  constructor (options: OutboxOptions) {
    this.#options = options
  }

  /**
   * @param most how many characters may wait, this message included
   * @returns false where more would wait
   */
  add (message: string, most: number): boolean {
    if (this.#closed || this.#waiting + message.length > most) return false
    this.#messages.push(message)
    this.#added++
    this.#waiting += message.length
    if (!this.#running) {
      this.#running = true
      setImmediate(() => { void this.#run() })
    }
    return true
  }

  /** Resolves when what was added so far is written, or it is closed. What is added later is not waited for. */
  async written (): Promise<void> {
    const count = this.#added
    if (count > this.#written && !this.#closed) await new Promise<void>(resolve => this.#whenWritten.push({ count, tell: resolve }))
  }

  close (): void {
    this.#closed = true
    this.#messages = []
    this.#options.clock.cancel(this.#retry)
    for (const { tell } of this.#whenWritten.splice(0)) tell()
  }

  async #run (): Promise<void> {
    while (this.#messages.length > 0) {
      const batch = this.#messages.splice(0, MESSAGES_AT_ONCE)
      const fields = ['from', this.#options.from, 'n', String(++this.#number)]
      for (const message of batch) fields.push('m', message)
      // Again under the same number, or what comes behind it would overtake it.
      while (!await this.#write(fields)) await this.#pause()
      for (const message of batch) this.#waiting -= message.length
      this.#written += batch.length
      while ((this.#whenWritten[0]?.count ?? Infinity) <= this.#written) this.#whenWritten.shift()?.tell()
    }
    this.#running = false
  }

  async #write (fields: readonly string[]): Promise<boolean> {
    const { client, stream, failed } = this.#options
    try {
      await client.call('XADD', stream, 'MAXLEN', '~', String(MAX_ENTRIES), '*', ...fields)
      this.#keep()
      return true
    } catch (error) {
      if (this.#closed) return true
      failed(error)
      return false
    }
  }

  /** Now and then, so that a stream that nobody reads any more does not stay. It is not waited for: the next time is soon enough. */
  #keep (): void {
    const { client, stream, keepFor, clock } = this.#options
    const now = clock.now()
    if (now - this.#keptSince < keepFor / 10) return
    this.#keptSince = now
    client.call('PEXPIRE', stream, String(keepFor)).catch(() => { this.#keptSince = -Infinity })
  }

  async #pause (): Promise<void> {
    await new Promise<void>(resolve => { this.#retry = this.#options.clock.after(RETRY_AFTER, resolve) })
  }
}
