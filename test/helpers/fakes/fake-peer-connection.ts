import { FakeDataChannel } from './fake-data-channel.js'
import { parse, receives, turned, type Description, type Direction } from './fake-description.js'
import type { FakeIce } from './fake-ice.js'
import { checkServers } from './fake-ice-servers.js'
import type { FakeTrack } from './fake-media.js'
import { FakeOperations } from './fake-operations.js'
import { FakeTransceiver } from './fake-transceiver.js'
import { FakeTransceivers } from './fake-transceivers.js'

/**
 * The negotiation of an RTCPeerConnection as W3C WebRTC 1.0 section 4.4 has it: states, a chain of operations, rollback,
 * the negotiation-needed event, transceivers. A description says only who made it and which way each medium goes.
 */
export class FakePeerConnection {
  readonly ice: FakeIce
  readonly origin: string
  configuration: RTCConfiguration
  signalingState: RTCSignalingState = 'stable'
  connectionState: RTCPeerConnectionState = 'new'
  iceConnectionState: RTCIceConnectionState = 'new'
  currentLocal: Description | null = null
  pendingLocal: Description | null = null
  currentRemote: Description | null = null
  pendingRemote: Description | null = null
  onnegotiationneeded: (() => void) | null = null
  onicecandidate: ((event: { candidate: object | null }) => void) | null = null
  ontrack: ((event: { track: FakeTrack, transceiver: FakeTransceiver }) => void) | null = null
  ondatachannel: ((event: { channel: FakeDataChannel }) => void) | null = null
  readonly channels: FakeDataChannel[] = []
  onconnectionstatechange: (() => void) | null = null
  oniceconnectionstatechange: (() => void) | null = null
  /** Whether offered sections take the transceivers that there are, as they take those that `addTrack` has made (RFC 9429, section 5.10). */
  adopting = false
  /** The fingerprint of its certificate, in each description that it makes from now on. */
  fingerprint: string
  /** How often ICE was restarted. */
  restarts = 0
  /** The other side's candidates that were taken, by the user name fragment they belong to. */
  readonly candidates: string[] = []
  /** Called when the signalling state has changed. */
  readonly #stateListeners: Array<() => void> = []
  #frames = 0
  readonly #transceivers = new FakeTransceivers()
  readonly #operations: FakeOperations
  #version = 0
  #ufrag = 1
  #restartWanted = false
  #negotiationNeeded = false
  /** The last description agreed is an answer of ours with new sections, and Chromium keeps how to undo it. */
  #undoesAnswer = false

  constructor (ice: FakeIce, configuration: RTCConfiguration = {}) {
    this.ice = ice
    this.#operations = new FakeOperations(ice, () => this.closed)
    checkServers(configuration)
    this.configuration = configuration
    ice.connections.push(this)
    this.origin = String(ice.connections.length)
    this.fingerprint = ice.fingerprint ?? `AA:${this.origin.padStart(2, '0')}`
  }

  get localDescription (): Description | null {
    return this.pendingLocal ?? this.currentLocal
  }

  get remoteDescription (): Description | null {
    return this.pendingRemote ?? this.currentRemote
  }

  get closed (): boolean {
    return this.signalingState === 'closed'
  }

  getSenders () {
    return this.getTransceivers().map(({ sender }) => sender)
  }

