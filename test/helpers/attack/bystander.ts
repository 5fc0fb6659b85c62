import { once } from 'node:events'
import WebSocket from 'ws'
import { latencyOf, type Latency } from './latency.js'

const PACE = 25

/**
 * Two honest clients in a call. Whatever comes that neither of them has caused is a leak. A round trip is from one to the other and back,
 * through the server both times.
 */
export class Bystander {
  readonly #a: WebSocket
  readonly #b: WebSocket
  readonly room: string
  /** What should not have come. */
  readonly foreign: string[] = []
  #sent = 0
  #back = 0
  #started = new Map<number, number>()
  #times: number[] = []
  #waiting: { resolve: () => void, reject: (error: Error) => void } | undefined
  #timer: NodeJS.Timeout | undefined

  private constructor (a: WebSocket, b: WebSocket, room: string) {
    this.#a = a
    this.#b = b
    this.room = room
    // An offer that the other side gives back as it is: the server must not have touched a byte of it.
    b.on('message', (data, isBinary) => {
      const text = String(data)
      if (isBinary || !text.includes('"definition":"trip"')) this.foreign.push(text)
      b.send(text)
    })
    a.on('message', (data, isBinary) => this.#returned(String(data), isBinary))
    for (const socket of [a, b]) {
      socket.on('close', code => {
        this.foreign.push(`closed with ${code}`)
        this.#waiting?.reject(this.#over())
      })
    }
  }

  static async join (port: number, room = 'bystanders', app = 'attack'): Promise<Bystander> {
    const sockets: WebSocket[] = []
    for (let i = 0; i < 2; i++) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/${app}`, { perMessageDeflate: false })
      await once(socket, 'open')
      socket.send(JSON.stringify({ command: 'join', streamId: room }))
      await once(socket, 'message')
      sockets.push(socket)
    }
    const [a, b] = sockets as [WebSocket, WebSocket]
    // `peerJoined` and `start` go to the one that sat there first; a pong comes behind them.
    // Several messages may come in one turn, which a wait for each would miss.
    await new Promise<void>(resolve => {
      a.on('message', data => { if (String(data).includes('"pong"')) resolve() })
      a.send('{"command":"ping"}')
    })
    a.removeAllListeners('message')
    return new Bystander(a, b, room)
  }

  /** One after the other, as fast as they go. */
  async measure (trips: number): Promise<Latency> {
    this.#times = []
    for (let i = 0; i < trips; i++) {
      this.#send()
      await this.#whole()
    }
    return latencyOf(this.#times)
  }

  /** A message now and each 25 ms, until {@link rest}. */
  talk (): void {
    this.#times = []
    this.#send()
    this.#timer = setInterval(() => this.#send(), PACE)
  }

  /** Stops talking, and waits for what is still under way. */
  async rest (): Promise<Latency> {
    clearInterval(this.#timer)
    await this.#whole()
    return latencyOf(this.#times)
  }

  leave (): void {
    clearInterval(this.#timer)
    for (const socket of [this.#a, this.#b]) {
      socket.removeAllListeners('close')
      socket.terminate()
    }
  }

  #send (): void {
    this.#started.set(this.#sent, performance.now())
    this.#a.send(this.#text(this.#sent++))
  }

  #text (number: number): string {
    return `{"command":"peerMessageCommand","streamId":"${this.room}","definition":"trip","data":{"number":${number},  "ä": "\\u20ac"}}`
  }

  #returned (text: string, isBinary: boolean): void {
    if (isBinary || text !== this.#text(this.#back)) {
      this.foreign.push(text)
      this.#waiting?.reject(this.#over())
      return
    }
    this.#times.push(performance.now() - (this.#started.get(this.#back) ?? NaN))
    this.#started.delete(this.#back++)
    if (this.#back === this.#sent) this.#waiting?.resolve()
  }

  /** All that was sent has come back. A broken call never is whole, and says so. */
  async #whole (): Promise<void> {
    if (this.#back === this.#sent) return
    if (this.foreign.length > 0 || this.#a.readyState !== WebSocket.OPEN || this.#b.readyState !== WebSocket.OPEN) throw this.#over()
    await new Promise<void>((resolve, reject) => { this.#waiting = { resolve, reject } })
    this.#waiting = undefined
  }

  #over (): Error {
    return new Error(`the call is disturbed: ${this.foreign.join(', ')}`)
  }
}
