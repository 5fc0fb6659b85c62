import { Emitter } from '../base/emitter.js'
import type { Environment } from '../base/environment.js'
import { callError, type AdaptorError } from '../base/client-errors.js'
import { Queue } from '../base/queue.js'
import type { Kind } from '../media/local-track.js'
import type { Media } from '../media/media.js'
import { textOf, type Frame } from '../signalling/frames.js'
import type { IceServers } from '../signalling/ice-servers.js'
import type { Seated, SignallingSession } from '../signalling/signalling-session.js'
import { candidateOf } from './candidates.js'
import { CurrentSession } from './current-session.js'
import { originOf } from './descriptions.js'
import { Pair } from './pair.js'
import type { PeerKind, PeerSession } from './peer-session.js'
import { Recovery, type RecoveryStep } from './recovery.js'
import { belongsTo, chooseSession, type OfferChoice } from './session-choice.js'
import type { UnaddressedMessage } from './session-message.js'

interface CallEvents {
  /** Which session an offer was taken for. */
  choice: OfferChoice
  /** A step of the recovery begins. */
  step: RecoveryStep
  error: AdaptorError
}

interface CallParts {
  signalling: SignallingSession
  iceServers: IceServers
  media: Media
}

/** The call with the one other peer in the room: which peer connection it has, and what becomes of it. */
export class Call extends Emitter<CallEvents> {
  /** The session with the other side. */
  readonly current: CurrentSession
  readonly #environment: Environment
  readonly #signalling: SignallingSession
  readonly #iceServers: IceServers
  readonly #recovery: Recovery
  readonly #queue: Queue
  readonly #pair = new Pair()
  /** How often what was under way was given up. */
  #abandoned = 0

