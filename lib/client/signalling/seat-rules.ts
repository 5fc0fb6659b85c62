import type { ErrorDefinition } from '../../protocol/codes.js'
import type { Frame } from './frames.js'

/** Notifications about a seat or about the server. All others are messages to a seat. */
const UNCOUNTED: readonly unknown[] = ['joined', 'leaved', 'server_will_stop']
const COUNTED: readonly string[] = ['start', 'stop', 'takeConfiguration', 'takeCandidate', 'peerMessageCommand']
const RELAY_ERRORS: readonly string[] = ['no_peer_associated_before', 'notInRoom'] satisfies ErrorDefinition[]
const TEMPORARY: readonly string[] = [
  'NoSpaceForNewPeer', 'rateExceeded', 'serverBusy', 'serverDraining', 'tooManyRooms', 'internalError'
] satisfies ErrorDefinition[]
/** Of these, what a server says without having looked for the seat: the next `join` must prove it as this one did. */
const UNDECIDED: readonly string[] = ['rateExceeded', 'serverBusy', 'serverDraining', 'internalError'] satisfies ErrorDefinition[]

/** Whether the frame is a message to a seat. The server counts these, and keeps them while the peer is absent. */
export function isSeatMessage (frame: Frame): boolean {
  return frame.command === 'notification' ? !UNCOUNTED.includes(frame.definition) : COUNTED.includes(frame.command)
}

/** Whether the error answers a relayed message or a `leave`, and never a `join`. */
export function isRelayError (definition: string): boolean {
  return RELAY_ERRORS.includes(definition)
}

/** Whether an automatic rejoin is worth another try after this error. */
export function isTemporary (definition: string): boolean {
  return TEMPORARY.includes(definition)
}

/** Whether a seat that this client holds may be there after this error as before. */
export function isUndecided (definition: string): boolean {
  return UNDECIDED.includes(definition)
}

/** Makes the `leaved` that the server would have sent, for a `leave` that it did not receive. */
export function leavedNotice (room: string): Frame {
  return { command: 'notification', definition: 'leaved', streamId: room }
}
