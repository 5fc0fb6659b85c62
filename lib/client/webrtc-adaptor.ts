import type { Joined } from '../protocol/server-messages.js'
import { Call } from './call/call.js'
import { quiet } from './base/deferred.js'
import { Emitter, guarded } from './base/emitter.js'
import { browserEnvironment, type Environment } from './base/environment.js'
import { AdaptorError, browserError } from './base/client-errors.js'
import type { CallbackArguments, CallbackEvents, CallbackName } from './base/client-events.js'
import type { Frame } from './signalling/frames.js'
import { IceServers } from './signalling/ice-servers.js'
import { Media } from './media/media.js'
import { resolveOptions, type Settings, type WebRTCAdaptorOptions } from './base/client-options.js'
import { watchPage } from './base/page-life.js'
import { RemoteMedia, type RemoteMediaState } from './call/remote-media.js'
import { Signaling } from './signalling/signalling.js'
import { StreamView } from './media/stream-view.js'

export type { AppNotification, Callback, CallbackArguments, CallbackEvents, CallbackName } from './base/client-events.js'
export type { AdaptorErrorName, Device, ErrorName, MediaErrorName } from './base/client-errors.js'
export type { MuteMode } from './media/local-track.js'
export type { SdpConstraints, WebRTCAdaptorOptions } from './base/client-options.js'
export type { RemoteMediaState } from './call/remote-media.js'
export type { ReconnectAttempt, ReconnectPolicy } from './signalling/reconnect-policy.js'
export type { Joined, Leaved, PeerJoined, PeerLeft, ServerWillStop } from '../protocol/server-messages.js'
export type { PeerMessage } from '../protocol/client-messages.js'
export { AdaptorError } from './base/client-errors.js'
export { reconnectPolicy } from './signalling/reconnect-policy.js'

/** Notifications that are told apart from the server's own; all others go to the application by their `definition`. */
const TOLD_ELSEWHERE: readonly unknown[] = ['joined', 'leaved', 'initialized', 'closed', 'reconnecting', 'reconnected']

/**
 * A call between this page and one other, through a room on the server. It connects and asks for camera and
 * microphone at once; `join` takes a seat, and the call sets itself up when somebody else is there.
 */
export class WebRTCAdaptor extends Emitter<CallbackEvents> {
  readonly #options: WebRTCAdaptorOptions
  readonly #settings: Settings
  readonly #signaling: Signaling
  readonly #iceServers: IceServers
  readonly #media: Media
  readonly #call: Call
  readonly #remote: StreamView
  readonly #remoteMedia: RemoteMedia
  readonly #unwatch: () => void
  #mediaAnswered = false
  #initialized = false
  /** Whether the server was ever reached. */
  #reached = false
  /** The connection that there was has ended, and nobody has asked for another since. */
  #lost = false
  #closed = false

  /**
   * `environment` is for tests. Throws an AdaptorError: `NotSupportedError` outside a browser with WebRTC, `SyntaxError` where
   * `websocket_url` is no address.
   */
  constructor (options: WebRTCAdaptorOptions = {}, environment: Environment = browserEnvironment()) {
    super()
    this.#options = options
    const settings = this.#settings = resolveOptions(options, environment)
    const signaling = this.#signaling = new Signaling(environment, settings)
    const iceServers = this.#iceServers = new IceServers(environment, settings.configuration, () => signaling.askIceServers())
    const media = this.#media = new Media(environment, settings)
    this.#remote = new StreamView(environment, settings.remoteVideo, false)
    this.#remoteMedia = new RemoteMedia(environment)
    this.#listen(signaling, iceServers, media)
    this.#call = new Call(environment, { signaling, iceServers, media }, settings)
    this.#listenToCall(this.#call)
    this.#unwatch = watchPage(environment, {
      handleWakeUp: () => signaling.hurry(),
      handleDoubt: () => signaling.verify(),
      handleHide: () => this.#suspend(),
      handleReturn: () => { if (!this.#closed) signaling.open() }
    })
    signaling.open()
    void media.open().then(() => {
      this.#mediaAnswered = true
      this.#initialize()
    })
  }

  /** The room that is joined or being joined. */
  get roomName (): string | null {
    return this.#signaling.room
  }

