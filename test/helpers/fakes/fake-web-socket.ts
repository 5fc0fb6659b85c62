import type { Environment } from '../../../lib/client/base/environment.js'

/** The other end of a fake socket, in the hands of whoever plays the server. */
export interface ServerEnd {
  receive: (text: string) => void
  /** The client has closed, or the network has lost, the socket. `code` is what the server gets to know. */
  ended: (code: number) => void
}

/** Who answers when a socket is opened: takes the socket and gives back the server's end of it, or null to refuse it. */
export type Listener = (socket: FakeWebSocket) => ServerEnd | null

const ABNORMAL = 1006

/**
 * A WebSocket without a network. What either end sends lies on the wire until the network is told to carry it; what
 * lies there when the socket is cut never arrives.
 */
export class FakeWebSocket {
  readonly url: string
  readyState = 0
  onopen: ((event: object) => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number, reason: string }) => void) | null = null
  /** Everything that the client has sent, as it sent it. */
  readonly sent: string[] = []
  /** Everything that the server has sent, as it sent it, whether or not it has arrived. */
  readonly received: string[] = []
  /** The code with which the client closed it. */
  closedWith: number | null = null
  readonly #network: FakeNetwork
  #server: ServerEnd | null = null
  #frozen = false
  #up: string[] = []
  #down: Array<() => void> = []

  constructor (network: FakeNetwork, url: string) {
    this.url = url
    this.#network = network
    network.sockets.push(this)
  }

  /** How much lies on the wire. */
  get unread (): number {
    return this.#frozen ? 0 : this.#up.length + this.#down.length
  }

  // As the client sees it.

  send (text: string): void {
    if (this.readyState === 0) throw new DOMException('Still connecting', 'InvalidStateError')
    if (this.readyState !== 1) return
    this.sent.push(text)
    this.#up.push(text)
  }

  close (code = 1005): void {
    if (code !== 1000 && code !== 1005 && (code < 3000 || code > 4999)) throw new DOMException('Bad code', 'InvalidAccessError')
    if (this.readyState >= 2) return
    const wasOpen = this.readyState === 1
    this.readyState = 3
    this.closedWith = code
    this.#down = []
    if (!wasOpen) return
    // What was sent before a close still goes out.
    for (const text of this.#up.splice(0)) this.#server?.receive(text)
    this.#server?.ended(code)
    this.#server = null
  }

  // As the server sees it.

  /** The server sends a frame. */
  push (text: string): void {
    this.received.push(text)
    if (this.readyState < 2) this.#down.push(() => this.onmessage?.({ data: text }))
  }

  /** The server closes the socket; the frames before it arrive first. */
  end (code: number, reason = ''): void {
    this.#down.push(() => this.#lose(code, reason, code))
  }

  // As the network does.

  /** Opens it, or refuses it. */
  connect (): void {
    if (this.readyState !== 0) return
    this.#server = this.#network.reachable ? this.#network.listener(this) : null
    if (this.#server === null) return this.#lose(ABNORMAL, '', ABNORMAL)
    this.readyState = 1
    this.onopen?.({})
  }

  /** Carries one frame to the server; false where there is none. */
  carryUp (): boolean {
    if (this.#frozen) return false
    const text = this.#up.shift()
    if (text === undefined) return false
    this.#server?.receive(text)
    return true
  }

  /** Carries one frame, or the server's close, to the client; false where there is none. */
  carryDown (): boolean {
    if (this.#frozen) return false
    const arrive = this.#down.shift()
    if (arrive === undefined) return false
    if (this.readyState === 1) arrive()
    return true
  }

  /** Both ends lose it, and what lies on the wire with it. */
  cut (): void {
    if (this.readyState >= 2) return
    this.#lose(ABNORMAL, '', ABNORMAL)
  }

  /** It carries nothing any more, and neither end is told. */
  freeze (): void {
    this.#server = null
    this.#frozen = true
  }

  #lose (code: number, reason: string, serverCode: number): void {
    if (this.readyState === 3) return
    this.readyState = 3
    this.#up = []
    this.#down = []
    const server = this.#server
    this.#server = null
    server?.ended(serverCode)
    this.onclose?.({ code, reason })
  }
}

/** All fake sockets of one test. */
export class FakeNetwork {
  readonly sockets: FakeWebSocket[] = []
  /** Whether sockets can be opened. */
  reachable = true
  listener: Listener = () => null

  /** What the SDK takes for the browser's WebSocket. */
  get WebSocket (): Environment['WebSocket'] {
    const open = (url: string) => new FakeWebSocket(this, url)
    return function WebSocket (url: string) { return open(url) } as unknown as Environment['WebSocket']
  }

  /** The sockets that are open, the oldest first. */
  get open (): FakeWebSocket[] {
    return this.sockets.filter(socket => socket.readyState === 1)
  }

  get last (): FakeWebSocket {
    const last = this.sockets.at(-1)
    if (last === undefined) throw new Error('No socket was opened.')
    return last
  }

  /** Whether anything waits to be carried, opened or refused. */
  get busy (): boolean {
    return this.sockets.some(socket => socket.readyState === 0 || (socket.readyState === 1 && socket.unread > 0))
  }

  /** Opens what is to be opened and carries one frame each way on each socket, or only where `some` says so. */
  step (some: () => boolean = () => true): void {
    for (const socket of [...this.sockets]) {
      if (some()) socket.connect()
      if (some()) socket.carryUp()
      if (some()) socket.carryDown()
    }
  }
}
