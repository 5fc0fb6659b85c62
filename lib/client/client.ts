import type { Announcer } from './base/announcer.js'
import type { AdaptorError } from './base/client-errors.js'
import type { CallbackEvents } from './base/client-events.js'
import type { Settings } from './base/client-options.js'
import type { Environment } from './base/environment.js'
import { watchPage } from './base/page-life.js'
import { Call } from './call/call.js'
import { RemoteMedia } from './call/remote-media.js'
import { Media } from './media/media.js'
import { StreamView } from './media/stream-view.js'
import { writeDebugLog } from './debug-log.js'
import { IceServers } from './signalling/ice-servers.js'
import { Signaling } from './signalling/signalling.js'

/** The parts of an adaptor, wired to each other, to the page and to the application. */
export class Client {
  readonly signaling: Signaling
  readonly media: Media
  readonly call: Call
  readonly remote: StreamView
  readonly remoteMedia: RemoteMedia
  readonly #announcer: Announcer
  readonly #iceServers: IceServers
  readonly #unwatch: () => void
  #mediaAnswered = false
  #initialized = false
  /** Whether the server was ever reached. */
  #reached = false
  /** The connection has ended, and no other one was asked for since. */
  #lost = false
  #closed = false

  /** Connects and asks for the devices at once. */
  constructor (environment: Environment, settings: Settings, announcer: Announcer) {
    this.#announcer = announcer
    const signaling = this.signaling = new Signaling(environment, settings)
    const iceServers = this.#iceServers = new IceServers(environment, settings.configuration, () => signaling.askIceServers())
    const media = this.media = new Media(environment, settings)
    this.remote = new StreamView(environment, settings.remoteVideo, false)
    this.remoteMedia = new RemoteMedia(environment)
    this.#wireSignalling()
    media.on('changed', () => announcer.tell('local_media_changed', media.state))
    this.call = new Call(environment, { signaling, iceServers, media }, settings.receive)
    this.#wireCall()
    const report = (error: AdaptorError) => announcer.report(error)
    signaling.on('error', report)
    iceServers.on('error', report)
    media.on('error', report)
    this.call.on('error', report)
    if (settings.debug !== null) writeDebugLog(settings.debug, environment, { signaling, iceServers, media, call: this.call })
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

  get closed (): boolean {
    return this.#closed
  }

  /** Ends every part, those that use another one first. */
  close (): void {
    if (this.#closed) return
    this.#closed = true
    this.#unwatch()
    this.call.end()
    this.signaling.close()
    this.#iceServers.close()
    this.media.close()
    this.#announcer.tell('closed', { code: 1000, reason: '' })
  }

  #wireSignalling (): void {
    const { signaling } = this
    const iceServers = this.#iceServers
    const announcer = this.#announcer
    signaling.on('open', () => {
      this.#reached = true
      this.#lost = false
      iceServers.refresh()
      this.#initialize()
    })
    signaling.on('seated', ({ automatic, frame }) => {
      // A server may tell its TURN servers only to those who have joined.
      iceServers.refresh()
      if (!automatic) announcer.tell('joined', frame as unknown as CallbackEvents['joined'])
    })
    signaling.on('left', frame => announcer.tell('leaved', frame as unknown as CallbackEvents['leaved']))
    signaling.on('notification', frame => announcer.notify(frame as unknown as CallbackEvents['notification']))
    signaling.on('seat', frame => {
      if (frame.command === 'peerMessageCommand') announcer.tell('peerMessageCommand', frame as unknown as CallbackEvents['peerMessageCommand'])
    })
    signaling.on('iceServerConfig', frame => iceServers.handleConfig(frame))
    signaling.on('iceServersRefused', () => iceServers.handleRefusal())
    signaling.on('reconnecting', loss => announcer.tell('reconnecting', loss))
    signaling.on('reconnected', how => announcer.tell('reconnected', how))
    signaling.on('closed', loss => {
      this.#lost = this.#reached
      announcer.tell('closed', loss)
    })
  }

  #wireCall (): void {
    const { remote, remoteMedia, signaling } = this
    const { current } = this.call
    const announcer = this.#announcer
    current.on('tracks', tracks => {
      const before = remote.stream
      remote.show(tracks)
      const { stream } = remote
      if (stream !== before) announcer.tell('remote_stream', { streamId: signaling.room, stream })
      remoteMedia.handleTracks(tracks)
    })
    current.on('session', session => remoteMedia.handleSession(session))
    current.on('iceState', state => announcer.tell('ice_connection_state_changed', { streamId: signaling.room, state }))
    remoteMedia.on('changed', state => announcer.tell('remote_media_changed', { streamId: signaling.room, ...state }))
  }

  /** Tells `initialized` once the person has answered the prompt and the connection is open. */
  #initialize (): void {
    if (this.#initialized || !this.#mediaAnswered || this.#closed) return
    if (this.signaling.connectionState === 'open') {
      this.#initialized = true
      this.#announcer.tell('initialized', undefined)
    } else if (this.#lost) {
      // The person took longer to answer the prompt than the server keeps a connection without a join.
      this.#lost = false
      this.signaling.open()
    }
  }

  /** The page goes away: the seat is given up, so that no empty one is left to the others. */
  #suspend (): void {
    this.call.end()
    this.signaling.suspend()
  }
}
