import { Emitter } from '../base/emitter.js'
import type { Environment } from '../base/environment.js'
import { AdaptorError, browserError, callError } from '../base/client-errors.js'
import { numberOf, textOf, type Frame } from '../signalling/frames.js'
import type { Outgoing } from '../signalling/outbox.js'
import { PeerChannel, type MediaState } from './peer-channel.js'
import type { Kind } from '../media/local-track.js'
import { arrange, originOf, receivedTracks, type TransceiverPlans } from './transceivers.js'

/** `ours` speaks perfect negotiation; `plain` is any other client of the protocol. */
export type PeerKind = 'unknown' | 'ours' | 'plain'

/** A message to the other side of a session, with the fields that this SDK adds to the wire's own. */
export type SessionMessage = Outgoing & { session: string, negotiation?: number, fresh?: boolean, usernameFragment?: string }
type WithoutRoom<T> = T extends unknown ? Omit<T, 'streamId' | 'session'> : never
/** A session message before its room and session are added. */
export type UnaddressedMessage = WithoutRoom<SessionMessage>

interface PeerSessionEvents {
  state: RTCPeerConnectionState
  iceState: RTCIceConnectionState
  tracks: MediaStreamTrack[]
  /** What the other side's camera and microphone are doing, as it says itself. */
  mediaState: MediaState
  /** Something wants to be negotiated; answered by `offer`. */
  needed: undefined
  say: UnaddressedMessage
  error: AdaptorError
}

export interface PeerSessionSettings {
  id: string
  /** Whether this side made the first offer. */
  initiator: boolean
  configuration: RTCConfiguration
  /** The name of the data channel. */
  label: string
  /** The order of the sections that this side adds. */
  order: readonly Kind[]
  group: MediaStream
  plans: () => TransceiverPlans
  polite: () => boolean
}

/**
 * One RTCPeerConnection with one other peer. Its methods that return promises run one after the other, in the
 * caller's queue, which makes W3C WebRTC 1.0's perfect negotiation (section 10.7) simple: an offer collides
 * exactly when it arrives in a state that is not stable.
 */
export class PeerSession extends Emitter<PeerSessionEvents> {
  readonly id: string
  readonly initiator: boolean
  readonly peerConnection: RTCPeerConnection
  peer: PeerKind = 'unknown'
  readonly #settings: PeerSessionSettings
  readonly #channel: PeerChannel
  /** Our offers are numbered, so that no answer is taken for another's. */
  #negotiation = 0
  /** Something is to be negotiated as soon as the state allows. */
  #needed = false
  /** `needed` was told, and `offer` has not been called since. */
  #announced = false
  #ignoring = false
  #early: RTCIceCandidateInit[] = []
  #tracks = new Set<MediaStreamTrack>()
  #closed = false