  get cameraOn (): boolean {
    return this.#media.video.live
  }

  get micOn (): boolean {
    return this.#media.audio.live
  }

  /** What camera and microphone give now; `null` where both are off. */
  get localStream (): MediaStream | null {
    return this.#media.stream
  }

  /** What comes from the other side; `null` where there is no call. */
  get remoteStream (): MediaStream | null {
    return this.#remote.stream
  }

  /** How the other side can be seen and heard now. */
  get remoteMedia (): RemoteMediaState {
    return this.#remoteMedia.state
  }

  /** The connection of the call, for statistics and the like. */
  get peerConnection (): RTCPeerConnection | null {
    return this.#call.current.session?.peerConnection ?? null
  }

  /** The state of the connection to the server. */
  get connectionState (): 'connecting' | 'open' | 'reconnecting' | 'closed' {
    const state = this.#signaling.connectionState
    if (state === 'waiting') return 'reconnecting'
    return state === 'idle' ? 'closed' : state
  }

  /**
   * Takes a seat in the room, and gives up the seat in another one. Resolves when it is taken.
   *
   * Rejects with an AdaptorError whose `name` is the server's `definition` (`NoSpaceForNewPeer` may bear a
   * `retryAfter` in ms), `WebSocketNotConnected` where no connection could be had, or `AbortError` where
   * `leave` was called meanwhile.
   */
  join (roomName: string, token: string | null = this.#settings.token): Promise<Joined> {
    if (this.#closed) return this.#fail(new AdaptorError('WebSocketNotConnected', 'The adaptor was closed.'))
    if (typeof roomName !== 'string' || roomName === '') return this.#fail(new AdaptorError('noStreamNameSpecified', 'join needs the name of a room.'))
    const wish = { room: roomName, token, watch: this.#settings.watch }
    return quiet(this.#signaling.join(wish).then(frame => frame as unknown as Joined))
  }

  /** Gives the seat up and ends the call; camera, preview and connection stay. Resolves when the server has heard it, or at once while it cannot. */
  leave (roomName?: string): Promise<void> {
    const room = this.#signaling.room
    if (roomName !== undefined && room !== null && roomName !== room) {
      return this.#fail(new AdaptorError('notInRoom', `You are not in the room ${roomName}.`))
    }
    this.#call.end()
    return this.#signaling.leave()
  }

  /** Stops the camera, so that its light goes out, and takes the picture out of the call. */
  turnOffLocalCamera (_streamId?: string): Promise<void> {
    return quiet(this.#media.video.set(false))
  }

  /** Fetches the camera again and puts the picture back into the call. Rejects with the browser's error. */
  turnOnLocalCamera (_streamId?: string): Promise<void> {
    return quiet(this.#media.video.set(true))
  }

  /** Silences this side at once. */
  muteLocalMic (_streamId?: string): Promise<void> {
    return quiet(this.#media.audio.set(false))
  }

  /** Lets this side be heard again. Rejects with the browser's error. */
  unmuteLocalMic (_streamId?: string): Promise<void> {
    return quiet(this.#media.audio.set(true))
  }

  /**
   * Sends a message to the other peer, who gets it as `peerMessageCommand`, in order. While the connection is away, or
   * the server would be sent to too fast, it waits; so it does for up to a minute after a restart of the server, until
   * the other one is back. Resolves when it is sent. Rejects with `notInRoom` where no room is joined,
   * `no_peer_associated_before` where nobody else is in it, `QuotaExceededError` where too much waits, `tooLarge` where the server takes
   * no message of that size, `TypeError` where `data` cannot be written as JSON, `AbortError` where the room was left before, and
   * `WebSocketNotConnected` where the connection has ended.
   */
  sendPeerMessage (definition: string, data: unknown = null): Promise<void> {
    const room = this.#signaling.room
    if (room === null) return this.#fail(new AdaptorError('notInRoom', 'Join a room first.'))
    try {
      if (typeof definition !== 'string' || JSON.stringify(data) === undefined) {
        throw new TypeError('sendPeerMessage needs a definition, and data that can be written as JSON.')
      }
      return this.#signaling.send({ command: 'peerMessageCommand', streamId: room, definition, data })
    } catch (error) {
      return this.#fail(browserError(error))
    }
  }

  /** Makes a new offer to the other side, which nothing but a test or a special need asks for. */
  negotiate (): Promise<void> {
    return this.#call.negotiate()
  }

  /** Ends everything: the call, the seat, the connection, camera and microphone. It cannot be used again. */
  close (): Promise<void> {
    if (this.#closed) return Promise.resolve()
    this.#closed = true
    this.#unwatch()
    this.#call.end()
    this.#signaling.close()
    this.#iceServers.close()
    this.#media.close()
    this.#tell('closed', { code: 1000, reason: '' })
    return Promise.resolve()
  }

  #listen (signaling: Signaling, iceServers: IceServers, media: Media): void {
    signaling.on('open', () => {
      this.#reached = true
      this.#lost = false
      iceServers.refresh()
      this.#initialize()
    })
    signaling.on('seated', seated => {
      // A server may tell its TURN servers only to those who have joined.
      iceServers.refresh()
      if (!seated.automatic) this.#tell('joined', seated.frame as unknown as Joined)
    })
    signaling.on('left', frame => this.#tell('leaved', frame as unknown as CallbackEvents['leaved']))
    signaling.on('notification', frame => this.#notify(frame))
    signaling.on('seat', frame => {
      if (frame.command === 'peerMessageCommand') this.#tell('peerMessageCommand', frame as unknown as CallbackEvents['peerMessageCommand'])
    })
    signaling.on('iceServerConfig', frame => iceServers.handleConfig(frame))
    signaling.on('iceServersRefused', () => iceServers.handleRefusal())
    signaling.on('error', error => this.#report(error))
    signaling.on('reconnecting', loss => this.#tell('reconnecting', loss))
    signaling.on('reconnected', how => this.#tell('reconnected', how))
    signaling.on('closed', loss => {
      this.#lost = this.#reached
      this.#tell('closed', loss)
    })
    iceServers.on('error', error => this.#report(error))
    media.on('error', error => this.#report(error))
    media.on('changed', () => {
      this.#tell('local_media_changed', media.state)
    })
  }

  #listenToCall (call: Call): void {
    call.current.on('tracks', tracks => {
      const before = this.#remote.stream
      this.#remote.show(tracks)
      const stream = this.#remote.stream
      if (stream !== before) this.#tell('remote_stream', { streamId: this.roomName, stream })
    })
    call.current.on('session', session => this.#remoteMedia.handleSession(session))
    call.current.on('tracks', tracks => this.#remoteMedia.handleTracks(tracks))
    this.#remoteMedia.on('changed', state => this.#tell('remote_media_changed', { streamId: this.roomName, ...state }))
    call.current.on('iceState', state => this.#tell('ice_connection_state_changed', { streamId: this.roomName, state }))
    call.on('error', error => this.#report(error))
  }

  #initialize (): void {
    if (this.#initialized || !this.#mediaAnswered || this.#closed) return
    if (this.#signaling.connectionState === 'open') {
      this.#initialized = true
      this.#tell('initialized', undefined)
    } else if (this.#lost) {
      // The person took longer to answer than the server waits for somebody who does not join.
      this.#lost = false
      this.#signaling.open()
    }
  }

  /** The page goes away: others must not be left with a seat that nobody sits on. */
  #suspend (): void {
    this.#call.end()
    this.#signaling.suspend()
  }

  #notify (frame: Frame): void {
    const notification = frame as unknown as CallbackEvents['notification']
    this.emit('notification', notification)
    if (!TOLD_ELSEWHERE.includes(frame.definition)) this.#tell(notification.definition as 'notification', notification)
  }

  #tell<K extends CallbackName> (name: K, payload: CallbackEvents[K]): void {
    const callback = this.#options.callback
    if (callback !== undefined) guarded(() => (callback as (...told: CallbackArguments) => void)(...[name, payload] as CallbackArguments))
    this.emit(name, payload)
  }

  #report (error: AdaptorError): void {
    const callbackError = this.#options.callbackError
    if (callbackError !== undefined) guarded(() => callbackError(error.name, error))
  }

  #fail<T> (error: AdaptorError): Promise<T> {
    this.#report(error)
    return quiet(Promise.reject(error))
  }
}
