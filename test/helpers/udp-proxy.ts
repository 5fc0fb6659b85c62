import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

const BUFFER = 4_194_304

/**
 * Stands between browsers and a server that speaks UDP, and can be cut: then it loses every packet, as a network does that is gone. It can be
 * slow, too: then each packet comes later.
 */
export class UdpProxy {
  readonly #target: number
  readonly #front = createSocket({ type: 'udp4', recvBufferSize: BUFFER, sendBufferSize: BUFFER })
  /** Packets that are on their way. */
  readonly #late = new Set<NodeJS.Timeout>()
  /** The socket towards the server of each client. */
  readonly #backs = new Map<number, Socket>()
  #cut = false
  /** In ms, one way. */
  #delay = 0

  private constructor (target: number) {
    this.#target = target
    this.#front.on('message', (message, { port }) => this.#pass(this.#back(port), message, this.#target))
  }

  static async start (t: Test, target: number): Promise<UdpProxy> {
    const proxy = new UdpProxy(target)
    proxy.#front.bind(0, '127.0.0.1')
    await once(proxy.#front, 'listening')
    t.teardown(() => {
      for (const timer of proxy.#late) clearTimeout(timer)
      for (const socket of [proxy.#front, ...proxy.#backs.values()]) socket.close()
    })
    return proxy
  }

  get port (): number {
    return (this.#front.address() as AddressInfo).port
  }

  cut (): void {
    this.#cut = true
  }

  mend (): void {
    this.#cut = false
  }

  /** Every packet takes so many ms longer from now on, each way. */
  slow (delay: number): void {
    this.#delay = delay
  }

  #pass (socket: Socket, message: Buffer, port: number): void {
    if (this.#cut) return
    if (this.#delay === 0) return socket.send(message, port, '127.0.0.1')
    const timer = setTimeout(() => {
      this.#late.delete(timer)
      socket.send(message, port, '127.0.0.1')
    }, this.#delay)
    this.#late.add(timer)
  }

  #back (client: number): Socket {
    const known = this.#backs.get(client)
    if (known !== undefined) return known
    const back = createSocket({ type: 'udp4', recvBufferSize: BUFFER, sendBufferSize: BUFFER })
    back.on('message', message => this.#pass(this.#front, message, client))
    this.#backs.set(client, back)
    return back
  }
}
