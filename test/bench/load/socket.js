// A WebSocket client of as little as the benchmark needs: raw bytes out, frames counted on the way in.
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { CLOSE, pong } from './frames.js'

const EMPTY = Buffer.alloc(0)

export class RawSocket {
  /** Called once for each text frame, with its bytes where `wantsText` is set. */
  onFrame = () => {}
  wantsText = true
  #socket
  #rest = EMPTY
  #opened
  #closed

  constructor (port, path) {
    this.#opened = new Promise((resolve, reject) => {
      const socket = this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
      socket.on('error', reject)
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n\r\n`)
      const handleHead = data => {
        this.#rest = Buffer.concat([this.#rest, data])
        const end = this.#rest.indexOf('\r\n\r\n')
        if (end === -1) return
        const head = this.#rest.toString('latin1', 0, end)
        if (!head.startsWith('HTTP/1.1 101')) return reject(new Error(head))
        socket.off('data', handleHead)
        const rest = this.#rest.subarray(end + 4)
        this.#rest = EMPTY
        socket.on('data', data => this.#read(data))
        resolve(this)
        if (rest.length > 0) this.#read(rest)
      }
      socket.on('data', handleHead)
    })
    this.#closed = new Promise(resolve => this.#socket.on('close', resolve))
  }

  opened () {
    return this.#opened
  }

  write (bytes) {
    this.#socket.write(bytes)
  }

  /** Says goodbye, and waits until the server has ended the connection. */
  close () {
    this.#socket.write(CLOSE)
    return this.#closed
  }

  destroy () {
    this.#socket.destroy()
    return this.#closed
  }

  /** Cuts the connection as a lost network does: with no word of WebSocket, and with a reset of TCP so that the server sees it at once. */
  cut () {
    this.#socket.resetAndDestroy()
    return this.#closed
  }

  #read (data) {
    let bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data])
    for (;;) {
      if (bytes.length < 2) break
      let length = bytes[1] & 0x7f
      let head = 2
      if (length === 126) {
        if (bytes.length < 4) break
        length = bytes.readUInt16BE(2)
        head = 4
      } else if (length === 127) {
        if (bytes.length < 10) break
        length = Number(bytes.readBigUInt64BE(2))
        head = 10
      }
      if (bytes.length < head + length) break
      const opcode = bytes[0] & 0x0f
      if (opcode === 1) this.onFrame(this.wantsText ? bytes.toString('utf8', head, head + length) : null)
      else if (opcode === 8) this.#socket.end()
      else if (opcode === 9) this.#socket.write(pong(bytes.subarray(head, head + length)))
      bytes = bytes.subarray(head + length)
    }
    this.#rest = bytes
  }
}
