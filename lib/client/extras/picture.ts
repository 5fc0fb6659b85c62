import type { PeerSession } from '../call/peer-session.js'
import type { ExtraContext } from './extra.js'

/** How the picture is sent: with which codec, in which part of the network, and what of it suffers first. It holds for the next calls, too. */
export class Picture {
  readonly #context: ExtraContext
  readonly #ends: Array<() => void>
  /** In bit/s; null before the application has said anything. */
  #limit: number | 'unlimited' | null = null
  #codecs: readonly string[] = []
  /** What was done at the sender, one after the other: parameters that were read before others were set are refused (W3C WebRTC 1.0, section 5.2). */
  #setting: Promise<void> = Promise.resolve()

  constructor (context: ExtraContext) {
    this.#context = context
    const { current, media } = context
    this.#ends = [
      current.on('session', session => this.#follow(session)),
      media.on('changed', () => { if (current.session !== null) this.#apply(current.session) })
    ]
    this.#follow(current.session)
  }

  async changeBandwidth (bandwidth: number | 'unlimited'): Promise<void> {
    if (bandwidth !== 'unlimited' && !(bandwidth > 0)) throw new this.#context.AdaptorError('TypeError', 'The bandwidth is a number of kbit/s, or \'unlimited\'.')
    this.#limit = bandwidth === 'unlimited' ? bandwidth : bandwidth * 1_000
    const { session } = this.#context.current
    if (session !== null) await this.#set(session)
  }

  async preferVideoCodecs (codecs: readonly string[]): Promise<void> {
    if (typeof globalThis.RTCRtpTransceiver?.prototype.setCodecPreferences !== 'function') {
      throw new this.#context.AdaptorError('NotSupportedError', 'This browser cannot choose codecs.')
    }
    this.#codecs = codecs.map(codec => `video/${codec}`.toLowerCase())
    const { call, current: { session } } = this.#context
    if (session === null) return
    this.#choose(session)
    await call.queue.push(() => call.offer(session))
  }

  close (): void {
    for (const end of this.#ends) end()
  }

  #follow (session: PeerSession | null): void {
    if (session === null) return
    this.#apply(session)
    // What an offer of the other side adds is there before the promise of `setRemoteDescription` resolves, and so before it is answered
    // (W3C WebRTC 1.0, section 4.4.1.5).
    session.peerConnection.addEventListener('signalingstatechange', () => { if (session === this.#context.current.session) this.#apply(session) })
  }

  #apply (session: PeerSession): void {
    this.#choose(session)
    // A sender that is gone meanwhile needs nothing any more.
    this.#set(session).catch(() => {})
  }

  #choose ({ peerConnection }: PeerSession): void {
    if (this.#codecs.length === 0) return
    const { codecs = [] } = globalThis.RTCRtpReceiver.getCapabilities('video') ?? {}
    const rank = ({ mimeType }: { mimeType: string }) => (this.#codecs.indexOf(mimeType.toLowerCase()) + 1) || Infinity
    // The others behind them, in the browser's own order: a call with another codec is better than none.
    const sorted = [...codecs].sort((one, other) => rank(one) === rank(other) ? 0 : rank(one) - rank(other))
    for (const transceiver of peerConnection.getTransceivers()) {
      if (transceiver.receiver.track.kind === 'video') transceiver.setCodecPreferences(sorted)
    }
  }

  #set ({ peerConnection }: PeerSession): Promise<void> {
    const setting = this.#setting.then(async () => {
      const transceiver = peerConnection.getTransceivers().find(({ receiver }) => receiver.track.kind === 'video')
      if (transceiver !== undefined) await this.#setParameters(transceiver.sender)
    })
    this.#setting = setting.catch(() => {})
    return setting
  }

  async #setParameters (sender: RTCRtpSender): Promise<void> {
    const { media } = this.#context
    const sharing = media.stopSharing !== null
    // The sender may still have the track of before. A hint of the application's own stays; a screen has its hint already.
    const track = media.track('video')
    if (track?.contentHint === '') track.contentHint = 'motion'
    const parameters = sender.getParameters()
    // Firefox before 110 has none before they are set.
    const [encoding = {}, ...others] = parameters.encodings ?? []
    if (this.#limit === 'unlimited') delete encoding.maxBitrate
    else if (this.#limit !== null) encoding.maxBitrate = this.#limit
    // Of a screen each letter has to be read, and of a face each movement be seen.
    const degradationPreference = sharing ? 'maintain-resolution' : 'maintain-framerate'
    await sender.setParameters({ ...parameters, encodings: [encoding, ...others], degradationPreference })
  }
}
