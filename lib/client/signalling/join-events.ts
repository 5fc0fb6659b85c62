import type { AdaptorError } from '../base/client-errors.js'
import type { Frame } from './frames.js'
import type { ReconnectPolicy } from './reconnect-policy.js'

/** @internal */
export interface Seated {
  /** The server's `joined`. */
  frame: Frame
  /** Whether it is the same seat as before. */
  resumed: boolean
  /** Whether the SDK has joined by itself, without a call of `join`. */
  automatic: boolean
}

export interface RoomJoinEvents {
  /** The server gave a seat. */
  seated: Seated
  /** Intent and seat are given up. Messages that wait are rejected with this error. */
  unseated: AdaptorError
  /** The server gave no seat. `automatic`: the SDK had joined by itself. */
  refused: { error: AdaptorError, room: string, automatic: boolean }
  /** The room is left: by `leave`, or because the server removed this peer. The frame is the server's `leaved`. */
  left: Frame
}

/** @internal */
export interface RoomJoinSettings {
  reconnect: ReconnectPolicy
  /** Whether the server is asked to keep the seat after a lost connection. */
  resume: boolean
}
