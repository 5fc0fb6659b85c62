import type { Environment } from './environment.js'
import { AdaptorError } from './client-errors.js'
import type { Callback, ErrorCallback } from './client-events.js'
import type { Kind, MuteMode } from '../media/local-track.js'
import type { MediaSettings } from '../media/media.js'
import { reconnectPolicy, type ReconnectPolicy } from '../signalling/reconnect-policy.js'

/** What this side is ready to receive. */
export interface SdpConstraints {
  /** Whether to receive sound. @default true */
  OfferToReceiveAudio?: boolean | undefined
  /** Whether to receive a picture. @default true */
  OfferToReceiveVideo?: boolean | undefined
}

/** An element, none, or a function that gives it: a framework may take it away and make another one. */
export type ElementOption = HTMLMediaElement | null | (() => HTMLMediaElement | null)

export interface WebRTCAdaptorOptions {
  /** The server's address, absolute or relative to the page. @default the directory of the page, with ws: or wss: */
  websocket_url?: string | undefined
  /** Constraints for `getUserMedia`. `false` for a kind that is never to be sent. @default { video: true, audio: true } */
  mediaConstraints?: MediaStreamConstraints | undefined
  /**
   * Configuration of RTCPeerConnection. If it has no `iceServers`, the SDK asks the server for them.
   * `bundlePolicy` is `max-bundle` unless it is given (RFC 8843). @default null
   */
  peerconnection_config?: RTCConfiguration | null | undefined
  /** Whether to receive sound (`OfferToReceiveAudio`) and a picture (`OfferToReceiveVideo`). @default both */
  sdp_constraints?: SdpConstraints | null | undefined
  /** The `id` of the element that shows the local picture. */
  localVideoId?: string | undefined
  /** The `id` of the element that shows and plays the other side. */
  remoteVideoId?: string | undefined
  /** The element itself, in place of its `id`, or a function that gives it whenever it is needed. */
  localVideoElement?: ElementOption | undefined
  /** The element itself, in place of its `id`, or a function that gives it whenever it is needed. */
  remoteVideoElement?: ElementOption | undefined
  /** Only watch: use neither camera nor microphone. @default false */
  isPlayMode?: boolean | undefined
  /** Sent with `join`, for the server's `authorize` option. */
  token?: string | null | undefined
  /** Keep the seat when the connection is lost, to take it back. @default true */
  resume?: boolean | undefined
  /** Says after how many ms to connect again, or `null` to stop. @default 0, 300, 1200, 2700, 4800, 7000 ms ..., up to 30 % less, for ten minutes */
  reconnect?: ReconnectPolicy | undefined
  /** Whether a muted microphone is released (its light goes out) or kept and silenced. @default 'release' */
  muteMode?: MuteMode | undefined
  /**
   * Write each change of state to the console, or hand it to a function, as a line of text without SDP, credentials or tokens.
   * `localStorage.setItem('fastify-webrtc-signalling:debug', '1')` does the same in one browser, from the next load of the page on. @default false
   */
  debug?: boolean | ((line: string) => void) | undefined
  /**
   * Make a `verificationCode` for each call with another one of this SDK; one side that asks for it is enough. If the two people hear one
   * another read the same code, nobody sits between them, not even the server: who did so had one guess in 36 million with each
   * code, and a connection has eight codes at the most. @default false
   */
  verification?: boolean | undefined
  /** Called for everything that happens. `info` is a name of `CallbackEvents`, or the `definition` of a notification of your own server. */
  callback?: Callback | undefined
  /** Called once for each error. */
  callbackError?: ErrorCallback | undefined
}

/**
 * The options with their defaults filled in.
 *
 * @internal
 */
export interface ClientSettings extends MediaSettings {
  url: string
  configuration: RTCConfiguration
  /** Which kinds of media this side receives. */
  receive: Record<Kind, boolean>
  remoteVideo: () => HTMLMediaElement | null
  watch: boolean
  token: string | null
  resume: boolean
  reconnect: ReconnectPolicy
  verification: boolean
  /** Called with each line of the debug log. Null while it is off. */
  debug: ((line: string) => void) | null
}

/**
 * Fills in the options.
 *
 * @throws AdaptorError `SyntaxError`, if `websocket_url` is no address
 */
export function resolveClientOptions (options: WebRTCAdaptorOptions, environment: Environment): ClientSettings {
  const mediaConstraints = options.mediaConstraints
  const receive = options.sdp_constraints
  const watch = options.isPlayMode === true
  const audio = !watch && (mediaConstraints?.audio ?? mediaConstraints === undefined)
  const video = !watch && (mediaConstraints?.video ?? mediaConstraints === undefined)
  const element = (given: ElementOption | undefined, id: string | undefined) => () => {
    // It is looked up when it is needed, because the script may run before the element exists.
    const found: unknown = (typeof given === 'function' ? given() : given) ?? (id === undefined ? null : environment.document?.getElementById(id))
    return (found ?? null) as HTMLMediaElement | null
  }
  return {
    url: resolveUrl(options.websocket_url, environment.location),
    constraints: { audio, video },
    // Firefox (seen in 153) with `balanced` opens transports for picture and data channel anew in each offer. About one such offer of some hundreds,
    // taken back, left it without the other's picture for ever.
    configuration: { bundlePolicy: 'max-bundle', ...options.peerconnection_config },
    receive: { audio: receive?.OfferToReceiveAudio !== false, video: receive?.OfferToReceiveVideo !== false },
    localVideo: element(options.localVideoElement, options.localVideoId),
    remoteVideo: element(options.remoteVideoElement, options.remoteVideoId),
    watch: watch || (audio === false && video === false),
    token: options.token ?? null,
    resume: options.resume !== false,
    reconnect: options.reconnect ?? reconnectPolicy,
    debug: typeof options.debug === 'function' ? options.debug : options.debug === true || environment.debugging() ? environment.print : null,
    verification: options.verification === true,
    muteMode: options.muteMode ?? 'release'
  }
}

function resolveUrl (given: string | undefined, page: string | undefined): string {
  let url: URL
  try {
    url = new URL(given ?? '.', page)
  } catch {
    throw new AdaptorError('SyntaxError', `websocket_url is no address: ${given ?? page ?? ''}`)
  }
  url.protocol = url.protocol.replace(/^http/, 'ws')
  url.hash = ''
  if (given !== undefined) return url.href
  url.search = ''
  return url.href.replace(/\/$/, '')
}
