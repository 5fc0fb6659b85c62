import type { AdaptorError, Device, ErrorName } from './client-errors.js'
import type { ReceivedData, ReceivedFile } from '../data/data-types.js'
import type { LocalMediaState } from '../media/media.js'
import type { RemoteMediaState } from '../call/media-state.js'
import type { CallStats } from '../extras/call-stats.js'
import type { CallQuality } from '../extras/quality.js'
import type { Joined, Leaved, PeerJoined, PeerLeft, ServerWillStop } from '../../protocol/server-messages.js'
import type { PeerMessage } from '../../protocol/client-messages.js'

/** A notification that an application's own server sends. */
export interface AppNotification {
  command: 'notification'
  definition: string
  streamId?: string
  [field: string]: unknown
}

/** What `callback` is called with, by name. */
export interface CallbackEvents {
  /** The connection is open, and camera and microphone are there (or `callbackError` has said why not): call `join` now. Once. */
  initialized: undefined
  /** You have a seat in the room. When the SDK comes back by itself, `reconnected` is told instead. */
  joined: Joined
  /** Your seat is given up: you have left, or the server has removed you (`reason`). */
  leaved: Leaved
  /** The other peer has joined. */
  peerJoined: PeerJoined
  /** The other peer has gone (`reason`). */
  peerLeft: PeerLeft
  /** The server is about to stop; the SDK comes back after `retryAfter` ms by itself. */
  server_will_stop: ServerWillStop
  /** Any notification, those above and an application's own included. For `on` only: `callback` gets each by its `definition`. */
  notification: AppNotification
  /** The other peer has sent a message. */
  peerMessageCommand: PeerMessage
  /** The connection to the server is lost. The SDK tries again in `delay` ms; the call goes on meanwhile. Told once for each outage. */
  reconnecting: { code: number, reason: string, delay: number }
  /** The connection is back, and so is the seat if there was one. `peers`: others in the room. `resumed`: whether it is the same seat. */
  reconnected: { resumed: boolean, peers?: number }
  /**
   * The connection has ended, and the SDK does not try again until you call `join`. The seat and the call have ended with it, on both
   * sides; camera and microphone stay, as after `leave`. `code` 1013: nobody used the connection, and nothing was lost.
   */
  closed: { code: number, reason: string }
  /** Media of the other side has come, or has ended (`stream: null`). */
  remote_stream: { streamId: string | null, stream: MediaStream | null }
  /**
   * Whether the other side's picture moves (`live`), stands still because no frame has come for 2 s (`frozen`), or is `off`; and
   * whether its microphone is on. With our SDK at both sides this needs no server once the two are connected.
   */
  remote_media_changed: { streamId: string | null } & RemoteMediaState
  /**
   * The browser does not play the other side before the person has done something at the page (its autoplay policy). Show a button that calls
   * `resumePlayback`. Told again where a later stream is refused, too.
   */
  playback_refused: undefined
  /** The ICE state between the two peers. At `connected` or `completed` the other side is there, with media or without; `closed` at the end of the call. */
  ice_connection_state_changed: { streamId: string | null, state: RTCIceConnectionState }
  /**
   * Camera or microphone went on or off, by the SDK's methods or because the device is gone; or (`screen`) the screen is shared, or (`interrupted`)
   * the system has silenced one that is on, which may end any time.
   */
  local_media_changed: LocalMediaState
  /** The screen is not shared any more: the person or `stopDesktopCapture` has ended it. */
  screen_share_stopped: undefined
  /** A device was pulled out, or taken back by the browser. The default one takes its place; where there is none, an error tells so. */
  device_lost: { device: Device, label: string }
  /** The devices that there are, after `getDevices`, and again whenever one comes or goes from then on. */
  available_devices: MediaDeviceInfo[]
  /** `sendData` reaches the other side without waiting; the room. */
  data_channel_opened: string | null
  /** The data channel is gone: with the call, or until there is a new connection. The room. */
  data_channel_closed: string | null
  /** The other side has sent a text or a binary by `sendData`. */
  data_received: ReceivedData
  /** The other side has begun to send a file by `sendFile`. It comes as its `stream` is read. */
  file_received: ReceivedFile
  /** What the call sends and receives, after `getStats` and every few seconds after `enableStats`. */
  updated_stats: CallStats
  /**
   * How good the call is: `good`, `fair` or `poor`, and for what `reason`. Judged by the figures of `enableStats` (or of your own `getStats`, once a
   * second at most); told when it changes, after 3 s if it is worse and 6 s if it is better.
   */
  quality_changed: { streamId: string | null } & CallQuality
  /** There is a code to read to one another, another one, or none any more (`code: null`). See `verificationCode`. */
  verification_code_changed: { streamId: string | null, code: string | null }
}

/** The events of `on` and `off`: all names that `callback` is called with, and `error`. */
export interface AdaptorEvents extends CallbackEvents {
  /** An error: the AdaptorError that `callbackError` gets too, told once. Nothing is thrown if nobody listens. For `on` only. */
  error: AdaptorError
}

export type CallbackName = keyof CallbackEvents

/**
 * What `callback` is called with: a name and what belongs to it, so that one tells the type of the other. A notification of your
 * own server is one of these once its name is declared:
 * `declare module 'fastify-webrtc-signalling/client' { interface CallbackEvents { countdown: AppNotification } }`.
 */
export type CallbackArguments = { [K in CallbackName]: [info: K, obj: CallbackEvents[K]] }[CallbackName]

/** A callback of a name and what belongs to it, or (`info` annotated, since TypeScript infers only pairs) of the name alone. */
export type Callback = ((...told: CallbackArguments) => void) | ((info: CallbackName) => void)

/** A callback of an error: its name, and the AdaptorError itself. */
export type ErrorCallback = (error: ErrorName | (string & {}), message: AdaptorError) => void
