import { encode, isBadFrame, isRelayed, PONG, type BadFrame, type ClientCommand } from '../protocol/codec.js'
import type { ErrorDefinition } from '../protocol/codes.js'
import type { ClientMessage, Join, Leave, RelayedMessage, Stop } from '../protocol/client-messages.js'
import type { IceServerConfig } from '../protocol/server-messages.js'
import { kindOf } from './client-kind.js'
import type { PeerLink } from './peer-link.js'
import type { JoinOutcome, JoinRequest } from './join-request.js'
import { PendingJoin } from './pending-join.js'
import type { Rooms } from './room-registry.js'
import type { PeerProfile, Seat, SeatHolder } from './seat.js'

/** What whoever guards the door grants to a joiner. */
export interface Grant extends PeerProfile {
  /** How many may sit in the room, from now on. */
  capacity?: number
}

/** What whoever guards the door answers to a joiner that may not. */
export interface Refusal {
  refused: ErrorDefinition
  message?: string
  retryAfter?: number
}

/** Who sends a command: one connection, with the seats that it holds. */
export interface Caller extends PeerLink, SeatHolder {
  readonly app: string
  readonly rooms: Rooms
  /** How many rooms the application may have. */
  readonly mostRooms: number
  /** The seats that are reached through this connection. */
  readonly seats: readonly Seat[]
  /** The join that waits for an answer of the room; at most one, since frames are taken in order. */
  pending: PendingJoin | null
  seatIn (room: string): Seat | undefined
  /** Whether this connection may join: at once, or once the application has said so. */
  admit (join: Join): Grant | Refusal | Promise<Grant | Refusal>
  iceServerConfig (): IceServerConfig | Promise<IceServerConfig>
  /** The connection has got a seat: what it may know from now on can be told. */
  seatTaken (): void
  refuse (refusal: Refusal, streamId?: string): void
}

/** A promise where the command is not over yet: the frames behind it wait. */
type Handled = undefined | Promise<void>
type Handler<M> = (caller: Caller, message: M, frame: Buffer) => Handled

/** What each command does. */
export const commands: { [C in ClientCommand]: Handler<Extract<ClientMessage, { command: C }>> } = {
  join,
  leave,
  stop: leave,
  takeConfiguration: relay,
  takeCandidate: relay,
  peerMessageCommand: relay,
  ping (caller) {
    caller.send(PONG)
    return undefined
  },
  getIceServerConfig (caller) {
    const config = caller.iceServerConfig()
    if (!(config instanceof Promise)) {
      caller.send(encode(config))
      return undefined
    }
    return config.then(config => { caller.send(encode(config)) })
  }
}

/**
 * Answers a frame that is refused before its command is looked at: it is faulty, or came too fast. Where it was for the other peer it
 * counts in `received` all the same, so that its sender does not send it again: it was told.
 */
export function refuseFrame (caller: Caller, frame: ClientMessage | BadFrame, refusal: Refusal): void {
  const { streamId } = frame as { streamId?: string }
  const relayed = isBadFrame(frame) ? frame.relayed === true : isRelayed(frame.command)
  const seat = relayed && streamId !== undefined ? caller.seatIn(streamId) : undefined
  if (seat !== undefined) seat.refused++
  caller.refuse(refusal, streamId)
}

function relay (caller: Caller, message: RelayedMessage, frame: Buffer): Handled {
  const seat = caller.seatIn(message.streamId)
  if (seat === undefined) {
    caller.refuse({ refused: 'notInRoom' }, message.streamId)
    return undefined
  }
  if (message.command === 'takeConfiguration' && message.type === 'offer') seat.room.offered(seat)
  if (!seat.room.relay(seat, frame, message.command)) {
    caller.refuse({ refused: 'no_peer_associated_before' }, message.streamId)
  }
  return undefined
}

function leave (caller: Caller, message: Leave | Stop): Handled {
  const { streamId } = message
  const only = caller.seats.length === 1 ? caller.seats[0] : undefined
  const seat = streamId === undefined ? only : caller.seatIn(streamId)
  if (seat !== undefined) {
    seat.room.leave(seat)
  } else if (streamId === undefined && caller.seats.length > 1) {
    caller.refuse({ refused: 'noStreamNameSpecified', message: 'You sit in several rooms, so streamId must name one.' })
  } else if (streamId === undefined) {
    caller.refuse({ refused: 'notInRoom' })
  } else {
    // What was asked for is so. Android says it at each try to come back, and would show an error to its user.
    caller.send(encode({ command: 'notification', definition: 'leaved', streamId }))
  }
  return undefined
}

function join (caller: Caller, message: Join): Handled {
  const grant = caller.admit(message)
  if (!(grant instanceof Promise)) return takeSeat(caller, message, grant)
  const considered = caller.rooms.find(caller.app, message.streamId)?.consider({
    resumeToken: message.resumeToken,
    claim: message.resume === true ? message.claim : undefined
  })
  return grant.then(grant => takeSeat(caller, message, grant)).finally(considered)
}

function takeSeat (caller: Caller, message: Join, grant: Grant | Refusal): Handled {
  const { streamId } = message
  if ('refused' in grant) {
    caller.refuse(grant, streamId)
    return undefined
  }
  // The application may have taken its time, and the client may not have waited.
  if (!caller.open) return undefined
  const { capacity, ...profile } = grant
  const request: JoinRequest = {
    holder: caller,
    kind: kindOf(message),
    resume: message.resume === true,
    resumeToken: message.resumeToken,
    claim: message.resume === true ? message.claim : undefined,
    received: message.received,
    profile,
    capacity
  }
  const answer = caller.rooms.join(caller.app, streamId, request, caller.mostRooms)
  if (!(answer instanceof PendingJoin)) {
    settle(caller, answer, streamId)
    return undefined
  }
  caller.pending = answer
  return answer.outcome.then(outcome => {
    caller.pending = null
    if (caller.open) settle(caller, outcome, streamId)
  })
}

function settle (caller: Caller, outcome: JoinOutcome, streamId: string): void {
  if ('refused' in outcome) caller.refuse(outcome, streamId)
  else caller.seatTaken()
}
