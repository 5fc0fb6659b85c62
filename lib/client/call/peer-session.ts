import { Emitter } from '../base/emitter.js'
import type { Environment } from '../base/environment.js'
import { callError, type AdaptorError } from '../base/client-errors.js'
import { candidateMessage } from './candidates.js'
import { Negotiation } from './negotiation.js'
import type { MediaState } from './media-state.js'
import { PeerChannel } from './peer-channel.js'
import type { Kind } from '../media/local-track.js'
import type { Frame } from '../signalling/frames.js'
import type { UnaddressedMessage } from './session-message.js'
import { arrange, receivedTracks, type TransceiverPlans } from './transceivers.js'

/** Which client the other side is: `ours` resolves colliding offers, `plain` is a client of another make. */
export type PeerKind = 'unknown' | 'ours' | 'plain'

interface PeerSessionEvents {
  state: RTCPeerConnectionState
  iceState: RTCIceConnectionState
  tracks: MediaStreamTrack[]
  /** What the other side says of its camera and microphone, unchecked. */
  mediaState: Frame
  /** The data channel is open, or no longer. */
  channel: boolean
  /** What the other side has sent over it. */
  data: unknown
  /** Something is to be negotiated; answered by the negotiation's `offer` or `postpone`. */
  needed: undefined
  /** A message is to go to the other side. */
  say: UnaddressedMessage
  error: AdaptorError
}

/** @internal */
export interface PeerSessionSettings {
  id: string
  /** Whether this side makes the first offer. */
  initiator: boolean
  /** Which client the other side is, as far as it is known at the start. */
  peer: PeerKind
  configuration: RTCConfiguration
  /** The name of the data channel. */
  label: string
  /** The order of the sections that this side adds. */
  order: readonly Kind[]
  group: MediaStream
  plans: () => TransceiverPlans
  polite: () => boolean
}

/** One RTCPeerConnection with one other peer: its state, its tracks and candidates, and the data channel. */
export class PeerSession extends Emitter<PeerSessionEvents> {
  readonly id: string
  readonly initiator: boolean
  readonly peerConnection: RTCPeerConnection
  readonly negotiation: Negotiation
  peer: PeerKind
  /** What the two people can read to one another; kept by the part for it. */
  verificationCode: string | null = null
  /** What the other side has said last of its camera and microphone, unchecked. */
  mediaState: Frame | null = null
  readonly #settings: PeerSessionSettings
  readonly #channel: PeerChannel
  /** Candidates that came before the other side's first description. */
  #early: RTCIceCandidateInit[] = []
  #tracks = new Set<MediaStreamTrack>()
  #closed = false

  /** Throws what the browser throws at a bad configuration. */
  constructor (environment: Environment, settings: PeerSessionSettings) {
    super()
    this.#settings = settings
    this.id = settings.id
    this.initiator = settings.initiator
    this.peer = settings.peer
    const peerConnection = this.peerConnection = new environment.RTCPeerConnection(settings.configuration)
    const negotiation = this.negotiation = new Negotiation(peerConnection, {
      insist: () => this.peer === 'ours' && !settings.polite(),
      handleRemoteDescription: () => this.#addEarlyCandidates(),
      arrange: () => this.#arrange()
    })
    this.#channel = new PeerChannel(peerConnection, () => this.peer === 'ours')
    this.#listen(peerConnection)
    negotiation.on('needed', () => this.emit('needed', undefined))
    negotiation.on('described', message => this.emit('say', message))
    negotiation.on('agreed', () => this.#showTracks(receivedTracks(peerConnection)))
    this.forward(negotiation, 'error')
    this.#channel.on('mediaState', state => {
      this.mediaState = state
      this.emit('mediaState', state)
    })
    this.#channel.on('open', open => this.emit('channel', open))
    this.forward(this.#channel, 'data')
    if (!this.initiator) return
    this.arrange()
    this.#channel.open(peerConnection, settings.label)
  }

  /** The data channel, where it is open. */
  get dataChannel (): RTCDataChannel | undefined {
    return this.#channel.opened
  }

  get closed (): boolean {
    return this.#closed
  }

