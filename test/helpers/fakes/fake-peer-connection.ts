import type { Environment } from '../../../lib/client/base/environment.js'
import { FakeTrack } from './fake-media.js'
import { Pending } from './pending.js'

type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'
interface Description { type: string, sdp: string }
interface Section { kind: string, mid: string, direction: Direction }
interface Parsed { origin: string, version: number, ufrag: string, answers: string | null, data: boolean, sections: Section[] }

const sends = (direction: Direction | null) => direction === 'sendrecv' || direction === 'sendonly'
const receives = (direction: Direction | null) => direction === 'sendrecv' || direction === 'recvonly'
const directionOf = (send: boolean, receive: boolean): Direction => send ? receive ? 'sendrecv' : 'sendonly' : receive ? 'recvonly' : 'inactive'
const turned = (direction: Direction) => directionOf(receives(direction), sends(direction))
const both = (one: Direction, two: Direction) => directionOf(sends(one) && sends(two), receives(one) && receives(two))

export class FakeTransceiver {
  mid: string | null = null
  direction: Direction
  currentDirection: Direction | null = null
  /** Whether the other side's track has been announced by an event and not been taken away since. */
  announced = false
  readonly receiver: { track: FakeTrack, getStats: () => Promise<Map<string, object>> }
  readonly sender: {
    track: FakeTrack | null
    streams: object[]
    replaceTrack: (track: FakeTrack | null) => Promise<void>
    setStreams: (...streams: object[]) => void
  }

  constructor (kind: string, direction: Direction, track: FakeTrack | null, changed: () => void, frames: () => number) {
    this.direction = direction
    const stats = () => new Map([['one', { type: 'inbound-rtp', kind, ...kind === 'video' ? { framesDecoded: frames() } : {} }]])
    this.receiver = { track: new FakeTrack(kind, `remote ${kind}`), getStats: async () => stats() }
    this.sender = {
      track,
      replaceTrack: async track => { this.sender.track = track },
      streams: [],
      setStreams: (...streams) => { this.sender.streams = streams }
    }
    return new Proxy(this, {
      set: (target, field, value) => {
        const done = Reflect.set(target, field, value)
        if (field === 'direction') changed()
        return done
      }
    })
  }
}

/** A data channel, as far as the SDK uses one: open while the two ends are connected. */
export class FakeDataChannel {
  readonly label: string
  readonly sent: string[] = []
  readyState: 'connecting' | 'open' | 'closed' = 'connecting'
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  twin: FakeDataChannel | null = null
  readonly #pending: Pending

  constructor (label: string, pending: Pending) {
    this.label = label
    this.#pending = pending
  }

  send (text: string): void {
    if (this.readyState !== 'open') throw new DOMException(`send while ${this.readyState}`, 'InvalidStateError')
    this.sent.push(text)
    this.#pending.task(() => { if (this.twin?.readyState === 'open') this.twin.onmessage?.({ data: text }) })
  }
}

/** What the peer connections of one test share: they find each other here, and time passes as the test says. */
export class FakeIce {
  readonly connections: FakePeerConnection[] = []
  /** The tasks that the browser has queued. */
  readonly pending = new Pending()
  /** Whether two sides that know each other's candidates get through to each other. */
  open = true
  /** Whether pictures move: frames of the cameras that are on come through. */
  frames = true
  /** Awaited in the middle of each asynchronous operation. */
  pause: () => Promise<void> = async () => {}
  /** What a browser would have refused: a description in the wrong state, an answer to another offer. */
  readonly faults: string[] = []

  get RTCPeerConnection (): Environment['RTCPeerConnection'] {
    const make = (configuration?: RTCConfiguration) => new FakePeerConnection(this, configuration)
    return function RTCPeerConnection (configuration?: RTCConfiguration) { return make(configuration) } as unknown as Environment['RTCPeerConnection']
  }

