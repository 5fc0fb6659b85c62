import type { WebSocket } from 'ws'
import type { Clock } from '../rooms/clock.js'
import type { TextFrame } from '../rooms/peer-link.js'
import { streamOf } from './internals.js'

/** Relayed bytes go out as text: a client that gets a binary frame ends the call. */
const TEXT = { binary: false } as const
/** The whole message in one frame, of text (RFC 6455, section 5.2). */
const FIN_TEXT = 0x81
/** Up to this length, in bytes, a payload is copied behind its head: a second buffer costs more than that. */
const COPIED = 1_024

/** Who has had no frame to handle for so long, in ms, is not busy. */
const IDLE = 0.1

/**
 * The writers that hold something back, mostly until this turn of the event loop is over: a busy server that reads all that has come before
 * it writes finds more at each poll, and a call takes 0.9 of what it would.
 *
 * A lone message need not wait for that. Where the server has had nothing to do, what a client's frames lead to is written as soon as all
 * that were read together are handled.
 */
export class WriteTurn {
  readonly #clock: Clock
  #writers: FrameWriter[] = []
  /** Whether a frame of a client is being handled. */
  #reading = false
  /** Whether the end of the turn is waited for. */
  #ending = false
  #lastAt = -Infinity
  /** Whether there was nothing to do before what is being handled. */
  #wasIdle = false

  constructor (clock: Clock) {
    this.#clock = clock
  }

  add (writer: FrameWriter): void {
    this.#writers.push(writer)
    if (!this.#reading) this.#endLater()
  }

  /**
   * A frame of a client is about to be handled.
   *
   * @returns the time, which is read once for each frame
   */
  beginFrame (): number {
    const now = this.#clock.now()
    this.#reading = true
    if (this.#writers.length === 0) this.#wasIdle = now - this.#lastAt > IDLE
    this.#lastAt = now
    return now
  }

  /** The frame is handled. `more`: more was read with it that is not. */
  endFrame (more: boolean): void {
    this.#reading = false
    if (this.#writers.length === 0) return
    // What was read may end within a frame, so that nothing more is handled in this turn.
    if (this.#wasIdle && !more) this.#end()
    else this.#endLater()
  }

  #endLater (): void {
    if (this.#ending) return
    this.#ending = true
    setImmediate(this.#handleEnd)
  }

  readonly #handleEnd = (): void => {
    this.#ending = false
    this.#end()
  }

  #end (): void {
    const writers = this.#writers
    this.#writers = []
    for (const writer of writers) writer.flush()
  }
}

/**
 * Writes the frames that belong together to a client at once. Candidates come in bursts, and one call of the system costs more
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
