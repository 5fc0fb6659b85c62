import type { Joined } from '../protocol/server-messages.js'
import { abortable, abortError, type JoinOptions, type WaitOptions } from './base/abort.js'
import { Announcer } from './base/announcer.js'
import { AdaptorError } from './base/client-errors.js'
import type { AdaptorEvents, Callback, ErrorCallback } from './base/client-events.js'
import { resolveClientOptions, type ClientSettings, type WebRTCAdaptorOptions } from './base/client-options.js'
import { quiet } from './base/deferred.js'
import { Emitter } from './base/emitter.js'
import { browserEnvironment, type Environment } from './base/environment.js'
import type { RemoteMediaState } from './call/media-state.js'
import type { CheckOptions, CheckReport } from './extras/check/check-types.js'
import type { CallQuality } from './extras/quality.js'
import { EXTRA_METHODS, type ExtraMethods } from './extras/extra-methods.js'
import { loadPart } from './extras/extras.js'
import { serversOf } from './signalling/ice-servers.js'
import type { ConnectionState } from './signalling/server-connection.js'
import { Client } from './client.js'

export type * from './public-types.js'
export { AdaptorError } from './base/client-errors.js'
export { reconnectPolicy } from './signalling/reconnect-policy.js'

// The methods of `ExtraMethods`, which the class gets below.
export interface WebRTCAdaptor extends ExtraMethods {
  /** `close`, for `await using` in browsers that have it. */
  [Symbol.asyncDispose] (): Promise<void>
}

/**
 * A call between this page and one other, through a room on the server. It connects and asks for camera and
 * microphone at once; `join` takes a seat, and the call sets itself up when somebody else is there.
 */
export class WebRTCAdaptor extends Emitter<AdaptorEvents> {
  readonly #settings: ClientSettings
  readonly #announcer: Announcer
  readonly #client: Client

