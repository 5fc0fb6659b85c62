import { callError, type AdaptorError } from '../base/client-errors.js'
import { Emitter } from '../base/emitter.js'
import type { Environment } from '../base/environment.js'
import type { CallQuality } from '../extras/quality.js'
import type { Kind } from '../media/local-track.js'
import type { Media } from '../media/media.js'
import type { IceServers } from '../signalling/ice-servers.js'
import { originOf } from './descriptions.js'
import { PeerSession, type PeerSessionSettings } from './peer-session.js'
import type { RemoteMediaState } from './media-state.js'
import type { KnownSession } from './session-choice.js'
import type { UnaddressedMessage } from './session-message.js'
import type { TransceiverPlan } from './transceivers.js'

interface CurrentSessionEvents {
  /** Another session has begun, or the one that was there has ended. */
  session: PeerSession | null
  /** The session with this id has ended. */
  ended: string
  /** The tracks that the other side sends now; none at the end of the session. */
  tracks: MediaStreamTrack[]
  iceState: RTCIceConnectionState
  state: RTCPeerConnectionState
  /** The data channel is open, or no longer. */
  channel: boolean
  /** What the other side has sent over it. */
  data: unknown
  /** The session has something to negotiate; answered by its negotiation's `offer` or `postpone`. */
  needed: PeerSession
  /** A message is to go to the other side. */
  say: UnaddressedMessage & { session: string }
  error: AdaptorError
}

/** The one session that a call has at a time. A new session carries the local media, over the ICE servers that there are. */
export class CurrentSession extends Emitter<CurrentSessionEvents> {
  readonly #environment: Environment
  readonly #iceServers: IceServers
  readonly #media: Media
  readonly #receive: Record<Kind, boolean>
  #session: PeerSession | null = null
  /** How good it is, where that is measured. */
  quality: CallQuality | null = null
  /** How the other side can be seen and heard; told by the guard. */
  remoteMedia: RemoteMediaState = { video: 'off', audio: 'off' }

  /** `receive`: which kinds this side is ready to receive. */
  constructor (environment: Environment, iceServers: IceServers, media: Media, receive: Record<Kind, boolean>) {
    super()
    this.#environment = environment
    this.#iceServers = iceServers
    this.#media = media
    this.#receive = receive
    iceServers.on('changed', () => this.#handleServers())
    media.on('changed', () => {
      this.#session?.arrange()
      this.#session?.tell(media.sent)
    })
  }

  get session (): PeerSession | null {
    return this.#session
  }

  /** What the choice of a session for an offer depends on. */
  get known (): KnownSession | null {
    const session = this.#session
    if (session === null) return null
    const description = session.peerConnection.remoteDescription
    return {
      id: session.id,
      peer: session.peer,
      unanswered: session.initiator && description === null,
      origin: description === null ? null : originOf(description.sdp)
    }
  }

  /** Closes the session that is there and begins another. Throws what the browser throws at a configuration that it refuses. */
  replace (settings: Omit<PeerSessionSettings, 'configuration' | 'group' | 'plans'>): PeerSession {
    this.close()
    const session = this.#session = new PeerSession(this.#environment, {
      ...settings,
      configuration: this.#iceServers.configuration,
      group: this.#media.group,
      plans: () => ({ audio: this.#plan('audio'), video: this.#plan('video') })
    })
    this.forward(session, 'state', 'iceState', 'tracks', 'channel', 'data', 'error')
    session.on('needed', () => this.emit('needed', session))
    session.tell(this.#media.sent)
    session.on('say', message => this.emit('say', { ...message, session: session.id }))
    this.emit('session', session)
    return session
  }

  close (): void {
    const session = this.#session
    if (session === null) return
    this.#session = null
    session.close()
    this.emit('ended', session.id)
    this.emit('tracks', [])
    // A connection that this side closes fires no event (W3C WebRTC 1.0, section 4.4.3), and the application must know of the end.
    this.emit('iceState', 'closed')
    this.emit('session', null)
  }

  #handleServers (): void {
    try {
      this.#session?.configure(this.#iceServers.configuration)
    } catch (error) {
      this.#iceServers.mend(error).catch(error => this.emit('error', callError(error)))
    }
  }

  #plan (kind: Kind): TransceiverPlan {
    const track = this.#media.track(kind)
    return { track, send: track !== null, receive: this.#receive[kind] }
  }
}
