import type { Backplane, BackplaneListener } from '../rooms/backplane.js'
import type { Clock } from '../rooms/clock.js'
import { StreamOutbox, type StreamClient } from './stream-outbox.js'

export interface RedisBackplaneOptions {
  /** Its connection is never blocked. Both resend what was not answered, and give nothing up: `maxRetriesPerRequest: null`. */
  writer: StreamClient
  /** A connection of its own, which waits for messages. */
  reader: StreamClient
  prefix: string
  /** This server's id: new each time that it starts, so that its stream begins empty. */
  server: string
  /** How many characters may wait for one other server, until frames of peers are dropped. */
  maxWaiting: number
  /** For how long, in ms, messages stay for a server that does not read them. */
  keepFor: number
  /** How long, in ms, Redis may take to answer. */
  timeout: number
  /** How long, in ms, it waits for a message before it asks again: no connection is silent for longer. @default 5_000 */
  blockFor?: number
  clock: Clock
  received: BackplaneListener
  failed (error: unknown): void
  /** The reader has no answer in time: its connection may be cut somewhere on its way, and look as if it were open. */
  stuck (): void
}

/** How many times as much may wait until what servers say is dropped too. */
const MORE = 4

/** Most entries that are read at once. */
const READ_AT_ONCE = 100

/** In ms. Proxies and address translators on the way forget a connection that is silent for some minutes, and tell nobody. */
const BLOCK_FOR = 5_000

/** In ms. */
const RETRY_AFTER = 1_000

/**
 * Carries messages between servers by Redis: one stream for each server, to which the others add and which it alone reads and trims.
 * After a lost connection it reads on from where it stopped.
 */
export class RedisBackplane implements Backplane {
  readonly #options: RedisBackplaneOptions
  readonly #outboxes = new Map<string, StreamOutbox>()
  /** The number of the last entry of each other server: an entry that was added twice, since its answer was lost, counts once. */
  readonly #seen = new Map<string, number>()
  #last = '0'
  #retry: unknown = null
  #late: unknown = null
  #closed = false

  constructor (options: RedisBackplaneOptions) {
    this.#options = options
    void this.#read()
  }

  send (to: string, message: string, isFrame = false): boolean {
    if (this.#closed) return false
    const { writer, prefix, server, maxWaiting, keepFor, clock, failed } = this.#options
    let outbox = this.#outboxes.get(to)
    if (outbox === undefined) {
      outbox = new StreamOutbox({ client: writer, stream: `${prefix}to:${to}`, from: server, keepFor, clock, failed })
      this.#outboxes.set(to, outbox)
    }
    return outbox.add(message, isFrame ? maxWaiting : MORE * maxWaiting)
  }

  async written (): Promise<void> {
    await Promise.all([...this.#outboxes.values()].map(async outbox => outbox.written()))
  }

  /** Whoever made the clients ends them: that ends the read that waits. */
  close (): void {
    this.#closed = true
    this.#options.clock.cancel(this.#retry)
    this.#options.clock.cancel(this.#late)
    for (const outbox of this.#outboxes.values()) outbox.close()
  }

  async #read (): Promise<void> {
    const { writer, prefix, server, clock, failed } = this.#options
    const stream = `${prefix}to:${server}`
    try {
      while (!this.#closed) {
        const entries = entriesIn(await this.#next(stream))
        for (const [id, fields] of entries) {
          this.#last = id
          this.#take(fields)
        }
        if (entries.length === 0 || this.#closed) continue
        // Not waited for: what is trimmed later costs memory alone.
        writer.call('XTRIM', stream, 'MINID', this.#last).catch((error: unknown) => { if (!this.#closed) failed(error) })
      }
    } catch (error) {
      if (this.#closed) return
      failed(error)
      this.#retry = clock.after(RETRY_AFTER, () => { void this.#read() })
    }
  }

  /** Waits for a message, but not for long. */
  async #next (stream: string): Promise<unknown> {
    const { reader, clock, timeout, stuck, blockFor = BLOCK_FOR } = this.#options
    // Again and again: what has no answer is sent once more on the next connection.
    const lookLater = (): void => {
      this.#late = clock.after(blockFor + timeout, () => {
        stuck()
        lookLater()
      })
    }
    lookLater()
    try {
      return await reader.call('XREAD', 'COUNT', String(READ_AT_ONCE), 'BLOCK', String(blockFor), 'STREAMS', stream, this.#last)
    } finally {
      clock.cancel(this.#late)
    }
  }

  #take (fields: readonly string[]): void {
    const [, from = '', , number = ''] = fields
    if (Number(number) <= (this.#seen.get(from) ?? 0)) return
    this.#seen.set(from, Number(number))
    for (let i = 5; i < fields.length && !this.#closed; i += 2) {
      try {
        this.#options.received(from, fields[i] ?? '')
      } catch (error) {
        // One message that cannot be taken must not cost those behind it.
        this.#options.failed(error)
      }
    }
  }
}

type StreamEntry = [id: string, fields: string[]]

/** The entries of the one stream that was read. By Redis's protocol 2, as ioredis 5 speaks it, streams are a list; by 3 a map, which ioredis 6 makes flat. */
function entriesIn (reply: unknown): StreamEntry[] {
  if (!Array.isArray(reply)) return []
  const [first, entries] = reply as [unknown, unknown]
  return (Array.isArray(first) ? first[1] : entries) as StreamEntry[]
}
