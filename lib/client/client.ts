import type { Announcer } from './base/announcer.js'
import { abortable, abortError } from './base/abort.js'
import { AdaptorError, browserError } from './base/client-errors.js'
import type { CallbackEvents } from './base/client-events.js'
import type { ClientSettings } from './base/client-options.js'
import type { Environment } from './base/environment.js'
import { Call } from './call/call.js'
import { Extras } from './extras/extras.js'
import { Media } from './media/media.js'
import { StreamView } from './media/stream-view.js'
import { IceServers } from './signalling/ice-servers.js'
import { SignallingSession } from './signalling/signalling-session.js'

/** The parts of an adaptor, wired to each other and to the application. */
export class Client {
  readonly signalling: SignallingSession
  readonly media: Media
  readonly call: Call
  readonly remote: StreamView
  /** The guard, and what is loaded when it is used. */
  readonly extras: Extras
  readonly #announcer: Announcer
  readonly #iceServers: IceServers
  #mediaAnswered = false
  #initialized = false
  /** Whether the server was ever reached. */
  #reached = false
  /** The connection has ended, and no other one was asked for since. */
  #lost = false
  #closed = false

  /** Connects and asks for the devices at once. */
  constructor (environment: Environment, settings: ClientSettings, announcer: Announcer) {
    this.#announcer = announcer
    const signalling = this.signalling = new SignallingSession(environment, settings)
    const guard = () => this.extras.findGuard()
    const iceServers = this.#iceServers = new IceServers(environment, settings.configuration, signalling, guard)
    const media = this.media = new Media(environment, settings, guard)
    this.remote = new StreamView(environment, settings.remoteVideo, () => announcer.tell('playback_refused', undefined))
    this.#wireSignalling()
    media.on('changed', () => announcer.tell('local_media_changed', media.state))
    media.on('lost', lost => announcer.tell('device_lost', lost))
    this.call = new Call(environment, { signalling, iceServers, media }, settings.receive)
    this.#wireCall()
    const { current } = this.call
    this.extras = new Extras({
      environment,
      media,
      call: this.call,
      current,
      remote: this.remote,
      signalling,
      iceServers,
      announcer,
      debug: settings.debug,
      room: () => signalling.room,
      remoteVideo: settings.remoteVideo,
      AdaptorError,
      browserError,
      abortable,
      abortError
    })
    current.on('channel', open => {
      if (open && settings.verification) void this.extras.load('verification')
      announcer.tell(open ? 'data_channel_opened' : 'data_channel_closed', signalling.room)
    })
    current.on('data', data => this.extras.receive(data))
    const report = (error: AdaptorError) => announcer.report(error)
    signalling.on('error', report)
    media.on('error', report)
    this.call.on('error', report)
    if (settings.debug === null) this.#begin()
    else {
      signalling.connection.held = true
      void this.extras.load('debug-log').then(() => this.#begin())
    }
  }

  get closed (): boolean {
    return this.#closed
  }

  /** Ends every part, those that use another one first. Resolves when nothing of them runs. */
  close (): Promise<void> {
    const extras = this.extras.close()
    if (this.#closed) return extras
    this.#closed = true
    this.signalling.close()
    this.#iceServers.close()
    this.media.close()
    this.#announcer.tell('closed', { code: 1000, reason: '' })
    return extras
  }

  /** Ends the call and the connection, until something is joined again. */
  disconnect (): void {
    if (this.#closed) return
    this.signalling.close()
    this.#announcer.tell('closed', { code: 1000, reason: '' })
  }

  #wireSignalling (): void {
    const { signalling } = this
    const announcer = this.#announcer
    signalling.on('open', () => {
      this.#reached = true
      this.#lost = false
      this.#initialize()
    })
    signalling.on('seated', ({ automatic, frame }) => {
      if (!automatic) announcer.tell('joined', frame as unknown as CallbackEvents['joined'])
    })
    signalling.on('left', frame => announcer.tell('leaved', frame as unknown as CallbackEvents['leaved']))
    signalling.on('notification', frame => announcer.notify(frame as unknown as CallbackEvents['notification']))
    signalling.on('seat', frame => {
      if (frame.command === 'peerMessageCommand') announcer.tell('peerMessageCommand', frame as unknown as CallbackEvents['peerMessageCommand'])
    })
    signalling.on('reconnecting', loss => announcer.tell('reconnecting', loss))
    signalling.on('reconnected', how => announcer.tell('reconnected', how))
    signalling.on('closed', loss => {
      this.#lost = this.#reached
      announcer.tell('closed', loss)
    })
  }

  #wireCall (): void {
    const { remote, signalling } = this
    const { current } = this.call
    const announcer = this.#announcer
    current.on('tracks', tracks => {
      const before = remote.stream
      remote.show(tracks)
      const { stream } = remote
      if (stream !== before) announcer.tell('remote_stream', { streamId: signalling.room, stream })
      // Whether it moves is for the guard to see. Until that is there, what is sent counts as seen and heard.
      if (this.extras.guarded) return
      const stateOf = (kind: string) => tracks.some(track => track.kind === kind) ? 'live' : 'off'
      const state = current.remoteMedia = { video: stateOf('video'), audio: stateOf('audio') }
      announcer.tell('remote_media_changed', { streamId: signalling.room, ...state })
    })
    current.on('iceState', state => announcer.tell('ice_connection_state_changed', { streamId: signalling.room, state }))
  }

  #begin (): void {
    if (this.#closed) return
    this.signalling.connection.held = false
    this.signalling.connection.open()
    void this.media.open().then(() => {
      this.#mediaAnswered = true
      this.#initialize()
    })
    void this.extras.guard()
  }

  /** Tells `initialized` once the person has answered the prompt and the connection is open. */
  #initialize (): void {
    if (this.#initialized || !this.#mediaAnswered || this.#closed) return
    if (this.signalling.connection.state === 'open') {
      this.#initialized = true
      this.#announcer.tell('initialized', undefined)
    } else if (this.#lost) {
      // The person took longer to answer the prompt than the server keeps a connection without a join.
      this.#lost = false
      this.signalling.connection.open()
    }
  }
}