  static {
    for (const name of Object.keys(EXTRA_METHODS) as Array<keyof ExtraMethods>) {
      Object.assign(this.prototype, { [name] (this: WebRTCAdaptor, ...args: unknown[]) { return this.#client.extras.call(name, args) } })
    }
    this.prototype[Symbol.asyncDispose ?? 'close'] = this.prototype.close
  }

  /**
   * `environment` is for tests. Throws an AdaptorError: `NotSupportedError` outside a browser with WebRTC, `SyntaxError` where
   * `websocket_url` is no address.
   */
  constructor (options: WebRTCAdaptorOptions = {}, environment: Environment = browserEnvironment()) {
    super()
    this.#settings = resolveClientOptions(options, environment)
    this.#announcer = new Announcer(options, (name, payload) => this.emit(name, payload))
    this.#client = new Client(environment, this.#settings, this.#announcer)
  }

  /**
   * Checks before a call whether it can be had: browser and page, camera and microphone, the server, each STUN and TURN server, and a call
   * through TURN. Resolves with a report that has a reason and a remedy for what failed, and leaves nothing running. Rejects with the reason
   * of `signal` where that cancels it, and with `moduleNotLoaded`.
   */
  static async check (options: CheckOptions = {}, environment?: Environment): Promise<CheckReport> {
    const { check } = await loadPart('check', () => import('./extras/check/check.js'))
    return await check(options, { environment: () => environment ?? browserEnvironment(), settings: resolveClientOptions, serversOf, AdaptorError })
  }

  /** The room that is joined or being joined. */
  get roomName (): string | null {
    return this.#client.signalling.room
  }

  get cameraOn (): boolean { return this.#client.media.video.live }

  get micOn (): boolean { return this.#client.media.audio.live }

  /** What camera and microphone give now; `null` where both are off. */
  get localStream (): MediaStream | null {
    return this.#client.media.stream
  }

  /** What comes from the other side; `null` where there is no call. */
  get remoteStream (): MediaStream | null {
    return this.#client.remote.stream
  }

  /** How the other side can be seen and heard now. */
  get remoteMedia (): RemoteMediaState { return this.#client.call.current.remoteMedia }

  /** How good the call is, as `quality_changed` tells it; `null` where there is no call, or nothing was measured. */
  get quality (): CallQuality | null {
    return this.#client.call.current.quality
  }

  /** The connection of the call, for statistics and the like. */
  get peerConnection (): RTCPeerConnection | null {
    return this.#client.call.current.session?.peerConnection ?? null
  }

  /**
   * Two words and a number, such as `kiwi taxi 4711`, that the two people can read to one another: see the option `verification`. `null`
   * before there is one, without a call, with a client of another make, and on a page that is no secure context.
   */
  get verificationCode (): string | null { return this.#client.call.current.session?.verificationCode ?? null }

  /** The state of the connection to the server. */
  get connectionState (): ConnectionState {
    return this.#client.signalling.connection.state
  }

  /**
   * Takes a seat in the room, and gives up the seat in another one. Resolves when it is taken.
   *
   * Rejects with an AdaptorError whose `name` is the server's `definition` (`NoSpaceForNewPeer` may bear a
   * `retryAfter` in ms), `WebSocketNotConnected` where no connection could be had, or `AbortError` where
   * `leave` was called meanwhile or `signal` aborted; the seat is given up then.
   */
  join (roomName: string, tokenOrOptions?: string | null | JoinOptions): Promise<Joined> {
    const { token = this.#settings.token, signal } = typeof tokenOrOptions === 'object' && tokenOrOptions !== null ? tokenOrOptions : { token: tokenOrOptions }
    if (signal?.aborted === true) return this.#announcer.fail(abortError(signal))
    if (this.#client.closed) return this.#announcer.fail(new AdaptorError('WebSocketNotConnected', 'The adaptor was closed.'))
    if (typeof roomName !== 'string' || roomName === '') return this.#announcer.fail(new AdaptorError('noStreamNameSpecified', 'join needs the name of a room.'))
    const joining = this.#client.signalling.roomJoin.join({ room: roomName, token, watch: this.#settings.watch }) as Promise<unknown> as Promise<Joined>
    return quiet(abortable(joining, signal, () => { if (this.roomName === roomName) void this.leave() }))
  }

  /** Gives the seat up and ends the call; camera, preview and connection stay. Resolves when the server has heard it, or at once while it cannot. */
  leave (roomName?: string): Promise<void> {
    const error = this.#elsewhere(roomName)
    if (error !== null) return this.#announcer.fail(error)
    return this.#client.signalling.roomJoin.leave()
  }

  /** The same as `leave`, under another name of Ant Media's. */
  stop (streamId?: string): Promise<void> { return this.leave(streamId) }

  /** Stops the camera, so that its light goes out, and takes the picture out of the call. */
  turnOffLocalCamera (_streamId?: string): Promise<void> {
    return quiet(this.#client.media.video.set(false))
  }

  /** Fetches the camera again and puts the picture back into the call. Rejects with the browser's error. */
  turnOnLocalCamera (_streamId?: string): Promise<void> {
    return quiet(this.#client.media.video.set(true))
  }

  /** Silences this side at once. */
  muteLocalMic (_streamId?: string): Promise<void> {
    return quiet(this.#client.media.audio.set(false))
  }

  /** Lets this side be heard again. Rejects with the browser's error. */
  unmuteLocalMic (_streamId?: string): Promise<void> {
    return quiet(this.#client.media.audio.set(true))
  }

  /**
   * Sends a message to the other peer, who gets it as `peerMessageCommand`, in order. While the connection is away, or
   * the server would be sent to too fast, it waits; so it does for up to a minute after a restart of the server, until
   * the other one is back. Resolves when it is sent. Rejects with `notInRoom` where no room is joined,
   * `no_peer_associated_before` where nobody else is in it, `QuotaExceededError` where too much waits, `tooLarge` where the server takes
   * no message of that size, `TypeError` where `data` cannot be written as JSON, `AbortError` where the room was left before, and
   * `WebSocketNotConnected` where the connection has ended, and `moduleNotLoaded` where the part that sends it cannot be loaded. `signal` gives
   * up one that is not sent yet.
   */
  sendPeerMessage (definition: string, data?: unknown, options?: WaitOptions): Promise<void> {
    return this.peerMessage(undefined, definition, data, options)
  }

  /** `sendPeerMessage` as Ant Media's SDK has it. Rejects with `notInRoom` where it is another room, too. */
  peerMessage (streamId: string | undefined, definition: string, data: unknown = null, { signal }: WaitOptions = {}): Promise<void> {
    if (signal?.aborted === true) return this.#announcer.fail(abortError(signal))
    const { extras, signalling } = this.#client
    return quiet(abortable(extras.say(signalling.roomJoin.intent, streamId, definition, data, signal).then(({ sent }) => sent), signal, () => {}))
  }

  /** The ICE state of the call; `null` where there is none. */
  iceConnectionState (_streamId?: string): RTCIceConnectionState | null {
    return this.peerConnection?.iceConnectionState ?? null
  }

  /** The state of offer and answer in the call; `null` where there is none. */
  signallingState (_streamId?: string): RTCSignalingState | null {
    return this.peerConnection?.signalingState ?? null
  }

  /** What sends the sound (`'audio'`) or the picture (`'video'`) of the call; `null` where nothing does. */
  getSender (_streamId: string | undefined, type: string): RTCRtpSender | null {
    return this.peerConnection?.getSenders().find(({ track }) => track?.kind === type) ?? null
  }

  /** What sends the picture of the call; `null` where nothing does. */
  getVideoSender (streamId?: string): RTCRtpSender | null {
    return this.getSender(streamId, 'video')
  }

  /** Plays the other side after `playback_refused`. Call it in a click. Rejects with the browser's error. */
  resumePlayback (): Promise<void> {
    return quiet(this.#client.remote.play())
  }

  /** Stops camera, microphone (whatever `muteMode` says) and a screen share. The call goes on without them. */
  closeStream (): Promise<void> {
    return quiet(this.#client.media.release())
  }

  /** Calls `listener` for everything that happens, as the option `callback` does. */
  addEventListener (listener: Callback): void {
    this.#announcer.listeners.push(listener)
  }

  /** Calls `errorListener` for each error, as the option `callbackError` does. */
  addErrorEventListener (errorListener: ErrorCallback): void {
    this.#announcer.errorListeners.push(errorListener)
  }

  /** Ends the call, the seat and the connection to the server; camera and microphone stay. `join` connects again. */
  closeWebSocket (): void {
    this.#client.disconnect()
  }

  /** Ends everything: the call, the seat, the connection, camera and microphone. It cannot be used again. Resolves when nothing of it runs. */
  close (): Promise<void> {
    return this.#client.close()
  }

  /** The error where this is the name of another room than the one that is joined. */
  #elsewhere (roomName: string | undefined): AdaptorError | null {
    const { room } = this.#client.signalling
    return roomName === undefined || room === null || roomName === room ? null : new AdaptorError('notInRoom', `You are not in the room ${roomName}.`)
  }
}
