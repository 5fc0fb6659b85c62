import type { AdaptorError } from '../base/client-errors.js'
import type { Frame } from './frames.js'
import type { ReconnectPolicy } from './reconnect-policy.js'

export interface Seated {
  frame: Frame
  /** It is the same seat as before. */
  resumed: boolean
  /** Nobody called `join`: the SDK came back by itself. */
  automatic: boolean
}

export interface RoomJoinEvents {
  seated: Seated
  /** Intent and seat are given up. What still waits is given up for that reason. */
  unseated: AdaptorError
  /** The server gave no seat. `automatic`: nobody called `join`. */
  refused: { error: AdaptorError, room: string, automatic: boolean }
  left: Frame
}

export interface RoomJoinSettings {
  reconnect: ReconnectPolicy
  /** Whether to keep the seat over a lost connection. */
  resume: boolean
}