  getTransceivers (): FakeTransceiver[] {
    return [...this.#transceivers.all]
  }

  addEventListener (_type: 'signalingstatechange', listener: () => void): void {
    this.#stateListeners.push(listener)
  }

  async getStats (): Promise<Map<string, object>> {
    return new Map()
  }

  getConfiguration (): RTCConfiguration {
    return this.configuration
  }

  setConfiguration (configuration: RTCConfiguration): void {
    checkServers(configuration)
    this.configuration = configuration
  }

  addTransceiver (trackOrKind: FakeTrack | string, { direction }: { direction: Direction }): FakeTransceiver {
    const track = typeof trackOrKind === 'string' ? null : trackOrKind
    const transceiver = this.#newTransceiver(track?.kind ?? String(trackOrKind), direction, track)
    this.#updateNegotiationNeeded()
    return transceiver
  }

  createDataChannel (label: string): FakeDataChannel {
    const channel = new FakeDataChannel(label, this.ice.pending)
    this.channels.push(channel)
    return channel
  }

  restartIce (): void {
    this.#restartWanted = true
    this.#updateNegotiationNeeded()
  }

  createOffer (): Promise<Description> {
    return this.#operations.add(() => {
      if (this.signalingState !== 'stable' && this.signalingState !== 'have-local-offer') throw this.#wrong('createOffer')
      return this.#describe('offer')
    })
  }

  setLocalDescription (given?: { type: string, sdp?: string }): Promise<void> {
    return this.#operations.add(() => {
      const type = given?.type ?? (this.signalingState === 'have-remote-offer' ? 'answer' : 'offer')
      if (type === 'rollback') {
        if (this.signalingState !== 'have-local-offer') throw this.#wrong('rollback')
        return this.#rollback()
      }
      if (type === 'offer' ? this.signalingState !== 'stable' && this.signalingState !== 'have-local-offer' : this.signalingState !== 'have-remote-offer') {
        throw this.#wrong(`setLocalDescription(${type})`)
      }
      const description = given?.sdp === undefined || given.sdp === '' ? this.#describe(type) : { type, sdp: given.sdp }
      if (type === 'offer') {
        this.#transceivers.number(parse(description.sdp).sections)
        this.pendingLocal = description
        this.signalingState = 'have-local-offer'
      } else {
        const offered = this.pendingRemote as Description
        const news = this.currentRemote === null || parse(this.currentRemote.sdp).sections.length < parse(offered.sdp).sections.length
        this.#agree(description, offered, description)
        this.#undoesAnswer = news
      }
      this.#gather()
    })
  }

  setRemoteDescription ({ type, sdp = '' }: { type: string, sdp?: string }): Promise<void> {
    return this.#operations.add(() => {
      if (type === 'rollback') {
        if (this.signalingState !== 'have-remote-offer') throw this.#wrong('setRemoteDescription(rollback)')
        return this.#takeBack()
      }
      if (!sdp.startsWith('v=0')) throw new DOMException('No SDP', 'OperationError')
      if (type === 'offer') {
        if (this.signalingState === 'have-local-offer') this.#rollback()
        if (this.signalingState !== 'stable') throw this.#wrong('setRemoteDescription(offer)')
        this.#takeOffer({ type, sdp })
      } else {
        if (this.signalingState !== 'have-local-offer') throw this.#wrong(`setRemoteDescription(${type})`)
        const local = parse((this.pendingLocal as Description).sdp)
        if (parse(sdp).answers !== `${local.origin}.${local.version}`) {
          this.ice.faults.push(`an answer to ${parse(sdp).answers} was taken for one to ${local.origin}.${local.version}`)
          throw new DOMException('The answer fits another offer', 'InvalidAccessError')
        }
        this.#agree(this.pendingLocal as Description, { type, sdp }, { type, sdp })
      }
    })
  }

  addIceCandidate ({ candidate, usernameFragment }: RTCIceCandidateInit): Promise<void> {
    return this.#operations.add(() => {
      const remote = this.remoteDescription
      if (remote === null) throw new DOMException('There is no remote description', 'InvalidStateError')
      if (candidate === '') return
      const { ufrag } = parse(remote.sdp)
      if (typeof usernameFragment === 'string' && usernameFragment !== ufrag) throw new DOMException('Of another generation', 'OperationError')
      this.candidates.push(ufrag)
      this.ice.connect(this)
      const other = this.ice.find(parse(remote.sdp).origin)
      if (other !== undefined) this.ice.connect(other)
    })
  }

  close (): void {
    this.signalingState = 'closed'
    this.connectionState = 'closed'
    this.iceConnectionState = 'closed'
    for (const channel of this.channels) {
      channel.readyState = 'closed'
      if (channel.twin !== null) channel.twin.readyState = 'closed'
    }
  }

  /** The way to the other side changes. */
  become (state: 'connected' | 'disconnected' | 'failed' | 'connecting'): void {
    if (this.closed || this.connectionState === state) return
    this.connectionState = state
    this.iceConnectionState = state === 'connecting' ? 'checking' : state
    this.oniceconnectionstatechange?.()
    this.onconnectionstatechange?.()
  }

  /** One more with each look, while the other side's camera is on and gets through. */
  #countFrames (): number {
    if (this.ice.carriesPictures(this)) this.#frames++
    return this.#frames
  }

  #newTransceiver (kind: string, direction: Direction, track: FakeTrack | null): FakeTransceiver {
    const transceiver = new FakeTransceiver(kind, direction, track, () => this.#updateNegotiationNeeded(), () => this.#countFrames())
    this.#transceivers.all.push(transceiver)
    return transceiver
  }

  #describe (type: string): Description {
    const offer = type === 'answer' ? parse((this.pendingRemote as Description).sdp) : null
    if (type === 'offer' && this.#restartWanted) {
      this.#ufrag++
      this.restarts++
    } else if (offer !== null && this.currentRemote !== null && parse(this.currentRemote.sdp).ufrag !== offer.ufrag) {
      this.#ufrag++
    }
    const sdp = [
      'v=0',
      `o=- ${this.origin} ${++this.#version} IN IP4 127.0.0.1`,
      `a=ice-ufrag:${this.origin}u${this.#ufrag}`,
      `a=fingerprint:sha-256 ${this.fingerprint}`,
      ...offer === null ? [] : [`a=answers:${offer.origin}.${offer.version}`],
      ...(offer === null ? this.#data : offer.data) ? ['a=data'] : [],
      ...this.#transceivers.describe(offer)
    ].join('\r\n')
    return { type, sdp }
  }

  get #data (): boolean {
    return this.channels.length > 0 || (this.currentLocal !== null && parse(this.currentLocal.sdp).data)
  }

  #takeOffer (description: Description): void {
    const [offered, kept] = [parse(description.sdp), this.currentLocal === null ? null : parse(this.currentLocal.sdp)]
    // RFC 9429, section 5.10: an offer has every section that there was, in the same order.
    if (kept !== null && ((kept.data && !offered.data) || kept.sections.some(({ kind }, index) => offered.sections[index]?.kind !== kind))) {
      throw new DOMException('The order of m-lines in subsequent offer doesn\'t match order from previous offer/answer.', 'InvalidAccessError')
    }
    for (const section of parse(description.sdp).sections) {
      const transceiver = this.#transceivers.ofMid(section.mid) ??
        (this.adopting ? this.#transceivers.unused(section.kind) : undefined) ?? this.#newTransceiver(section.kind, 'recvonly', null)
      transceiver.mid = section.mid
      this.#announce(transceiver, turned(section.direction))
    }
    this.pendingRemote = description
    this.#signal('have-remote-offer')
  }

  #signal (state: RTCSignalingState): void {
    this.signalingState = state
    for (const listener of this.#stateListeners) listener()
  }

  #agree (local: Description, remote: Description, answer: Description): void {
    const mine = answer === local
    for (const section of parse(answer.sdp).sections) {
      const transceiver = this.#transceivers.ofMid(section.mid)
      if (transceiver === undefined) continue
      transceiver.currentDirection = mine ? section.direction : turned(section.direction)
      this.#announce(transceiver, transceiver.currentDirection)
    }
    this.currentLocal = local
    this.currentRemote = remote
    this.pendingLocal = this.pendingRemote = null
    this.#transceivers.keep()
    this.#undoesAnswer = false
    this.#restartWanted = false
    this.#signal('stable')
    if (this.connectionState === 'new') this.become('connecting')
    this.#negotiationNeeded = false
    this.#updateNegotiationNeeded()
    this.ice.connect(this)
  }

  /** Takes back an offer of the other side that brought no section that was not there before. */
  #takeBack (): void {
    this.pendingRemote = null
    this.#undoesAnswer = false
    for (const transceiver of this.#transceivers.all) transceiver.announced = receives(transceiver.currentDirection ?? 'inactive')
    this.#signal('stable')
    this.#negotiationNeeded = false
    this.#updateNegotiationNeeded()
  }

  #rollback (): void {
    if (this.#undoesAnswer) this.ice.faults.push('an offer was taken back right behind an answer with new sections: Chromium leaves their tracks muted')
    this.#undoesAnswer = false
    this.#transceivers.rollBack()
    this.pendingLocal = null
    this.signalingState = 'stable'
    this.#negotiationNeeded = false
    this.#updateNegotiationNeeded()
  }

  #announce (transceiver: FakeTransceiver, direction: Direction): void {
    const now = receives(direction)
    if (now && !transceiver.announced) {
      queueMicrotask(() => this.ontrack?.({ track: transceiver.receiver.track, transceiver }))
    }
    transceiver.announced = now
  }

  #gather (): void {
    const { ufrag } = parse((this.localDescription as Description).sdp)
    const candidates = [
      { candidate: `candidate:1 1 udp 1 127.0.0.1 9 typ host ufrag ${ufrag}`, sdpMid: '0', sdpMLineIndex: 0, usernameFragment: ufrag },
      null
    ]
    this.ice.pending.task(() => {
      for (const candidate of candidates) this.onicecandidate?.({ candidate })
    })
  }

  /** W3C WebRTC 1.0, section 4.7.3: a task, and never while operations are chained or the state is not stable. */
  #updateNegotiationNeeded (): void {
    if (!this.#operations.isEmpty) return this.#operations.whenEmpty(() => this.#updateNegotiationNeeded())
    if (this.#negotiationNeeded) return
    this.ice.pending.task(() => {
      if (this.closed || this.#negotiationNeeded) return
      if (!this.#operations.isEmpty) return this.#updateNegotiationNeeded()
      if (this.signalingState !== 'stable' || !this.#needed) return
      this.#negotiationNeeded = true
      this.onnegotiationneeded?.()
    })
  }

  get #needed (): boolean {
    const [local, remote] = [this.currentLocal, this.currentRemote].map(description => description === null ? null : parse(description.sdp))
    return this.#restartWanted || this.#transceivers.needNegotiation(local ?? null, remote ?? null, this.currentLocal?.type === 'offer')
  }

  #wrong (what: string): DOMException {
    const fault = `${what} in ${this.signalingState}`
    if (!this.closed) this.ice.faults.push(fault)
    return new DOMException(fault, 'InvalidStateError')
  }
}
