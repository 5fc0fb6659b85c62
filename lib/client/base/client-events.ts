import type { AdaptorError, Device } from './client-errors.js'
import type { LocalMediaState } from '../media/media.js'
import type { RemoteMediaState } from '../call/remote-media.js'
import type { CallStats } from '../extras/call-stats.js'
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
  /** Camera and microphone have come, or `callbackError` has told why not, and the connection is open: time to `join`. Once. */
  initialized: undefined
  /** The seat is yours. Not told when the SDK comes back by itself; that is `reconnected`. */
  joined: Joined
  /** The seat is given up: you left, or the server put you out (`reason`). */
  leaved: Leaved
  /** Somebody has sat down beside you. */
  peerJoined: PeerJoined
  /** The other one has gone (`reason`). */
  peerLeft: PeerLeft
  /** The server is about to stop; the SDK comes back after `retryAfter` ms by itself. */
  server_will_stop: ServerWillStop
  /** Any notification, those above and an application's own included. For `on` only: `callback` gets each by its `definition`. */
  notification: AppNotification
  /** The other peer has sent a message. */
  peerMessageCommand: PeerMessage
  /** The connection to the server is lost; another one is tried in `delay` ms. The call goes on meanwhile. Once an outage. */
  reconnecting: { code: number, reason: string, delay: number }
  /** The connection is back and, where there was one, the seat, with `peers` others in the room; `resumed` where it is the same seat. */
  reconnected: { resumed: boolean, peers?: number }
  /**
   * There is no connection any more and none will come, unless `join` is called. The seat and the call have ended with it, on both sides;
   * camera and microphone stay, as after `leave`. `code` 1013 where nobody used the connection, and nothing was lost.
   */
  closed: { code: number, reason: string }
  /** The other side is seen or heard, or (`stream: null`) is not any more. */
  remote_stream: { streamId: string | null, stream: MediaStream | null }
  /**
   * The other side's picture moves (`live`), stands still because no frame has come for 2 s (`frozen`), or is `off`; and
   * whether its microphone is on. With our SDK at both sides this needs no server once the two are connected.
   */
  remote_media_changed: { streamId: string | null } & RemoteMediaState
  /** The state of the way between the two peers: at `connected` or `completed` somebody is there, seen or not; `closed` at the end of the call. */
  ice_connection_state_changed: { streamId: string | null, state: RTCIceConnectionState }
  /**
   * Camera or microphone went on or off, by the SDK's methods or because the device is gone; or (`screen`) the screen is shared, or (`interrupted`)
   * the system has silenced one that is on, which may end any time.
   */
  local_media_changed: LocalMediaState
  /** A device was pulled out, or taken back by the browser. The default one takes its place; where there is none, an error tells so. */
  device_lost: { device: Device, label: string }
  /** The devices that there are, after `getDevices`, and again whenever one comes or goes from then on. */
  available_devices: MediaDeviceInfo[]
  /** What the call sends and receives, after `getStats` and every few seconds after `enableStats`. */
  updated_stats: CallStats
}

/** What `on` and `off` know by name: all that `callback` is told, and errors. */
export interface AdaptorEvents extends CallbackEvents {
  /** Something went wrong: the AdaptorError that `callbackError` is told, once. Without a listener nothing is thrown. For `on` only. */
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