  /** Throws what the browser throws at a bad configuration. */
  constructor (environment: Environment, settings: PeerSessionSettings) {
    super()
    this.#settings = settings
    this.id = settings.id
    this.initiator = settings.initiator
    this.peerConnection = new environment.RTCPeerConnection(settings.configuration)
    this.#listen(this.peerConnection)
    this.#channel = new PeerChannel(this.peerConnection, () => this.peer === 'ours')
    this.#channel.on('mediaState', state => this.emit('mediaState', state))
    if (!this.initiator) return
    this.arrange()
    this.#channel.open(this.peerConnection, settings.label)
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

  /** Whether the other side has described itself yet. */
  get answered (): boolean {
    return this.peerConnection.remoteDescription !== null
  }

  /** Whether something is still to be negotiated. */
  get needy (): boolean {
    return this.#needed
  }

  /** Against a client that cannot resolve collisions only the side that made the first offer makes any. */
  get mayOffer (): boolean {
    return this.initiator || this.peer === 'ours'
  }

  /** Whether a description of another client comes from the peer connection that this one talks to. */
  continues (sdp: string): boolean {
    const known = this.peerConnection.remoteDescription?.sdp
    return known !== undefined && originOf(known) === originOf(sdp)
  }

  /** Lets the senders carry what the local media say now. */
  arrange (): void {
    // Before the other side's offer there is nothing to arrange: its sections are the ones to use.
    if (this.#closed || (!this.initiator && !this.answered)) return
    this.#arrange().catch(error => this.emit('error', callError(error)))
  }

  /** Tells the other side what camera and microphone are doing, on the way between the two. */
  tell (state: MediaState): void {
    if (!this.#closed) this.#channel.tell(state)
  }

  /** Offers what is to be negotiated, now or as soon as the state allows. */
  async offer (): Promise<void> {
    const peerConnection = this.peerConnection
    this.#announced = false
    this.#needed = true
    if (this.#closed || peerConnection.signalingState !== 'stable') return
    this.#needed = false
    // In two steps: when an offer that setLocalDescription made by itself is taken back, Chromium (seen in 156) may leave the
    // track that comes with the other's offer muted for ever, though its packets arrive. The two steps also bring about a
    // second offer behind the first one of each connection: `negotiationneeded` fires between them, and `need` asks for one.
    // That one is needed. Without it, with the same two steps, the first offer that is taken back in the call leaves the
    // track muted all the same (test/browser/glare.test.ts).
    await peerConnection.setLocalDescription(await peerConnection.createOffer())
    this.#negotiation++
    this.#describe({ negotiation: this.#negotiation, ...this.answered ? {} : { fresh: true } })
  }

  /** Asks for `offer` to be called. */
  need (): void {
    this.#needed = true
    if (this.#announced || this.#closed) return
    this.#announced = true
    this.emit('needed', undefined)
  }

  /** Leaves what is needed to the next time that the state is stable. */
  postpone (): void {
    this.#announced = false
  }

  /** Takes back an offer whose answer will never come. */
  async rollback (): Promise<void> {
    if (!this.#closed && this.peerConnection.signalingState === 'have-local-offer') {
      await this.peerConnection.setLocalDescription({ type: 'rollback' })
      this.#needed = true
    }
  }

  /** Takes an offer and answers it; `false` where it could not be used. */
  async takeOffer (frame: Frame): Promise<boolean> {
    const peerConnection = this.peerConnection
    const collision = peerConnection.signalingState !== 'stable'
    this.#ignoring = collision && this.peer === 'ours' && !this.#settings.polite()
    if (this.#ignoring) return true
    try {
      // In have-local-offer this takes our own offer back first (W3C WebRTC 1.0, section 4.4.1.5). What that one was to
      // bring about is in our answer, or the browser says again that it is needed.
      await peerConnection.setRemoteDescription({ type: 'offer', sdp: textOf(frame.sdp) ?? '' })
      await this.#addEarlyCandidates()
      await this.#arrange()
      await peerConnection.setLocalDescription()
    } catch (error) {
      this.#fault(error)
      return false
    }
    const negotiation = numberOf(frame.negotiation)
    this.#describe(negotiation === undefined ? {} : { negotiation })
    await this.#stable()
    return true
  }

  async takeAnswer (frame: Frame): Promise<void> {
    const peerConnection = this.peerConnection
    if (peerConnection.signalingState === 'stable' || peerConnection.signalingState === 'have-remote-offer') return
    // To an offer that was taken back.
    if (typeof frame.negotiation === 'number' && frame.negotiation !== this.#negotiation) return
    try {
      await peerConnection.setRemoteDescription({ type: frame.type === 'pranswer' ? 'pranswer' : 'answer', sdp: textOf(frame.sdp) ?? '' })
      await this.#addEarlyCandidates()
    } catch (error) {
      this.#fault(error)
      return
    }
    if (frame.type === 'answer') await this.#stable()
  }

  async takeCandidate (candidate: RTCIceCandidateInit): Promise<void> {
    if (this.answered) await this.#addCandidate(candidate)
    else this.#early.push(candidate)
  }

  restartIce (): void {
    if (!this.#closed) this.peerConnection.restartIce()
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
    peerConnection.onnegotiationneeded = () => this.need()
    peerConnection.onicecandidate = event => this.#sayCandidate(event.candidate)
    peerConnection.ontrack = event => {
      this.#tracks.add(event.track)
      this.#showTracks()
    }
    peerConnection.onconnectionstatechange = () => this.emit('state', this.state)
    peerConnection.oniceconnectionstatechange = () => {
      this.emit('iceState', peerConnection.iceConnectionState)
      if (peerConnection.connectionState === undefined) this.emit('state', this.state)
    }
  }

  #arrange (): Promise<void> {
    const plans = this.#settings.plans()
    // What a side that never offers may ever send it must agree to in its answer; a sender without a track sends nothing.
    if (!this.mayOffer) plans.audio.send = plans.video.send = true
    return arrange(this.peerConnection, plans, this.#settings.group, this.initiator ? 'all' : this.mayOffer ? 'sending' : 'none', this.#settings.order)
  }

  #describe (more: { negotiation?: number, fresh?: boolean }): void {
    const description = this.peerConnection.localDescription
    if (this.#closed || description === null) return
    this.emit('say', { command: 'takeConfiguration', type: description.type, sdp: description.sdp, ...more })
  }

  #sayCandidate (candidate: RTCIceCandidate | null): void {
    // The empty one is followed by null; the end is told once, and always with the numbers that native clients need.
    if (this.#closed || candidate?.candidate === '') return
    const id = candidate?.sdpMid ?? this.peerConnection.getTransceivers()[0]?.mid ?? '0'
    const fragment = candidate?.usernameFragment
    this.emit('say', {
      command: 'takeCandidate',
      label: candidate?.sdpMLineIndex ?? 0,
      id,
      candidate: candidate?.candidate ?? '',
      ...typeof fragment === 'string' ? { usernameFragment: fragment } : {}
    })
  }

  async #addEarlyCandidates (): Promise<void> {
    for (const candidate of this.#early.splice(0)) await this.#addCandidate(candidate)
  }

  async #addCandidate (candidate: RTCIceCandidateInit): Promise<void> {
    try {
      await this.peerConnection.addIceCandidate(candidate)
    } catch {
      // Of an offer that was ignored or taken back (W3C WebRTC 1.0, section 10.7), or of a kind that this browser
      // cannot use. Either way there are others; the recovery acts when there are not.
    }
  }

  async #stable (): Promise<void> {
    if (this.#closed) return
    this.#tracks = new Set(receivedTracks(this.peerConnection))
    this.#showTracks()
    if (this.#needed) this.need()
  }

  #showTracks (): void {
    this.emit('tracks', [...this.#tracks])
  }

  #fault (error: unknown): void {
    if (this.#closed) return
    this.emit('error', new AdaptorError('notSetRemoteDescription', browserError(error).message, { cause: error }))
  }
}
