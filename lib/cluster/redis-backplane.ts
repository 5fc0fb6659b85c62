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
  /** How many characters may wait for one other server. */
  maxWaiting: number
  clock: Clock
  received: BackplaneListener
  failed (error: unknown): void
}

/** Most entries that are read at once. */
const READ_AT_ONCE = 100

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
  #closed = false

  constructor (options: RedisBackplaneOptions) {
    this.#options = options
    void this.#read()
  }

  send (to: string, message: string): boolean {
    if (this.#closed) return false
    const { writer, prefix, server, maxWaiting, clock, failed } = this.#options
    let outbox = this.#outboxes.get(to)
    if (outbox === undefined) {
      outbox = new StreamOutbox({ client: writer, stream: `${prefix}to:${to}`, from: server, maxWaiting, clock, failed })
      this.#outboxes.set(to, outbox)
    }
    return outbox.add(message)
  }

  async written (): Promise<void> {
    await Promise.all([...this.#outboxes.values()].map(async outbox => outbox.written()))
  }

  /** Whoever made the clients ends them: that ends the read that waits. */
  close (): void {
    this.#closed = true
    this.#options.clock.cancel(this.#retry)
    for (const outbox of this.#outboxes.values()) outbox.close()
  }

  /** Forgets a server that is gone for good. */
  forget (server: string): void {
    this.#outboxes.get(server)?.close()
    this.#outboxes.delete(server)
    this.#seen.delete(server)
  }

  async #read (): Promise<void> {
    const { reader, writer, prefix, server, clock, failed } = this.#options
    const stream = `${prefix}to:${server}`
    try {
      while (!this.#closed) {
        const reply = await reader.call('XREAD', 'COUNT', String(READ_AT_ONCE), 'BLOCK', '0', 'STREAMS', stream, this.#last)
        for (const [id, fields] of entriesIn(reply)) {
          this.#last = id
          this.#take(fields)
        }
        // Not waited for: what is trimmed later costs memory alone.
        if (!this.#closed) writer.call('XTRIM', stream, 'MINID', this.#last).catch((error: unknown) => { if (!this.#closed) failed(error) })
      }
    } catch (error) {
      if (this.#closed) return
      failed(error)
      this.#retry = clock.after(RETRY_AFTER, () => { void this.#read() })
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
