import type { ErrorDefinition } from '../../protocol/codes.js'
import type { Frame } from './frames.js'

/** Notifications that are about a seat or the server, rather than for the one who sits there. */
const UNCOUNTED: readonly unknown[] = ['joined', 'leaved', 'server_will_stop']
const COUNTED: readonly string[] = ['start', 'stop', 'takeConfiguration', 'takeCandidate', 'peerMessageCommand']
const RELAY_ERRORS: readonly string[] = ['no_peer_associated_before', 'notInRoom'] satisfies ErrorDefinition[]
const TEMPORARY: readonly string[] = [
  'NoSpaceForNewPeer', 'rateExceeded', 'serverDraining', 'tooManyRooms', 'internalError'
] satisfies ErrorDefinition[]

/** Whether the message belongs to a seat: the server keeps these while the connection is lost, and counts them. */
export function isSeatMessage (frame: Frame): boolean {
  return frame.command === 'notification' ? !UNCOUNTED.includes(frame.definition) : COUNTED.includes(frame.command)
}

/** Errors that answer a message to the other peer, or a `leave`, and never a `join`. */
export function isRelayError (definition: string): boolean {
  return RELAY_ERRORS.includes(definition)
}

/** Errors that may be gone at the next try of somebody who had a seat. */
export function isTemporary (definition: string): boolean {
  return TEMPORARY.includes(definition)
}

/** What the server would say to one that leaves, where it cannot. */
export function leavedNotice (room: string): Frame {
  return { command: 'notification', definition: 'leaved', streamId: room }
}
