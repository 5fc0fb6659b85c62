import { Emitter } from '../base/emitter.js'
import { parseFrame } from '../signalling/frames.js'

/** What one side's camera and microphone are doing. */
export interface MediaState {
  camera: boolean
  microphone: boolean
  /** The picture is that of the screen. */
  screen?: boolean
}

interface PeerChannelEvents {
  /** The other side says what its camera and microphone are doing. */
  mediaState: MediaState
}

/** Maximum length of a message that this SDK sends here; a longer one comes from something else. */
const MAX_MESSAGE = 1_000

/**
 * The data channel of a peer connection. Every connection that this SDK makes has one, as those of Ant Media's SDKs have:
 * React Native's keeps its peer connection over its own `leave`, and takes a fresh offer only if that has no section less
 * than the kept one (RFC 9429, section 5.10). Between two peers of this SDK it carries what needs no server.
 */
export class PeerChannel extends Emitter<PeerChannelEvents> {
  readonly #ours: () => boolean
  readonly #channels = new Set<RTCDataChannel>()
  #state: MediaState | null = null

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

  close (): void {
    for (const channel of this.#channels) channel.onopen = channel.onmessage = null
    this.#channels.clear()
  }

  #take (channel: RTCDataChannel): void {
    this.#channels.add(channel)
    channel.onopen = () => this.#send(channel)
    channel.onmessage = event => this.#receive(event.data)
    // One that the other side has made may be open already.
    this.#send(channel)
  }

  #send (channel: RTCDataChannel): void {
    if (this.#state === null || channel.readyState !== 'open' || !this.#ours()) return
    channel.send(JSON.stringify({ command: 'mediaState', ...this.#state }))
  }

  #receive (data: unknown): void {
    if (!this.#ours() || typeof data !== 'string' || data.length > MAX_MESSAGE) return
    const frame = parseFrame(data)
    if (frame?.command !== 'mediaState' || typeof frame.camera !== 'boolean' || typeof frame.microphone !== 'boolean') return
    this.emit('mediaState', { camera: frame.camera, microphone: frame.microphone, ...frame.screen === true ? { screen: true } : {} })
  }
}
