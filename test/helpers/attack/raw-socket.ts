import { connect, type Socket } from 'node:net'

export interface RawOptions {
  port: number
  /** From which loopback address: each of 127.0.0.0/8 is an attacker of its own. */
  from?: string
  path?: string
  headers?: Record<string, string>
  /** Whether pings are answered. */
  pong?: boolean
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** Writes one masked frame (RFC 6455 section 5.2). The mask is 0, so that what is sent is what is meant. */
export function frame (payload: string | Buffer, { opcode = OPCODE.text as number, fin = true, rsv1 = false, length = -1 } = {}): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload) : payload
  // A length of its own claims more than there is.
  const size = length === -1 ? body.length : length
  const head = [(fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | opcode]
  if (size < 126) head.push(0x80 | size)
  else if (size < 65536) head.push(0xfe, size >> 8, size & 255)
  else head.push(0xff, 0, 0, ...[2 ** 40, 2 ** 32, 2 ** 24, 2 ** 16, 2 ** 8, 1].map(unit => Math.floor(size / unit) % 256))
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), body])
}

export const json = (message: object): Buffer => frame(JSON.stringify(message))

/** The text of an upgrade request. */
export function handshake (path: string, headers: Record<string, string> = {}): string {
  const lines = Object.entries({
    host: 'localhost',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers
  })
  return `GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

/** A client without manners: it writes whatever it is told, and only reads what it is asked for. */
export class RawSocket {
  readonly socket: Socket
  /** The answer to the handshake. */
  status = 0
  head = ''
  /** How many text frames came, by `definition` or else by `command`. */
  readonly counts: Record<string, number> = {}
  pongs = 0
  pinged = 0
  /** The code of the server's close frame, or 1006 where the connection ended without one. */
  readonly closed: Promise<number>
  /** The server has pinged, or the connection has ended. */
  readonly asked: Promise<void>
  /** How long the connection lasted after the server's close frame, ms. */
  lingered = 0
  #saidAt = 0
  #onAsked = (): void => {}
  #code = 1006
  #rest = Buffer.alloc(0)
  readonly #pong: boolean
  #listeners: Array<(text: string | null) => void> = []

  constructor (socket: Socket, pong: boolean) {
    this.socket = socket
    this.#pong = pong
    socket.on('error', () => {})
    this.asked = new Promise(resolve => { this.#onAsked = resolve })
    this.closed = new Promise(resolve => socket.once('close', () => {
      if (this.#saidAt !== 0) this.lingered = performance.now() - this.#saidAt
      this.#onAsked()
      for (const listener of this.#listeners.splice(0)) listener(null)
      resolve(this.#code)
    }))
  }

  /** Connects and shakes hands; `status` says how it went. */
  static async open ({ port, from = '127.0.0.2', path = '/attack', headers = {}, pong = true }: RawOptions): Promise<RawSocket> {
    const raw = new RawSocket(connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true }), pong)
    raw.socket.write(handshake(path, headers))
    await new Promise<void>(resolve => {
      void raw.closed.then(() => resolve())
      raw.socket.on('data', chunk => {
        raw.#rest = raw.#rest.length === 0 ? chunk : Buffer.concat([raw.#rest, chunk])
        if (raw.status === 0) {
          const end = raw.#rest.indexOf('\r\n\r\n')
          if (end === -1) return
          raw.head = raw.#rest.subarray(0, end).toString()
          raw.status = Number(raw.head.slice(9, 12))
          raw.#rest = raw.status === 101 ? raw.#rest.subarray(end + 4) : Buffer.alloc(0)
          resolve()
        }
        if (raw.status === 101) raw.#parse()
      })
    })
    return raw
  }

  get ended (): boolean {
    return this.socket.destroyed
  }

  write (data: Buffer): boolean {
    return this.socket.writable && this.socket.write(data)
  }

  /** Writes, and waits until the bytes have gone or never will. */
  async push (data: Buffer): Promise<void> {
    if (!this.socket.writable) return
    await new Promise<void>(resolve => {
      void this.closed.then(() => resolve())
      this.socket.write(data, () => resolve())
    })
  }

  /** The next text frame that fits, or null where the connection ends first. */
  async next (fits: (text: string) => boolean = () => true): Promise<string | null> {
    if (this.ended) return null
    return await new Promise(resolve => {
      const listener = (text: string | null): void => {
        if (text !== null && !fits(text)) return
        this.#listeners = this.#listeners.filter(other => other !== listener)
        resolve(text)
      }
      this.#listeners.push(listener)
    })
  }

  /** Hands over every text frame from now on. */
  listen (listener: (text: string) => void): void {
    this.#listeners.push(text => { if (text !== null) listener(text) })
  }

  destroy (): void {
    this.socket.destroy()
  }

  #parse (): void {
    let rest = this.#rest
    while (rest.length >= 2) {
      const opcode = (rest[0] as number) & 15
      const short = (rest[1] as number) & 127
      const start = short < 126 ? 2 : short === 126 ? 4 : 10
      if (rest.length < start) break
      const length = short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2))
      if (rest.length < start + length) break
      this.#take(opcode, rest.subarray(start, start + length))
      rest = rest.subarray(start + length)
    }
    this.#rest = rest
  }

  #take (opcode: number, payload: Buffer): void {
    if (opcode === OPCODE.close) {
      this.#code = payload.length < 2 ? 1005 : payload.readUInt16BE()
      this.#saidAt = performance.now()
    } else if (opcode === OPCODE.pong) this.pongs++
    else if (opcode === OPCODE.ping) {
      this.pinged++
      this.#onAsked()
      if (this.#pong) this.write(frame(payload, { opcode: OPCODE.pong }))
    } else if (opcode === OPCODE.text) {
      const text = payload.toString()
      const kind = /"definition":"(\w+)"/.exec(text)?.[1] ?? /"command":"(\w+)"/.exec(text)?.[1] ?? 'other'
      this.counts[kind] = (this.counts[kind] ?? 0) + 1
      for (const listener of [...this.#listeners]) listener(text)
    }
  }
}