  get state (): RTCPeerConnectionState {
    if (this.#closed) return 'closed'
    // Firefox before 113 has the ICE transport's state only.
    if (this.peerConnection.connectionState !== undefined) return this.peerConnection.connectionState
    const iceConnectionState = this.peerConnection.iceConnectionState
    if (iceConnectionState === 'checking') return 'connecting'
    return iceConnectionState === 'completed' ? 'connected' : iceConnectionState
  }

  /** Whether media gets through. */
  get flowing (): boolean {
    return this.state === 'connected'
  }

  /** Whether a description of the other side is in place. */
  get answered (): boolean {
    return this.peerConnection.remoteDescription !== null
  }

  /** Against a client that cannot resolve collisions only the side that made the first offer makes any. */
  get mayOffer (): boolean {
    return this.initiator || this.peer === 'ours'
  }

  /** Brings the transceivers in line with the local media. */
  arrange (): void {
    // Before the other side's offer there is nothing to arrange: its sections are the ones to use.
    if (this.#closed || (!this.initiator && !this.answered)) return
    try {
      this.#arrange()
    } catch (error) {
      this.emit('error', callError(error))
    }
  }

  /** Tells the other side what camera and microphone are doing, over the data channel. */
  tell (state: MediaState): void {
    if (!this.#closed) this.#channel.tell(state)
  }

  /**
   * Hands a candidate of the other side to the browser, or keeps it until the first description. Nobody waits for it: the browser adds it before
   * whatever is asked of it next (W3C WebRTC 1.0, section 4.4.1.2), and a dozen turns of waiting are seen in the time to the first frame.
   */
  takeCandidate (candidate: RTCIceCandidateInit): void {
    if (this.answered) void this.#addCandidate(candidate)
    else this.#early.push(candidate)
  }

  /** Uses other STUN and TURN servers from the next gathering on. Throws what the browser throws at one that it refuses. */
  configure (configuration: RTCConfiguration): void {
    if (this.#closed) return
    this.peerConnection.setConfiguration({ ...this.peerConnection.getConfiguration(), iceServers: configuration.iceServers ?? [] })
  }

  close (): void {
    if (this.#closed) return
    this.#closed = true
    const peerConnection = this.peerConnection
    peerConnection.onicecandidate = peerConnection.ontrack = peerConnection.onnegotiationneeded = peerConnection.ondatachannel = null
    peerConnection.onconnectionstatechange = peerConnection.oniceconnectionstatechange = null
    this.#channel.close()
    peerConnection.close()
  }

  #listen (peerConnection: RTCPeerConnection): void {
    peerConnection.onnegotiationneeded = () => this.negotiation.need()
    peerConnection.onicecandidate = ({ candidate }) => {
      // The empty candidate is followed by null, and the end of them is told once.
      if (candidate?.candidate !== '') this.emit('say', candidateMessage(peerConnection, candidate))
    }
    peerConnection.ontrack = event => { if (!this.negotiation.repeating) this.#showTracks([...this.#tracks, event.track]) }
    peerConnection.onconnectionstatechange = () => this.emit('state', this.state)
    peerConnection.oniceconnectionstatechange = () => {
      this.emit('iceState', peerConnection.iceConnectionState)
      if (peerConnection.connectionState === undefined) this.emit('state', this.state)
    }
  }

  #arrange (): void {
    const plans = this.#settings.plans()
    // What a side that never offers may ever send it must agree to in its answer; a sender without a track sends nothing.
    if (!this.mayOffer) plans.audio.send = plans.video.send = true
    const add = this.initiator ? 'all' : this.mayOffer ? 'sending' : 'none'
    arrange(this.peerConnection, plans, this.#settings.group, add, this.#settings.order)
  }

  #addEarlyCandidates (): void {
    for (const candidate of this.#early.splice(0)) void this.#addCandidate(candidate)
  }

  async #addCandidate (candidate: RTCIceCandidateInit): Promise<void> {
    try {
      await this.peerConnection.addIceCandidate(candidate)
    } catch {
      // Of an offer that was ignored or taken back (W3C WebRTC 1.0, section 10.7), or of a kind that this browser
      // cannot use. Either way there are others; the recovery acts when there are not.
    }
  }

  #showTracks (tracks: Iterable<MediaStreamTrack>): void {
    this.#tracks = new Set(tracks)
    this.emit('tracks', [...this.#tracks])
  }
}
