import { Emitter } from '../base/emitter.js'
import { AdaptorError, browserError } from '../base/client-errors.js'
import { numberOf, textOf, type Frame } from '../signalling/frames.js'
import type { UnaddressedMessage } from './session-message.js'

interface NegotiationEvents {
  /** Something is to be negotiated; answered by `offer` or `postpone`. */
  needed: undefined
  /** A description of ours is to go to the other side. */
  described: UnaddressedMessage
  /** Both sides agree. */
  agreed: undefined
  error: AdaptorError
}

/** @internal */
export interface NegotiationSettings {
  /** Whether an offer that collides with ours is dropped, so that ours gets its answer. */
  insist: () => boolean
  /** Runs when a description of the other side is in place. */
  handleRemoteDescription: () => void
  /** Brings the transceivers in line with the local media before an offer is answered. */
  arrange: () => void
}

/**
 * Offers and answers on one RTCPeerConnection. The methods that return promises run one after the other, in the caller's
 * queue, which makes perfect negotiation (W3C WebRTC 1.0, section 10.7) simple: an offer collides exactly when it arrives
 * in a state that is not stable.
 */
export class Negotiation extends Emitter<NegotiationEvents> {
  readonly #peerConnection: RTCPeerConnection
  readonly #settings: NegotiationSettings
  /** Numbers our offers, so that an answer to one that was taken back is recognised. */
  #number = 0
  /** Something is to be negotiated as soon as the state allows. */
  #needed = false
  /** `needed` was emitted, and neither `offer` nor `postpone` has been called since. */
  #announced = false
  /** The last thing agreed is an answer of ours, and it has brought sections that were not there before. */
  #answeredNew = false
  /** An offer that was answered long ago is being set once more. What the browser says of its tracks meanwhile is no news. */
  repeating = false
  /** Makes an answer of ours that has brought new sections final before the next offer; the guard's. */
  finish: (() => Promise<void>) | null = null

  constructor (peerConnection: RTCPeerConnection, settings: NegotiationSettings) {
    super()
    this.#peerConnection = peerConnection
    this.#settings = settings
  }

  /** Whether something is still to be negotiated. */
  get needed (): boolean {
    return this.#needed
  }

  /** Asks for `offer` to be called. */
  need (): void {
    this.#needed = true
    if (this.#announced || this.#closed) return
    this.#announced = true
    this.emit('needed', undefined)
  }

  /** Leaves what is needed to the next time that both sides agree. */
  postpone (): void {
    this.#announced = false
  }

  /** Offers what is to be negotiated, now or as soon as the state allows. */
  async offer (): Promise<void> {
    const peerConnection = this.#peerConnection
    this.#announced = false
    this.#needed = true
    if (peerConnection.signalingState !== 'stable') return
    this.#needed = false
    if (this.#answeredNew) {
      this.#answeredNew = false
      await this.finish?.()
    }
    await peerConnection.setLocalDescription()
    this.#describe({ negotiation: ++this.#number, ...peerConnection.remoteDescription === null ? { fresh: true } : {} })
  }

  /** Takes back an offer whose answer will never come. */
  async rollback (): Promise<void> {
    if (this.#peerConnection.signalingState !== 'have-local-offer') return
    await this.#peerConnection.setLocalDescription({ type: 'rollback' })
    this.#needed = true
  }

  /** Takes an offer and answers it; `false` where it could not be used. */
  async takeOffer (frame: Frame): Promise<boolean> {
    const peerConnection = this.#peerConnection
    if (peerConnection.signalingState !== 'stable' && this.#settings.insist()) return true
    const before = peerConnection.getTransceivers().length
    try {
      // In have-local-offer this takes our own offer back first (W3C WebRTC 1.0, section 4.4.1.5). What that one was to
      // bring about is in our answer, or the browser says again that it is needed.
      await peerConnection.setRemoteDescription({ type: 'offer', sdp: textOf(frame.sdp) ?? '' })
      this.#settings.handleRemoteDescription()
      this.#settings.arrange()
      await peerConnection.setLocalDescription()
    } catch (error) {
      this.#fail(error)
      return false
    }
    this.#answeredNew = peerConnection.getTransceivers().length > before
    const negotiation = numberOf(frame.negotiation)
    this.#describe(negotiation === undefined ? {} : { negotiation })
    this.#agree()
    return true
  }

  async takeAnswer (frame: Frame): Promise<void> {
    const peerConnection = this.#peerConnection
    if (peerConnection.signalingState === 'stable' || peerConnection.signalingState === 'have-remote-offer') return
    // To an offer that was taken back.
    if (typeof frame.negotiation === 'number' && frame.negotiation !== this.#number) return
    try {
      await peerConnection.setRemoteDescription({ type: frame.type === 'pranswer' ? 'pranswer' : 'answer', sdp: textOf(frame.sdp) ?? '' })
      this.#settings.handleRemoteDescription()
    } catch (error) {
      return this.#fail(error)
    }
    if (frame.type !== 'answer') return
    this.#answeredNew = false
    this.#agree()
  }

  get #closed (): boolean {
    return this.#peerConnection.signalingState === 'closed'
  }

  #describe (more: { negotiation?: number, fresh?: boolean }): void {
    const description = this.#peerConnection.localDescription
    if (this.#closed || description === null) return
    this.emit('described', { command: 'takeConfiguration', type: description.type, sdp: description.sdp, ...more })
  }

  #agree (): void {
    if (this.#closed) return
    this.emit('agreed', undefined)
    if (this.#needed) this.need()
  }

  #fail (error: unknown): void {
    if (this.#closed) return
    this.emit('error', new AdaptorError('notSetRemoteDescription', browserError(error).message, { cause: error }))
  }
}
