import type { ErrorDefinition } from '../../protocol/codes.js'
import { AdaptorError } from '../base/client-errors.js'
import type { Frame } from './frames.js'

/** Notifications about a seat or about the server. All others are messages to a seat. */
const UNCOUNTED: readonly unknown[] = ['joined', 'leaved', 'server_will_stop']
const COUNTED: readonly string[] = ['start', 'stop', 'takeConfiguration', 'takeCandidate', 'peerMessageCommand']
const RELAY_ERRORS: readonly string[] = ['no_peer_associated_before', 'notInRoom'] satisfies ErrorDefinition[]

/** Whether the frame is a message to a seat. The server counts these, and keeps them while the peer is absent. */
export function isSeatMessage (frame: Frame): boolean {
  return frame.command === 'notification' ? !UNCOUNTED.includes(frame.definition) : COUNTED.includes(frame.command)
}

/** Whether the error answers a relayed message or a `leave`, and never a `join`. */
export function isRelayError (definition: string): boolean {
  return RELAY_ERRORS.includes(definition)
}

/** Makes the `leaved` that the server would have sent, for a `leave` that it did not receive. */
export function leavedNotice (room: string): Frame {
  return { command: 'notification', definition: 'leaved', streamId: room }
}

/** Makes the error of a message that waits while its room is left. */
export function leftError (): AdaptorError {
  return new AdaptorError('AbortError', 'The room was left before the message could be sent.')
}