  /** `receive`: which kinds this side is ready to receive. */
  constructor (environment: Environment, { signalling, iceServers, media }: CallParts, receive: Record<Kind, boolean>) {
    super()
    this.#environment = environment
    this.#signalling = signalling
    this.#iceServers = iceServers
    const current = this.current = new CurrentSession(environment, iceServers, media, receive)
    this.#queue = new Queue(error => this.emit('error', callError(error)))
    this.#recovery = new Recovery(environment, {
      able: () => signalling.seated && this.#pair.present,
      polite: () => this.#pair.polite,
      plain: () => current.session?.peer !== 'ours',
      mayOffer: () => current.session?.mayOffer ?? false,
      attempt: step => this.#attempt(step),
      unanswered: () => current.known?.unanswered,
      report: error => this.emit('error', error)
    })
    signalling.on('seated', seated => this.#handleSeated(seated))
    signalling.on('unseated', () => this.end())
    signalling.on('seat', frame => this.#handleFrame(frame))
    current.on('state', state => this.#handleState(state))
    current.on('needed', session => { void this.#queue.push(() => this.#offer(session)) })
    current.on('say', message => this.#relay(message))
    current.on('ended', id => signalling.forget(id))
    current.on('error', error => this.emit('error', error))
  }

  /** Offers anew; resolves when the offer is on its way, or will be as soon as the state allows. */
  negotiate (): Promise<void> {
    const { session } = this.current
    return session === null ? Promise.resolve() : this.#queue.push(() => this.#offer(session))
  }

  /** Ends the call; the next one is set up when another peer comes. */
  end (): void {
    this.#pair.reset()
    this.#recovery.stop()
    this.#abandon()
  }

  #handleSeated ({ frame, resumed }: Seated): void {
    this.#pair.handleSeated(frame, resumed)
    const session = this.current.session
    if (session !== null && resumed) {
      if (session.negotiation.needed) void this.#queue.push(() => this.#offer(session))
    } else if (session !== null) {
      // A call whose media flows outlives its seat; what was under way on the old seat will have no answer.
      if (session.flowing) void this.#queue.push(() => session.negotiation.rollback())
      else this.#abandon()
    }
    this.#recovery.handleAble()
  }

  #handleFrame (frame: Frame): void {
    switch (frame.command) {
      case 'start': return this.#handleStart()
      case 'stop': return this.#handleStop(frame.reason === 'lost')
      case 'takeCandidate':
        void this.#queue.push(() => { this.#takeCandidate(frame) })
        return
      case 'takeConfiguration':
        this.#pair.handleArrival()
        void this.#queue.push(() => this.#takeDescription(frame))
    }
  }

  #handleStart (): void {
    this.#pair.handleStart()
    const session = this.current.session
    if (session !== null && session.flowing && session.peer === 'ours') {
      // Both came back after a restart of the server while the media flows on. A side that does not know the session says so.
      void this.#queue.push(async () => {
        await session.negotiation.rollback()
        await this.#offer(session)
      })
    } else {
      void this.#queue.push(() => this.#startAfresh('unknown'))
    }
  }

  /** `lost`: only the other side's way to the server is lost; the two may well hear and see each other. */
  #handleStop (lost: boolean): void {
    if (lost && this.current.session?.flowing === true) {
      this.#pair.handleAbsence()
      this.#recovery.stop()
    } else {
      this.#pair.reset()
      this.#recovery.handleGone()
      this.#abandon()
    }
  }

  async #takeDescription (frame: Frame): Promise<void> {
    this.#pair.handleDescription(frame)
    const id = textOf(frame.session)
    const session = this.current.session
    if (frame.type === 'offer') return this.#takeOffer(frame, id)
    if (session === null || !belongsTo(session, id)) return
    const recognized = session.peer === 'unknown' && id !== undefined
    session.peer = id === undefined ? 'plain' : 'ours'
    if (recognized) this.#recovery.handleRecognition()
    if (frame.type !== 'rollback') await session.negotiation.takeAnswer(frame)
    // The other side does not know this session.
    else if (id !== undefined) await this.#startAfresh('ours')
  }

  async #takeOffer (frame: Frame, id: string | undefined): Promise<void> {
    const peer = id === undefined ? 'plain' : 'ours'
    const fresh = frame.fresh === true
    const choice = chooseSession(this.current.known, { id, fresh, origin: originOf(textOf(frame.sdp) ?? '') }, this.#pair.polite)
    this.emit('choice', choice)
    if (choice === 'ignore') return
    if (choice === 'unknown') return this.#disown(id)
    const session = choice === 'current' ? this.current.session : await this.#replace(id ?? this.#environment.secret(), false, peer)
    if (session === null) return
    session.peer = peer
    // The other side may be restarting ICE.
    if (choice === 'current') this.#recovery.handleProgress()
    for (const candidate of this.#pair.takeCandidates()) session.takeCandidate(candidate)
    if (!await session.negotiation.takeOffer(frame) && !session.closed && !fresh) this.#disown(id)
  }

  #takeCandidate (frame: Frame): void {
    const session = this.current.session
    const id = textOf(frame.session)
    const candidate = candidateOf(frame)
    if (session !== null && belongsTo(session, id)) session.takeCandidate(candidate)
    else if (session === null && id === undefined) this.#pair.keepCandidate(candidate)
  }

  /** Tells the other side that a session of its is not known here. */
  #disown (id: string | undefined): void {
    if (id !== undefined) this.#relay({ command: 'takeConfiguration', session: id, type: 'rollback', sdp: '' })
  }

  async #startAfresh (peer: PeerKind): Promise<void> {
    const session = await this.#replace(this.#environment.secret(), true, peer)
    await session?.negotiation.offer()
  }

  /** Waits for the servers, then closes the peer connection that is there and makes another. */
  async #replace (id: string, initiator: boolean, peer: PeerKind): Promise<PeerSession | null> {
    const abandoned = this.#abandoned
    await this.#iceServers.ready()
    // The call ended while we waited; a queue that was cleared cannot stop what is under way.
    if (abandoned !== this.#abandoned) return null
    const session = this.current.replace({
      id,
      initiator,
      peer,
      label: this.#signalling.room ?? '',
      order: this.#pair.order,
      polite: () => this.#pair.polite
    })
    this.#recovery.handleSetUp(!initiator)
    return session
  }

  async #offer (session: PeerSession): Promise<void> {
    if (session !== this.current.session) return
    const { negotiation } = session
    const { present, awaitingOffer } = this.#pair
    // While the server is away it waits: an offer that is pending stops what it says is off, and a camera that is switched
    // on again would stay dark at the other side until the answer comes.
    if (session.mayOffer && present && !awaitingOffer && this.#signalling.seated) await negotiation.offer()
    // Otherwise the offer is made up for after the next description.
    else negotiation.postpone()
  }

  #relay (message: UnaddressedMessage & { session: string }): void {
    const streamId = this.#signalling.room
    if (streamId !== null) this.#signalling.relay({ ...message, streamId })
  }

  #handleState (state: RTCPeerConnectionState): void {
    if (this.#pair.present) this.#recovery.handleState(state)
    // Without the other peer no step can repair it.
    else if (state === 'failed') this.end()
  }

  #attempt (step: RecoveryStep): void {
    const { session } = this.current
    this.emit('step', step)
    if (step === 'rejoin') {
      this.#abandon()
      this.#pair.handleAbsence()
      this.#signalling.rejoin()
    } else if (session !== null && (step === 'fresh' || !session.answered)) {
      void this.#queue.push(() => this.#startAfresh(session.peer))
    } else if (session !== null) {
      void this.#queue.push(async () => {
        await this.#iceServers.ready()
        session.restartIce()
      })
    }
  }

  /** Closes the peer connection, and gives up what is under way on it, since such promises may stay pending for ever. */
  #abandon (): void {
    this.#abandoned++
    this.#queue.clear()
    this.current.close()
  }
}
