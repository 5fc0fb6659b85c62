import type { WebSocket } from 'ws'
import type { Clock } from '../rooms/clock.js'
import type { TextFrame } from '../rooms/peer-link.js'
import { streamOf } from './internals.js'

/** Relayed bytes are sent as text frames. A client that receives a binary frame ends the call. */
const TEXT = { binary: false } as const
/** The first byte of a text message in one frame (RFC 6455, section 5.2). */
const FIN_TEXT = 0x81
/** The length in bytes up to which a payload is copied behind its head. Writing a second buffer costs more than the copy. */
const COPIED = 1_024

/** The time without a frame after which the server counts as idle, in ms. */
const IDLE = 0.1

/**
 * The writers that hold frames back, usually until this turn of the event loop is over. A busy server that reads everything that has arrived before
 * it writes finds more at each poll. A call then takes 0.9 of the CPU that it would take otherwise.
 *
 * A single message does not wait for the end of the turn. If the server was idle, the frames that follow from a client's message are written as soon
 * as all messages that were read together are handled.
 */
export class WriteTurn {
  readonly #clock: Clock
  #writers: FrameWriter[] = []
  /** Whether a frame of a client is being handled. */
  #reading = false
  /** Whether a callback at the end of the turn is pending. */
  #ending = false
  /** When the last frame was handled, in ms. */
  #lastAt = -Infinity
  /** Whether the server was idle before the frames that are being handled. */
  #wasIdle = false

  constructor (clock: Clock) {
    this.#clock = clock
  }

  /** A writer holds frames back. */
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

  /** The frame is handled. `more`: other bytes were read together with it and are not handled yet. */
  endFrame (more: boolean): void {
    this.#reading = false
    if (this.#writers.length === 0) return
    // The bytes may be only a part of a frame, so nothing more may be handled in this turn.
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

  /** Whether at most this many bytes wait for the client. Frames that are held back are written first, because they do not wait for the client. */
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
