import type { Machine } from './machine.js'
import type { Network, Wire } from './network.js'
import type { SimConnection } from './sim-connection.js'
import type { SimServer } from './sim-server.js'

const ABNORMAL = 1006

/** A browser's WebSocket, and its way to the server that a load balancer has chosen. */
export class SimWebSocket {
  readyState = 0
  onopen: ((event: object) => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number, reason: string }) => void) | null = null
  readonly #wire: Wire | null
  #connection: SimConnection | null = null

  /** @param server null where no server can be reached */
  constructor (machine: Machine, network: Network, server: SimServer | null, latency: number) {
    if (server === null) {
      this.#wire = null
      machine.after(latency, () => this.#lose(ABNORMAL, ''))
      return
    }
    this.#wire = network.open(
      { machine, ended: () => this.#lose(ABNORMAL, '') },
      { machine: server.machine, ended: () => this.#connection?.closed(ABNORMAL) },
      Math.ceil(latency / 4), latency)
    this.#wire.send(1, () => {
      this.#connection = server.accept(this)
      if (this.#connection === null) this.#wire?.close(1)
      else this.carry(() => this.#opened())
    })
  }

  // As the page sees it.

  send (text: string): void {
    if (this.readyState === 1) this.#wire?.send(1, () => this.#connection?.receive(text))
  }

  close (code = 1005): void {
    if (this.readyState >= 2) return
    const wasOpen = this.readyState === 1
    this.readyState = 3
    this.#wire?.send(1, () => this.#connection?.closed(wasOpen ? code : ABNORMAL))
  }

  // As the server sees it.

  /** Sends something to the page. */
  carry (arrive: () => void): void {
    this.#wire?.send(0, arrive)
  }

  cut (): void {
    this.#wire?.cut()
  }

  /** The server has nothing to do with it any more. */
  hungUp (): void {
    this.#wire?.close(1)
  }

  // What arrives.

  received (data: string): void {
    if (this.readyState === 1) this.onmessage?.({ data })
  }

  /** Browsers answer by themselves. */
  pinged (payload: Buffer): void {
    if (this.readyState < 3) this.#wire?.send(1, () => this.#connection?.pong(payload))
  }

  closed (code: number, reason: string): void {
    if (this.readyState === 3) return
    this.#wire?.send(1, () => this.#connection?.closed(code))
    this.#lose(code, reason)
  }

  #opened (): void {
    if (this.readyState !== 0) return
    this.readyState = 1
    this.onopen?.({})
  }

  #lose (code: number, reason: string): void {
    if (this.readyState === 3) return
    this.readyState = 3
    this.onclose?.({ code, reason })
  }
}
