import { bytesFrame, HEADER_BYTES, type TransferFrame } from './transfer-frames.js'

/** How much the browser holds before it is given no more, and when it is given more again, in bytes. */
const HIGH = 1_048_576
const LOW = 262_144
/** Maximum size of a frame. RFC 8841, section 6.1, has 64 KiB where the other side says nothing of it. */
const FRAME = 65_536

/** An open data channel, which is given no more than it can take. */
export class DataLink {
  /** Maximum size of a message. */
  readonly maxMessage: number
  readonly #channel: RTCDataChannel

  /** `handleRoom`: there is room again. */
  constructor (channel: RTCDataChannel, peerConnection: RTCPeerConnection, handleRoom: () => void) {
    this.#channel = channel
    // Firefox before 113 does not tell; 0 stands for any size (RFC 8841, section 6).
    this.maxMessage = peerConnection.sctp?.maxMessageSize || FRAME
    channel.bufferedAmountLowThreshold = LOW
    channel.onbufferedamountlow = handleRoom
  }

  /** Maximum number of bytes in a frame. */
  get maxBytes (): number {
    return Math.min(this.maxMessage, FRAME) - HEADER_BYTES
  }

  get hasRoom (): boolean {
    return this.#channel.readyState === 'open' && this.#channel.bufferedAmount < HIGH
  }

  tell (frame: TransferFrame): void {
    this.send(JSON.stringify(frame))
  }

  sendBytes (number: number, bytes: Uint8Array): void {
    this.send(bytesFrame(number, bytes))
  }

  send (data: string | ArrayBuffer): void {
    try {
      this.#channel.send(data as string)
    } catch {
      // It is closing; what was not confirmed goes over the next one.
    }
  }

  close (): void {
    this.#channel.onbufferedamountlow = null
  }
}
