import type { WebSocket } from 'ws'
import type { TextFrame } from '../rooms/peer-link.js'
import { streamOf } from './internals.js'

/** Relayed bytes go out as text: a client that gets a binary frame ends the call. */
const TEXT = { binary: false } as const
/** The whole message in one frame, of text (RFC 6455, section 5.2). */
const FIN_TEXT = 0x81
/** Up to this length, in bytes, a payload is copied behind its head: a second buffer costs more than that. */
const COPIED = 1_024

/** The writers that hold something back until this turn of the event loop is over. */
export class WriteTurn {
  #writers: FrameWriter[] = []

  add (writer: FrameWriter): void {
    if (this.#writers.push(writer) === 1) setImmediate(this.#end)
  }

  readonly #end = (): void => {
    const writers = this.#writers
    this.#writers = []
    for (const writer of writers) writer.flush()
  }
}

/**
 * Writes the frames of one turn of the event loop to a client at once. Candidates come in bursts, and one call of the system costs more
 * than all else that is done for a message.
 *
 * It writes to the stream of ws, which with neither compression nor blobs keeps nothing back, and holds that stream as a whole: what ws
 * writes itself, a pong or a close frame, stays behind what was sent before it.
 */
export class FrameWriter {
  readonly #turn: WriteTurn
  readonly #socket: WebSocket
  #holding = false

  constructor (turn: WriteTurn, socket: WebSocket) {
    this.#turn = turn
    this.#socket = socket
  }

  /** Whether not more than so many bytes wait for the client. What waits for the end of this turn waits for us: it is written first. */
  fits (bytes: number): boolean {
    if (this.#socket.bufferedAmount > bytes) this.flush()
    return this.#socket.bufferedAmount <= bytes
  }

  write (frame: TextFrame): void {
    const stream = streamOf(this.#socket)
    if (stream === null) {
      this.#socket.send(frame, TEXT)
      return
    }
    if (!this.#holding) {
      this.#holding = true
      stream.cork()
      this.#turn.add(this)
    }
    const payload = typeof frame === 'string' ? Buffer.from(frame) : frame
    const { length } = payload
    if (length > COPIED) {
      const head = Buffer.allocUnsafe(length < 65_536 ? 4 : 10)
      writeHead(head, length)
      stream.write(head)
      stream.write(payload)
    } else {
      const whole = Buffer.allocUnsafe(length + (length < 126 ? 2 : 4))
      whole.set(payload, writeHead(whole, length))
      stream.write(whole)
    }
  }

  /** Writes what is held back. */
  flush (): void {
    if (!this.#holding) return
    this.#holding = false
    streamOf(this.#socket)?.uncork()
  }
}

/** A server's frame is not masked. */
function writeHead (target: Buffer, length: number): number {
  target[0] = FIN_TEXT
  if (length < 126) {
    target[1] = length
    return 2
  }
  if (length < 65_536) {
    target[1] = 126
    return target.writeUInt16BE(length, 2)
  }
  target[1] = 127
  return target.writeUInt32BE(length, target.writeUInt32BE(0, 2))
}
