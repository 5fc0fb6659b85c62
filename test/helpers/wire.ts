import { EventEmitter, once } from 'node:events'
import type { Page } from 'playwright-core'

/** For how long, in ms, a page is waited for before the test fails: far longer than a slow machine takes. */
export const MAX_WAIT = 60_000

const wires = new WeakMap<Page, Wire>()

/** What a page says and hears on its WebSockets, in the order in which it comes. */
export class Wire {
  /** Every frame so far, `in` to the page or `out` of it. */
  readonly frames: { way: 'in' | 'out', text: string }[] = []
  /** How many sockets the page has opened so far. */
  sockets = 0
  /** How many of them are open. */
  open = 0
  readonly #events = new EventEmitter()

  private constructor (page: Page) {
    page.on('websocket', socket => {
      this.sockets++
      this.open++
      socket.on('close', () => {
        this.open--
        this.#events.emit('closed')
      })
      socket.on('framesent', frame => this.frames.push({ way: 'out', text: String(frame.payload) }))
      socket.on('framereceived', frame => {
        this.frames.push({ way: 'in', text: String(frame.payload) })
        this.#events.emit('received')
      })
    })
  }

  /** The wire of a page, watched from the first call on: before the page is sent anywhere. */
  static of (page: Page): Wire {
    const wire = wires.get(page) ?? new Wire(page)
    wires.set(page, wire)
    return wire
  }

  get received (): string[] {
    return this.frames.filter(({ way }) => way === 'in').map(({ text }) => text)
  }

  /** Waits for a frame that holds `words`, unless one has come already. */
  async heard (words: string): Promise<void> {
    return this.hears(words, 0)
  }

  /** Waits for a frame that has not come yet and that holds `words`. */
  async hears (words: string, seen = this.received.length): Promise<void> {
    const signal = AbortSignal.timeout(MAX_WAIT)
    while (!this.received.slice(seen).some(frame => frame.includes(words))) {
      seen = this.received.length
      await once(this.#events, 'received', { signal }).catch(() => { throw new Error(`The page heard no more of ${words}`) })
    }
  }

  /** Waits until no more than so many sockets are open. */
  async closes (to: number): Promise<void> {
    const signal = AbortSignal.timeout(MAX_WAIT)
    while (this.open > to) await once(this.#events, 'closed', { signal }).catch(() => { throw new Error(`${this.open} sockets stay open`) })
  }
}