  find (origin: string): FakePeerConnection | undefined {
    return this.connections.find(connection => connection.origin === origin)
  }
}

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
  /** How often ICE was restarted. */
  restarts = 0
  /** The other side's candidates that were taken, by the user name fragment they belong to. */
  readonly candidates: string[] = []
  #frames = 0
  #transceivers: FakeTransceiver[] = []
  #beforeOffer: Array<{ transceiver: FakeTransceiver, mid: string | null }> | null = null
  #madeByOffer: FakeTransceiver[] = []
  #chain: Promise<unknown> = Promise.resolve()
  #chained = 0
  #lookOnEmptyChain = false
  #version = 0
  #ufrag = 1
  #restartWanted = false
  #negotiationNeeded = false

  constructor (ice: FakeIce, configuration: RTCConfiguration = {}) {
    this.ice = ice
    checkServers(configuration)
    this.configuration = configuration
    ice.connections.push(this)
    this.origin = String(ice.connections.length)
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

  getTransceivers (): FakeTransceiver[] {
    return [...this.#transceivers]
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
    return this.#operate(() => {
      if (this.signalingState !== 'stable' && this.signalingState !== 'have-local-offer') throw this.#wrong('createOffer')
      return this.#describe('offer')
    })
  }

  setLocalDescription (given?: { type: string, sdp?: string }): Promise<void> {
    return this.#operate(() => {
      const type = given?.type ?? (this.signalingState === 'have-remote-offer' ? 'answer' : 'offer')
      if (type === 'rollback') {
        if (this.signalingState !== 'have-local-offer') throw this.#wrong('rollback')
        return this.#rollback()
      }
      if (type === 'offer' ? this.signalingState !== 'stable' && this.signalingState !== 'have-local-offer' : this.signalingState !== 'have-remote-offer') {
        throw this.#wrong(`setLocalDescription(${type})`)
      }
      const description = given?.sdp === undefined || given.sdp === '' ? this.#describe(type) : { type, sdp: given.sdp }
      const { sections } = parse(description.sdp)
      if (type === 'offer') {
        this.#beforeOffer ??= this.#transceivers.map(transceiver => ({ transceiver, mid: transceiver.mid }))
        sections.forEach((section, index) => {
          const transceiver = this.#transceivers[index]
          if (transceiver !== undefined) transceiver.mid = section.mid
        })
        this.pendingLocal = description
        this.signalingState = 'have-local-offer'
      } else {
        this.#agree(description, this.pendingRemote as Description, description)
      }
      this.#gather()
    })
  }

  setRemoteDescription ({ type, sdp }: { type: string, sdp: string }): Promise<void> {
    return this.#operate(() => {
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
    return this.#operate(() => {
      const remote = this.remoteDescription
      if (remote === null) throw new DOMException('There is no remote description', 'InvalidStateError')
      if (candidate === '') return
      const { ufrag } = parse(remote.sdp)
      if (typeof usernameFragment === 'string' && usernameFragment !== ufrag) throw new DOMException('Of another generation', 'OperationError')
      this.candidates.push(ufrag)
      this.#connect()
      const other = this.ice.find(parse(remote.sdp).origin)
      if (other !== undefined) other.#connect()
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

  /** Connected, where both sides have agreed and know a candidate of each other's present generation. */
  #connect (): void {
    if (this.closed || this.signalingState !== 'stable' || this.currentRemote === null || this.currentLocal === null) return
    const remote = parse(this.currentRemote.sdp)
    const other = this.ice.find(remote.origin)
    if (other === undefined || other.closed || other.currentRemote === null) return
    if (parse(other.currentRemote.sdp).origin !== this.origin || !this.candidates.includes(remote.ufrag)) return
    if (!this.ice.open) return
    this.become('connected')
    for (const end of [this, other]) end.#openChannels(end === this ? other : this)
  }

  /** RFC 8831: where both have agreed on a section for data, each channel comes out at the other side. */
  #openChannels (other: FakePeerConnection): void {
    if (![this.currentLocal, this.currentRemote].every(description => description !== null && parse(description.sdp).data)) return
    for (const channel of this.channels.filter(({ twin }) => twin === null)) {
      const twin = channel.twin = new FakeDataChannel(channel.label, this.ice.pending)
      twin.twin = channel
      other.channels.push(twin)
      this.ice.pending.task(() => {
        if (this.closed || other.closed) return
        channel.readyState = twin.readyState = 'open'
        other.ondatachannel?.({ channel: twin })
        for (const end of [channel, twin]) end.onopen?.()
      })
    }
  }

  /** One more with each look, while the other side's camera is on and gets through. */
  #countFrames (): number {
    const other = this.currentRemote === null ? undefined : this.ice.find(parse(this.currentRemote.sdp).origin)
    const sending = other?.getTransceivers().some(({ sender, currentDirection }) =>
      sender.track?.kind === 'video' && sender.track.readyState === 'live' && sends(currentDirection)) ?? false
    if (this.ice.frames && sending && other?.connectionState === 'connected' && this.connectionState === 'connected') this.#frames++
    return this.#frames
  }

  #newTransceiver (kind: string, direction: Direction, track: FakeTrack | null): FakeTransceiver {
    const transceiver = new FakeTransceiver(kind, direction, track, () => this.#updateNegotiationNeeded(), () => this.#countFrames())
    this.#transceivers.push(transceiver)
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
    const lines = this.#transceivers.filter(({ mid }) => type === 'offer' || mid !== null).map((transceiver, index) => {
      const mid = transceiver.mid ?? String(index)
      const offered = offer?.sections.find(section => section.mid === mid)
      const direction = offered === undefined ? transceiver.direction : both(transceiver.direction, turned(offered.direction))
      return `m=${transceiver.receiver.track.kind} ${mid} ${direction}`
    })
    const sdp = [
      'v=0',
      `o=- ${this.origin} ${++this.#version} IN IP4 127.0.0.1`,
      `a=ice-ufrag:${this.origin}u${this.#ufrag}`,
      ...offer === null ? [] : [`a=answers:${offer.origin}.${offer.version}`],
      ...(offer === null ? this.#data : offer.data) ? ['a=data'] : [],
      ...lines
    ].join('\r\n')
    return { type, sdp }
  }

  get #data (): boolean {
    return this.channels.length > 0 || (this.currentLocal !== null && parse(this.currentLocal.sdp).data)
  }

  #takeOffer (description: Description): void {
    this.#madeByOffer = []
    const [offered, kept] = [parse(description.sdp), this.currentLocal === null ? null : parse(this.currentLocal.sdp)]
    // RFC 9429, section 5.10: an offer has every section that there was, in the same order.
    if (kept !== null && ((kept.data && !offered.data) || kept.sections.some(({ kind }, index) => offered.sections[index]?.kind !== kind))) {
      throw new DOMException('The order of m-lines in subsequent offer doesn\'t match order from previous offer/answer.', 'InvalidAccessError')
    }
    for (const section of parse(description.sdp).sections) {
      let transceiver = this.#transceivers.find(({ mid }) => mid === section.mid) ??
        (this.adopting ? this.#transceivers.find(({ mid, receiver }) => mid === null && receiver.track.kind === section.kind) : undefined)
      if (transceiver !== undefined) {
        transceiver.mid = section.mid
      } else {
        transceiver = this.#newTransceiver(section.kind, 'recvonly', null)
        transceiver.mid = section.mid
        this.#madeByOffer.push(transceiver)
      }
      this.#announce(transceiver, turned(section.direction))
    }
    this.pendingRemote = description
    this.signalingState = 'have-remote-offer'
  }

  #agree (local: Description, remote: Description, answer: Description): void {
    const mine = answer === local
    for (const section of parse(answer.sdp).sections) {
      const transceiver = this.#transceivers.find(({ mid }) => mid === section.mid)
      if (transceiver === undefined) continue
      transceiver.currentDirection = mine ? section.direction : turned(section.direction)
      this.#announce(transceiver, transceiver.currentDirection)
    }
    this.currentLocal = local
    this.currentRemote = remote
    this.pendingLocal = this.pendingRemote = null
    this.#beforeOffer = null
    this.#restartWanted = false
    this.signalingState = 'stable'
    if (this.connectionState === 'new') this.become('connecting')
    this.#negotiationNeeded = false
    this.#updateNegotiationNeeded()
    this.#connect()
  }

  #rollback (): void {
    for (const transceiver of this.#transceivers) {
      const before = this.#beforeOffer?.find(entry => entry.transceiver === transceiver)
      transceiver.mid = before?.mid ?? null
    }
    this.#beforeOffer = null
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
    if (this.#chained > 0) {
      this.#lookOnEmptyChain = true
      return
    }
    if (this.#negotiationNeeded) return
    this.ice.pending.task(() => {
      if (this.closed || this.#negotiationNeeded) return
      if (this.#chained > 0) return this.#updateNegotiationNeeded()
      if (this.signalingState !== 'stable' || !this.#needed) return
      this.#negotiationNeeded = true
      this.onnegotiationneeded?.()
    })
  }

  get #needed (): boolean {
    const offered = this.currentLocal === null ? null : parse(this.currentLocal.sdp)
    return this.#restartWanted || this.#transceivers.some(transceiver => {
      if (transceiver.mid === null || offered === null) return true
      if (this.currentLocal?.type === 'offer') {
        const section = offered.sections.find(({ mid }) => mid === transceiver.mid)
        return transceiver.currentDirection !== transceiver.direction && section?.direction !== transceiver.direction
      }
      const section = parse((this.currentRemote as Description).sdp).sections.find(({ mid }) => mid === transceiver.mid)
      return section === undefined || both(transceiver.direction, turned(section.direction)) !== transceiver.currentDirection
    })
  }

  #wrong (what: string): DOMException {
    const fault = `${what} in ${this.signalingState}`
    if (!this.closed) this.ice.faults.push(fault)
    return new DOMException(fault, 'InvalidStateError')
  }

  #operate<T> (run: () => T): Promise<T> {
    this.#chained++
    const result = this.#chain.then(async () => {
      await this.ice.pause()
      // Promises of a closed connection are never fulfilled or rejected.
      if (this.closed) await new Promise(() => {})
      return run()
    }).finally(() => {
      if (--this.#chained > 0 || !this.#lookOnEmptyChain) return
      this.#lookOnEmptyChain = false
      this.#updateNegotiationNeeded()
    })
    this.#chain = result.catch(() => {})
    return result
  }
}

