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
import { belongsTo, chooseSession, type OfferChoice } from './session-choice.js'
import type { UnaddressedMessage } from './session-message.js'

interface CallEvents {
  /** Which session an offer was taken for. */
  choice: OfferChoice
  /** The other side has turned out to run this SDK. */
  recognized: undefined
  /** The call is over, for this side. */
  over: undefined
  error: AdaptorError
}

/** @internal */
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
  /** What changes the session, one after the other. */
  readonly queue: Queue
  readonly pair = new Pair()
  /** How often what was under way was given up. */
  #abandoned = 0

  /** `receive`: which kinds this side is ready to receive. */
  constructor (environment: Environment, { signalling, iceServers, media }: CallParts, receive: Record<Kind, boolean>) {
    super()
    this.#environment = environment
    this.#signalling = signalling
    this.#iceServers = iceServers
    const current = this.current = new CurrentSession(environment, iceServers, media, receive)
    this.queue = new Queue(error => this.emit('error', callError(error)))
    signalling.on('seated', seated => this.#handleSeated(seated))
    signalling.on('unseated', () => this.end())
    signalling.on('seat', frame => this.#handleFrame(frame))
    current.on('state', state => this.#handleState(state))
    current.on('needed', session => { void this.queue.push(() => this.offer(session)) })
    current.on('say', message => this.#relay(message))
    this.forward(current, 'error')
  }

  /** Ends the call; the next one is set up when another peer comes. */
  end (): void {
    this.pair.reset()
    this.emit('over', undefined)
    this.abandon()
  }

  #handleSeated ({ frame, resumed }: Seated): void {
    this.pair.handleSeated(frame, resumed)
    const session = this.current.session
    if (session !== null && resumed) {
      if (session.negotiation.needed) void this.queue.push(() => this.offer(session))
    } else if (session !== null) {
      // A call whose media flows outlives its seat; what was under way on the old seat will have no answer.
      if (session.flowing) void this.queue.push(() => session.negotiation.rollback())
      else this.abandon()
    }
  }

  #handleFrame (frame: Frame): void {
    switch (frame.command) {
      case 'start': return this.#handleStart()
      case 'stop': return this.#handleStop(frame.reason === 'lost')
      case 'takeCandidate':
        void this.queue.push(() => { this.#takeCandidate(frame) })
        return
      case 'takeConfiguration':
        this.pair.handleArrival()
        void this.queue.push(() => this.#takeDescription(frame))
    }
  }

  #handleStart (): void {
    this.pair.handleStart()
    const session = this.current.session
    if (session !== null && session.flowing && session.peer === 'ours') {
      // Both came back after a restart of the server while the media flows on. A side that does not know the session says so.
      void this.queue.push(async () => {
        await session.negotiation.rollback()
        await this.offer(session)
      })
    } else {
      void this.queue.push(() => this.startAfresh('unknown'))
    }
  }

  /** `lost`: only the other side's way to the server is lost; the two may well hear and see each other. */
  #handleStop (lost: boolean): void {
    if (lost && this.current.session?.flowing === true) {
      this.pair.handleAbsence()
    } else {
      this.pair.reset()
      this.abandon()
    }
  }

  async #takeDescription (frame: Frame): Promise<void> {
    this.pair.handleDescription(frame)
    const id = textOf(frame.session)
    const session = this.current.session
    if (frame.type === 'offer') return this.#takeOffer(frame, id)
    if (session === null || !belongsTo(session, id)) return
    const recognized = session.peer === 'unknown' && id !== undefined
    session.peer = id === undefined ? 'plain' : 'ours'
    if (recognized) this.emit('recognized', undefined)
    if (frame.type !== 'rollback') await session.negotiation.takeAnswer(frame)
    // The other side does not know this session.
    else if (id !== undefined) await this.startAfresh('ours')
  }

  async #takeOffer (frame: Frame, id: string | undefined): Promise<void> {
    const peer = id === undefined ? 'plain' : 'ours'
    const fresh = frame.fresh === true
    const choice = chooseSession(this.current.known, { id, fresh, origin: originOf(textOf(frame.sdp) ?? '') }, this.pair.polite)
    this.emit('choice', choice)
    if (choice === 'ignore') return
    if (choice === 'unknown') return this.#disown(id)
    const session = choice === 'current' ? this.current.session : await this.#replace(id ?? this.#environment.secret(), false, peer)
    if (session === null) return
    session.peer = peer
    for (const candidate of this.pair.takeCandidates()) session.takeCandidate(candidate)
    if (!await session.negotiation.takeOffer(frame) && !session.closed && !fresh) this.#disown(id)
  }

  #takeCandidate (frame: Frame): void {
    const session = this.current.session
    const id = textOf(frame.session)
    const candidate = candidateOf(frame)
    if (session !== null && belongsTo(session, id)) session.takeCandidate(candidate)
    else if (session === null && id === undefined) this.pair.keepCandidate(candidate)
  }

  /** Tells the other side that a session of its is not known here. */
  #disown (id: string | undefined): void {
    if (id !== undefined) this.#relay({ command: 'takeConfiguration', session: id, type: 'rollback', sdp: '' })
  }

  /** Begins a new session with an offer. */
  async startAfresh (peer: PeerKind): Promise<void> {
    const session = await this.#replace(this.#environment.secret(), true, peer)
    await session?.negotiation.offer()
  }

  /** Waits for the servers, then closes the peer connection that is there and makes another. */
  async #replace (id: string, initiator: boolean, peer: PeerKind): Promise<PeerSession | null> {
    const abandoned = this.#abandoned
    await this.#iceServers.ready()
    for (;;) {
      // The call ended while we waited; a queue that was cleared cannot stop what is under way.
      if (abandoned !== this.#abandoned) return null
      try {
        return this.current.replace({
          id,
          initiator,
          peer,
          label: this.#signalling.room ?? '',
          order: this.pair.order,
          polite: () => this.pair.polite
        })
      } catch (error) {
        await this.#iceServers.mend(error)
      }
    }
  }

  /** Offers anew: now, or as soon as the state allows. */
  async offer (session: PeerSession): Promise<void> {
    if (session !== this.current.session) return
    const { negotiation } = session
    const { present, awaitingOffer } = this.pair
    // While the server is away it waits: an offer that is pending stops what it says is off, and a camera that is switched
    // on again would stay dark at the other side until the answer comes.
    if (session.mayOffer && present && !awaitingOffer && this.#signalling.seated) await negotiation.offer()
    // Otherwise the offer is made up for after the next description.
    else negotiation.postpone()
  }

  #relay (message: UnaddressedMessage & { session: string }): void {
    const streamId = this.#signalling.room
    if (streamId !== null) this.#signalling.sender.relay({ ...message, streamId })
  }

  #handleState (state: RTCPeerConnectionState): void {
    // Without the other peer nothing can repair it.
    if (state === 'failed' && !this.pair.present) this.end()
  }

  /** Closes the peer connection, and gives up what is under way on it, since such promises may stay pending for ever. */
  abandon (): void {
    this.#abandoned++
    this.queue.clear()
    this.current.close()
  }
}
