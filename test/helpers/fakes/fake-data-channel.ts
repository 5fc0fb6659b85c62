import type { Pending } from './pending.js'

/** A data channel, as far as the SDK uses one: open while the two ends are connected. */
export class FakeDataChannel {
  readonly label: string
  readonly sent: string[] = []
  readyState: 'connecting' | 'open' | 'closed' = 'connecting'
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  twin: FakeDataChannel | null = null
  readonly #pending: Pending

  constructor (label: string, pending: Pending) {
    this.label = label
    this.#pending = pending
  }

  send (text: string): void {
    if (this.readyState !== 'open') throw new DOMException(`send while ${this.readyState}`, 'InvalidStateError')
    this.sent.push(text)
    this.#pending.task(() => { if (this.twin?.readyState === 'open') this.twin.onmessage?.({ data: text }) })
  }
}