/** W3C WebRTC 1.0, section 4.4.1.6, "set a configuration": what no browser takes for a server. */
function checkServers ({ iceServers = [] }: RTCConfiguration): void {
  for (const server of iceServers as Array<Partial<RTCIceServer> | null>) {
    if (server?.urls === undefined) throw new TypeError('urls is required')
    for (const url of [server.urls].flat()) {
      if (!/^(stuns?|turns?):./.test(url)) throw new DOMException(`${url} is no address`, 'SyntaxError')
      if (/^turn/.test(url) && (server.username === undefined || server.credential === undefined)) {
        throw new DOMException('Both username and credential are required', 'InvalidAccessError')
      }
    }
  }
}

/** What a description says. */
export function parse (sdp: string): Parsed {
  const [, origin = '', version = '0'] = /^o=- (\S+) (\d+)/m.exec(sdp) ?? []
  return {
    origin,
    version: Number(version),
    ufrag: /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1] ?? '',
    answers: /^a=answers:(\S+)/m.exec(sdp)?.[1] ?? null,
    data: /^a=data/m.test(sdp),
    sections: [...sdp.matchAll(/^m=(\S+) (\S+) (\S+)/mg)].map(([, kind = '', mid = '', direction]) => ({ kind, mid, direction: direction as Direction }))
  }
}
