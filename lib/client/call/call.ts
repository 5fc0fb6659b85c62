import { Emitter } from '../base/emitter.js'
import type { Environment } from '../base/environment.js'
import { AdaptorError, browserError, callError } from '../base/client-errors.js'
import { numberOf, textOf, type Frame } from '../signalling/frames.js'
import type { IceServers } from '../signalling/ice-servers.js'
import { Recovery, type Failure, type RecoveryStep } from './recovery.js'
import type { Kind } from '../media/local-track.js'
import type { Media } from '../media/media.js'
import { PeerSession, type PeerKind, type PeerSessionSettings, type UnaddressedMessage } from './peer-session.js'
import { Queue } from '../base/queue.js'
import type { Seated, Signaling } from '../signalling/signalling.js'
import { KINDS, orderOf, type TransceiverPlan } from './transceivers.js'

/** Maximum candidates kept before the first offer. No browser gathers as many. */
const MAX_EARLY = 200

interface CallEvents {
  /** What the other side sends now; none at the end of the call. */
  tracks: MediaStreamTrack[]
  session: PeerSession | null
  iceState: RTCIceConnectionState
  error: AdaptorError
}

export interface CallSettings {
  receive: Record<Kind, boolean>
}

interface CallParts {
  signaling: Signaling
  iceServers: IceServers
  media: Media
}

/** The call with the one other peer in the room: which peer connection it has, and what becomes of it. */
export class Call extends Emitter<CallEvents> {
  readonly #environment: Environment
  readonly #signaling: Signaling
  readonly #iceServers: IceServers
  readonly #media: Media
  readonly #settings: CallSettings
  readonly #recovery: Recovery
  readonly #queue: Queue
  #session: PeerSession | null = null
  #polite = true
  #politeKnown = false
  /** Whether the server says, or the other peer has shown, that somebody is there. */
  #present = false
  /** The one who came second makes no offer before the first one has come. */
  #awaiting = false
  #early: RTCIceCandidateInit[] = []
  /** In which order the last description of a client of another make had its sections: it may have kept its peer connection. */
  #order = KINDS
  /** How often what was under way was given up. */
  #ended = 0

