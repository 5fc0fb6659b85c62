import type { Frame } from './frames.js'
import { isRelayError } from './seat-rules.js'

/** How far the present socket has come with a room. */
export type JoinPhase = 'none' | 'joining' | 'joined' | 'leaving'

/** What moves it on: a message that was sent, an answer of the server, or the end of the socket. */
export type JoinEvent =
  | 'joinSent' | 'leaveSent'
  /** The server gave the seat that was asked for, or refused it. */
  | 'seatTaken' | 'joinRefused'
  /** The server gave back an abandoned seat, which is asked for only to be left. */
  | 'abandonedSeatTaken'
  /** The server took note of `leave`, or refused it for its rate. */
  | 'seatLeft' | 'leaveRefused'
  /** The server put this peer out, or knows nothing of its seat. */
  | 'putOut' | 'seatUnknown'
  | 'socketLost'

/** Every phase that there is, and where each event leads from it. What is not listed means nothing in that phase. */
const TRANSITIONS: { readonly [P in JoinPhase]: { readonly [E in JoinEvent]?: JoinPhase } } = {
  none: { joinSent: 'joining', leaveSent: 'leaving', socketLost: 'none' },
  joining: { seatTaken: 'joined', joinRefused: 'none', leaveSent: 'leaving', socketLost: 'none' },
  joined: { leaveSent: 'leaving', putOut: 'none', seatUnknown: 'none', socketLost: 'none' },
  leaving: { leaveSent: 'leaving', leaveRefused: 'leaving', abandonedSeatTaken: 'leaving', seatLeft: 'none', socketLost: 'none' }
}

/** The phase after an event. An event that means nothing changes nothing. */
export function nextPhase (phase: JoinPhase, event: JoinEvent): JoinPhase {
  return TRANSITIONS[phase][event] ?? phase
}

/** What a client knows of its rooms when a frame comes. */
export interface JoinState {
  readonly phase: JoinPhase
  /** The room that the application wants to be in. */
  readonly wanted: string | null
  /** The room in which it sits. */
  readonly held: string | undefined
  /** The room that is being left. */
  readonly leaving: string
}

/** What an answer to `join` or `leave` means: an event, `null` for one that comes too late, or `undefined` where the frame is no such answer. */
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
    // What else is wrong in a room that is being left concerns nobody any more.
    return name === 'notInRoom' ? 'seatLeft' : name === 'rateExceeded' ? 'leaveRefused' : null
  }
  if (phase === 'joining' && (room === wanted || room === undefined) && !isRelayError(name)) return 'joinRefused'
  return phase === 'joined' && room === wanted && name === 'notInRoom' ? 'seatUnknown' : undefined
}
