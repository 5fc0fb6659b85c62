import { Emitter } from '../base/emitter.js'
import { parseFrame, type Frame } from '../signalling/frames.js'
import type { MediaState } from './media-state.js'

interface PeerChannelEvents {
  /** The other side says what its camera and microphone are doing, unchecked. */
  mediaState: Frame
  /** A message can be sent, or no longer. */
  open: boolean
  /** Anything else that came: of this SDK a frame or bytes, of another client a text or bytes. */
  data: unknown
}

/** Maximum length of a text that this SDK sends here, and of one that says what camera and microphone do; a longer one comes from something else. */
const MAX_TEXT = 16_000
const MAX_STATE = 1_000

/**
 * The data channel of a peer connection. Every connection that this SDK makes has one, as those of Ant Media's SDKs have:
 * React Native's keeps its peer connection over its own `leave`, and takes a fresh offer only if that has no section less
 * than the kept one (RFC 9429, section 5.10). Between two peers of this SDK it carries what needs no server.
 */
export class PeerChannel extends Emitter<PeerChannelEvents> {
  readonly #ours: () => boolean
  readonly #channels = new Set<RTCDataChannel>()
  #state: MediaState | null = null
  #open = false

  /** `ours`: whether the other side runs this SDK. A client of another make is sent nothing, since its application would get it. */
  constructor (peerConnection: RTCPeerConnection, ours: () => boolean) {
    super()
    this.#ours = ours
    peerConnection.ondatachannel = event => this.#take(event.channel)
  }

  /** Opens the channel from this side, under the room's name, as Ant Media's SDKs do. */
  open (peerConnection: RTCPeerConnection, label: string): void {
    this.#take(peerConnection.createDataChannel(label, { ordered: true }))
  }

  /** Tells the other side, at once or as soon as the channel is open. */
  tell (state: MediaState): void {
    this.#state = state
    for (const channel of this.#channels) this.#send(channel)
  }

  /** The channel to send on. */
  get opened (): RTCDataChannel | undefined {
    return [...this.#channels].find(({ readyState }) => readyState === 'open')
  }

  close (): void {
    for (const channel of this.#channels) channel.onopen = channel.onclose = channel.onmessage = null
    this.#channels.clear()
    this.#look()
  }

  #take (channel: RTCDataChannel): void {
    this.#channels.add(channel)
    // Firefox before 133 would give a Blob.
    channel.binaryType = 'arraybuffer'
    channel.onmessage = event => this.#receive(event.data)
    const handleOpen = channel.onopen = () => {
      this.#send(channel)
      this.#look()
    }
    channel.onclose = () => this.#look()
    // One that the other side has made may be open already.
    handleOpen()
  }

  #look (): void {
    const open = this.opened !== undefined
    if (open !== this.#open) this.emit('open', this.#open = open)
  }

  #send (channel: RTCDataChannel): void {
    if (this.#state === null || channel.readyState !== 'open' || !this.#ours()) return
    channel.send(JSON.stringify({ command: 'mediaState', ...this.#state }))
  }

  #receive (data: unknown): void {
    if (!this.#ours() || typeof data !== 'string') return this.emit('data', data)
    const frame = data.length > MAX_TEXT ? null : parseFrame(data)
    if (frame === null) return
    if (frame.command !== 'mediaState') this.emit('data', frame)
    else if (data.length <= MAX_STATE) this.emit('mediaState', frame)
  }
}
