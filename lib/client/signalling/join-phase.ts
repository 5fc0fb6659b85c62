import type { Frame } from './frames.js'
import { isRelayError } from './seat-rules.js'

/** The phase of a join on the current socket. */
export type JoinPhase = 'none' | 'joining' | 'joined' | 'leaving'

/** What changes the phase: a command that was sent, an answer of the server, or the end of the socket. */
export type JoinEvent =
  | 'joinSent' | 'leaveSent'
  /** The server gave the seat that was asked for, or refused it. */
  | 'seatTaken' | 'joinRefused'
  /** The server gave back an abandoned seat, which was asked for only to be left. */
  | 'abandonedSeatTaken'
  /** The server confirmed a `leave`, or refused it for its rate. */
  | 'seatLeft' | 'leaveRefused'
  /** The server removed this peer, or has no seat for it. */
  | 'putOut' | 'seatUnknown'
  | 'socketLost'

/** All phases, and the next phase for each event. An event that is not listed is ignored in that phase. */
const TRANSITIONS: { readonly [P in JoinPhase]: { readonly [E in JoinEvent]?: JoinPhase } } = {
  none: { joinSent: 'joining', leaveSent: 'leaving', socketLost: 'none' },
  joining: { seatTaken: 'joined', joinRefused: 'none', leaveSent: 'leaving', socketLost: 'none' },
  joined: { leaveSent: 'leaving', putOut: 'none', seatUnknown: 'none', socketLost: 'none' },
  leaving: { leaveSent: 'leaving', leaveRefused: 'leaving', abandonedSeatTaken: 'leaving', seatLeft: 'none', socketLost: 'none' }
}

/** The phase after an event. */
export function nextPhase (phase: JoinPhase, event: JoinEvent): JoinPhase {
  return TRANSITIONS[phase][event] ?? phase
}

/**
 * What decides the meaning of a frame.
 *
 * @internal
 */
export interface JoinState {
  readonly phase: JoinPhase
  /** The room that the application wants to be in. */
  readonly wanted: string | null
  /** The room in which a seat is held. */
  readonly held: string | undefined
  /** The room that is being left. */
  readonly leaving: string
}

/**
 * Reads the answer to a `join` or a `leave`.
 *
 * @returns the event, null for an answer that is not waited for any more, undefined if the frame is no such answer
 */
export function readAnswer (state: JoinState, frame: Frame): JoinEvent | null | undefined {
  if (frame.command === 'error') return readError(state, frame)
  if (frame.command !== 'notification') return undefined
  const { phase, wanted, held, leaving } = state
  const room = frame.streamId
  if (frame.definition === 'joined') {
    if (phase === 'leaving' && room === leaving) return 'abandonedSeatTaken'
    return phase === 'joining' && room === wanted ? 'seatTaken' : null
  }
  if (frame.definition === 'leaved') {
    if (phase === 'leaving' && room === leaving) return 'seatLeft'
    return phase === 'joined' && room === held ? 'putOut' : null
  }
  return undefined
}

function readError ({ phase, wanted, leaving }: JoinState, { definition, streamId: room }: Frame): JoinEvent | null | undefined {
  const name = String(definition)
  if (phase === 'leaving' && (room === leaving || room === undefined)) {
    // Any other error in a room that is being left has no consequence.
    return name === 'notInRoom' ? 'seatLeft' : name === 'rateExceeded' ? 'leaveRefused' : null
  }
  if (phase === 'joining' && (room === wanted || room === undefined) && !isRelayError(name)) return 'joinRefused'
  return phase === 'joined' && room === wanted && name === 'notInRoom' ? 'seatUnknown' : undefined
}
