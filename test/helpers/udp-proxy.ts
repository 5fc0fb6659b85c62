import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

const BUFFER = 4_194_304

/** Stands between browsers and a server that speaks UDP, and can be cut: then it loses every packet, as a network does that is gone. */
export class UdpProxy {
  readonly #target: number
  readonly #front = createSocket({ type: 'udp4', recvBufferSize: BUFFER, sendBufferSize: BUFFER })
  /** The socket towards the server of each client. */
  readonly #backs = new Map<number, Socket>()
  #cut = false

  private constructor (target: number) {
    this.#target = target
    this.#front.on('message', (message, { port }) => { if (!this.#cut) this.#back(port).send(message, this.#target, '127.0.0.1') })
  }

  static async start (t: Test, target: number): Promise<UdpProxy> {
    const proxy = new UdpProxy(target)
    proxy.#front.bind(0, '127.0.0.1')
    await once(proxy.#front, 'listening')
    t.teardown(() => { for (const socket of [proxy.#front, ...proxy.#backs.values()]) socket.close() })
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

  #back (client: number): Socket {
    const known = this.#backs.get(client)
    if (known !== undefined) return known
    const back = createSocket({ type: 'udp4', recvBufferSize: BUFFER, sendBufferSize: BUFFER })
    back.on('message', message => { if (!this.#cut) this.#front.send(message, client, '127.0.0.1') })
    this.#backs.set(client, back)
    return back
  }
}