  constructor (environment: Environment, parts: CallParts, settings: CallSettings) {
    super()
    this.#environment = environment
    const signaling = this.#signaling = parts.signaling
    const iceServers = this.#iceServers = parts.iceServers
    this.#media = parts.media
    this.#settings = settings
    this.#queue = new Queue(error => this.emit('error', callError(error)))
    this.#recovery = new Recovery(environment, {
      able: () => this.#signaling.seated && this.#present,
      polite: () => this.#polite,
      plain: () => this.#session?.peer !== 'ours',
      mayOffer: () => this.#session?.mayOffer ?? false,
      attempt: step => this.#attempt(step),
      report: reported => this.#report(reported)
    })
    signaling.on('seated', seated => this.#seated(seated))
    signaling.on('unseated', () => this.end())
    signaling.on('seat', frame => this.#receive(frame))
    iceServers.on('changed', () => this.#configure())
    parts.media.on('changed', () => {
      this.#session?.arrange()
      this.#session?.tell(parts.media.state)
    })
  }

  get session (): PeerSession | null {
    return this.#session
  }

  /** Offers anew; resolves when the offer is on its way, or will be as soon as the state allows. */
  negotiate (): Promise<void> {
    const session = this.#session
    if (session === null) return Promise.resolve()
    return this.#queue.push(() => this.#offer(session))
  }

  /** Ends the call; the next one is set up when somebody comes. */
  end (): void {
    this.#present = this.#awaiting = false
    this.#early = []
    this.#recovery.stop()
    this.#abandon()
  }

  #seated (seated: Seated): void {
    const frame = seated.frame
    // Where the server does not say, as Ant Media's does not, it is the one that is not told to start.
    this.#politeKnown = typeof frame.polite === 'boolean'
    this.#polite = frame.polite !== false
    if (!seated.resumed) {
      this.#present = (numberOf(frame.peers) ?? 0) > 0
      this.#awaiting = true
      this.#early = []
      const session = this.#session
      // A call whose media flows outlives its seat; what was under way on the old seat will have no answer.
      if (session !== null && !session.flowing) this.#abandon()
      else if (session !== null) void this.#queue.push(() => session.rollback())
    } else if (this.#session?.needy === true) {
      const session = this.#session
      void this.#queue.push(() => this.#offer(session))
    }
    this.#recovery.handleAble()
  }

  #receive (frame: Frame): void {
    switch (frame.command) {
      case 'start': return this.#start()
      case 'stop': return this.#stop(frame.reason === 'lost')
      case 'takeConfiguration':
        this.#present = true
        void this.#queue.push(() => this.#takeDescription(frame))
        return
      case 'takeCandidate':
        void this.#queue.push(() => this.#takeCandidate(frame))
    }
  }

  #start (): void {
    this.#present = true
    this.#awaiting = false
    this.#early = []
    if (!this.#politeKnown) this.#polite = false
    const session = this.#session
    if (session !== null && session.flowing && session.peer === 'ours') {
      // Both came back, after a restart of the server: the media flows on, and a description tells whether the
      // other side is the one we talk to. If it is not, it says so and gets a fresh connection.
      void this.#queue.push(async () => {
        await session.rollback()
        await this.#offer(session)
      })
    } else {
      void this.#queue.push(() => this.#startAfresh('unknown'))
    }
  }

  #stop (lost: boolean): void {
    // Only the other's way to the server is lost; it and we may well hear and see each other.
    if (lost && this.#session?.flowing === true) {
      this.#present = false
      this.#recovery.stop()
    } else {
      this.#present = this.#awaiting = false
      this.#early = []
      this.#recovery.handleGone()
      this.#abandon()
    }
  }

  async #takeDescription (frame: Frame): Promise<void> {
    const id = textOf(frame.session)
    const current = this.#session
    if (id === undefined && frame.type !== 'rollback') this.#order = orderOf(textOf(frame.sdp) ?? '')
    if (frame.type === 'offer') return this.#takeOffer(frame, id)
    if (current === null || (id === undefined ? current.peer === 'ours' : id !== current.id)) return
    const recognized = current.peer === 'unknown' && id !== undefined
    current.peer = id === undefined ? 'plain' : 'ours'
    if (recognized) this.#recovery.handleRecognition()
    if (frame.type === 'rollback') {
      // The other side does not know this session.
      if (id !== undefined) await this.#startAfresh('ours')
      return
    }
    await current.takeAnswer(frame)
  }

  async #takeOffer (frame: Frame, id: string | undefined): Promise<void> {
    const current = this.#session
    const kind = id === undefined ? 'plain' : 'ours'
    this.#awaiting = false
    const unanswered = current !== null && current.initiator && !current.answered
    let session = current
    if (id === undefined ? current === null || current.peer === 'ours' || !current.continues(textOf(frame.sdp) ?? '') : id !== current?.id) {
      if (id !== undefined && frame.fresh !== true) {
        // Of a session that is not known here. Where our own fresh offer is under way, that one decides.
        if (!unanswered) this.#say(id, { command: 'takeConfiguration', type: 'rollback', sdp: '' })
        return
      }
      // Two fresh connections offered at once: the same rule as for two offers on one.
      if (id !== undefined && unanswered && !this.#polite) return
      session = await this.#replace(id ?? this.#environment.secret(), false, kind)
    }
    if (session === null) return
    session.peer = kind
    // The other side may be restarting ICE.
    if (session === current) this.#recovery.handleProgress()
    for (const candidate of this.#early.splice(0)) await session.takeCandidate(candidate)
    const taken = await session.takeOffer(frame)
    if (!taken && !session.closed && id !== undefined && frame.fresh !== true) this.#say(id, { command: 'takeConfiguration', type: 'rollback', sdp: '' })
  }

  async #takeCandidate (frame: Frame): Promise<void> {
    const current = this.#session
    const id = textOf(frame.session)
    const sdpMid = textOf(frame.id)
    const usernameFragment = textOf(frame.usernameFragment)
    const candidate: RTCIceCandidateInit = {
      candidate: textOf(frame.candidate) ?? '',
      // Clients that know no mid send an empty one.
      ...sdpMid === undefined || sdpMid === '' ? {} : { sdpMid },
      sdpMLineIndex: numberOf(frame.label) ?? 0,
      ...usernameFragment === undefined ? {} : { usernameFragment }
    }
    if (id !== undefined) {
      if (id === current?.id) await current.takeCandidate(candidate)
    } else if (current === null) {
      if (this.#early.length < MAX_EARLY) this.#early.push(candidate)
    } else if (current.peer !== 'ours') {
      await current.takeCandidate(candidate)
    }
  }

  async #startAfresh (peer: PeerKind): Promise<void> {
    const session = await this.#replace(this.#environment.secret(), true, peer)
    if (session !== null) await session.offer()
  }

  /** Waits for the servers, then closes the peer connection that is there and makes another. */
  async #replace (id: string, initiator: boolean, peer: PeerKind): Promise<PeerSession | null> {
    const ended = this.#ended
    await this.#iceServers.ready()
    // The call ended while we waited; a queue that was cleared cannot stop what is under way.
    if (ended !== this.#ended) return null
    this.#closeSession()
    const session = this.#session = this.#newSession({
      id,
      initiator,
      label: this.#signaling.room ?? '',
      order: this.#order,
      group: this.#media.group,
      plans: () => ({ audio: this.#plan('audio'), video: this.#plan('video') }),
      polite: () => this.#polite
    })
    session.peer = peer
    session.on('state', state => this.#handleState(state))
    session.on('iceState', state => this.emit('iceState', state))
    session.on('tracks', tracks => this.emit('tracks', tracks))
    session.on('error', error => this.emit('error', error))
    session.on('needed', () => { void this.#queue.push(() => this.#offer(session)) })
    session.tell(this.#media.state)
    session.on('say', message => this.#say(session.id, message))
    this.#recovery.handleSetUp(!initiator)
    this.emit('session', session)
    return session
  }

  #newSession (settings: Omit<PeerSessionSettings, 'configuration'>): PeerSession {
    return this.#configured(configuration => new PeerSession(this.#environment, { ...settings, configuration }))
  }

  #configure (): void {
    const session = this.#session
    if (session === null) return
    try {
      this.#configured(configuration => session.configure(configuration))
    } catch (error) {
      this.emit('error', callError(error))
    }
  }

  /** Does something with the configuration, if need be with those of its servers alone that the browser takes. */
  #configured<T> (use: (configuration: RTCConfiguration) => T): T {
    for (;;) {
      try {
        return use(this.#iceServers.configuration)
      } catch (error) {
        if (this.#iceServers.leaveOutUnusable()) continue
        throw new AdaptorError('SyntaxError', `peerconnection_config cannot be used: ${browserError(error).message}`, { cause: error })
      }
    }
  }

  async #offer (session: PeerSession): Promise<void> {
    if (session !== this.#session) return
    // While the server is away it waits: an offer that is pending stops what it says is off, and a camera that is switched
    // on again would stay dark at the other side until the answer comes.
    if (session.mayOffer && this.#present && !this.#awaiting && this.#signaling.seated) await session.offer()
    // With nobody to offer to, it is made up for after the next description.
    else session.postpone()
  }

  #say (session: string, message: UnaddressedMessage): void {
    const room = this.#signaling.room
    if (room !== null) this.#signaling.relay({ ...message, streamId: room, session })
  }

  #plan (kind: Kind): TransceiverPlan {
    const track = this.#media.track(kind)
    return { track, send: track !== null, receive: this.#settings.receive[kind] }
  }

  #handleState (state: RTCPeerConnectionState): void {
    if (this.#present) this.#recovery.handleState(state)
    // Nobody is left who could help to mend it.
    else if (state === 'failed') this.end()
  }

  #attempt (step: RecoveryStep): void {
    const session = this.#session
    if (step === 'rejoin') {
      this.#abandon()
      this.#present = false
      this.#signaling.rejoin()
    } else if (session === null) {
      // There is nothing to repair; a later attempt rejoins.
    } else if (step === 'fresh' || !session.answered) {
      void this.#queue.push(() => this.#startAfresh(session.peer))
    } else {
      void this.#queue.push(async () => {
        await this.#iceServers.ready()
        session.restartIce()
      })
    }
  }

  #report (reported: ReadonlySet<Failure>): Failure {
    const session = this.#session
    // After our fresh join it is for the other side to offer, and one that never answered may never do so.
    const unanswered = session === null ? reported.has('offerUnanswered') : session.initiator && !session.answered
    const [name, message]: [Failure, string] = unanswered
      ? ['offerUnanswered', 'The other side is in the room and has not answered our offer.']
      : ['peerConnectionFailed', 'No way to the other peer was found; a TURN server may be missing.']
    if (!reported.has(name)) this.emit('error', new AdaptorError(name, message))
    return name
  }

  /** Closes the peer connection, and gives up what is under way on it, since such promises may stay pending for ever. */
  #abandon (): void {
    this.#ended++
    this.#queue.clear()
    this.#closeSession()
  }

  #closeSession (): void {
    const session = this.#session
    if (session === null) return
    this.#session = null
    session.close()
    this.#signaling.forget(session.id)
    this.emit('tracks', [])
    // A connection that we close ourselves fires no event (W3C WebRTC 1.0, section 4.4.3), and whoever shows that somebody is there must know.
    this.emit('iceState', 'closed')
    this.emit('session', null)
  }
}
