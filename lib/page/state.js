// What is known of the call, and what each event makes of it: pure functions, with nothing of the page in them.

/** Errors of one way to one person. They are over with that way. */
const CALL_ERRORS = ['peerConnectionFailed', 'offerUnanswered', 'notSetRemoteDescription', 'OperationError']

/** Errors of a camera or a microphone, or of the permission to use them. */
const MEDIA_ERRORS = [
  'NotFoundError', 'DevicesNotFoundError', 'NotAllowedError', 'PermissionDeniedError', 'PermissionDismissedError', 'SecurityError',
  'NotReadableError', 'TrackStartError', 'OverconstrainedError', 'ConstraintNotSatisfiedError', 'AbortError', 'TypeError'
]

/** Close code of a connection that nobody used for long: another one is opened when somebody joins, and nothing is lost. */
const IDLE = 1013

const LONGEST_NAME = 40

/** How long a device that is gone is news, in ms. */
export const LOST_FOR = 8_000

export const INITIAL = {
  /** Set once the camera has answered, or has said that it will not. */
  ready: false,
  /** The room we sit in, or are about to. */
  room: '',
  joined: false,
  /** Whether somebody sits beside us, as the server tells. */
  company: false,
  /** The signalling connection is lost and being sought. A call goes on meanwhile. */
  away: false,
  /** There is no connection, and none is sought until somebody joins again. */
  ended: false,
  /** What the other one calls itself. */
  otherName: '',
  /** When the call began; null while there is none. */
  since: null,
  /** How long the last call took in ms; null where there was none. */
  spent: null,
  /** Who has left us alone in the room: what they called themselves, and how long the call took in ms. Null where nobody has. */
  parted: null,
  /** The error on display: its name, the device it concerns, and the name whose words serve where there are none for its own. */
  error: null,
  /** The browser plays nothing of the other one before somebody presses something. */
  refused: false,
  /** The screen is shared with the other one. */
  sharing: false,
  /** A device that is gone, by its label, and since when; null where that is no news any more. */
  lost: null,
  /** What somebody has just switched a device to, until it has got there. */
  switching: {},
  /** What the adaptor and the elements say: there is a way to the other (W3C WebRTC 1.0, section 5.6.4), and who gives which media. */
  facts: { connected: false, camera: false, microphone: false, remote: { video: 'off', audio: 'off' }, localPicture: false, remotePicture: false, mirrored: true, code: null }
}

function dismiss (state, ...names) {
  return names.includes(state.error?.name) ? { ...state, error: null } : state
}

/** The seat is gone, by whoever's doing. */
function forget (state, at) {
  const spent = state.since === null ? state.spent : at - state.since
  return dismiss({ ...state, room: '', joined: false, company: false, otherName: '', since: null, spent, parted: null, refused: false }, ...CALL_ERRORS)
}

function fail (state, name, device) {
  return { ...state, error: { name, device } }
}

const ON = {
  initialized: state => dismiss({ ...state, ready: true }, 'WebSocketNotConnected'),
  joining: (state, { room }) => ({ ...state, room, ended: false, error: null, spent: null }),
  // What went wrong has been told as an error already.
  joinFailed: (state, { at }) => forget(state, at),
  left: (state, { at }) => ({ ...forget(state, at), error: null }),
  joined: (state, { message }) => ({ ...state, joined: true, company: message.peers > 0 }),
  peerJoined: state => ({ ...state, company: true }),
  // Not where only their way to the server is lost: we may see and hear each other all the same.
  peerLeft: state => dismiss({ ...state, company: false }, ...state.facts.connected ? [] : CALL_ERRORS),
  leaved: (state, { message, at }) => {
    // Our own leave is on the page already, and may be followed by a new join; only one that we did not ask for has a reason.
    if (message.reason === undefined) return state
    return { ...forget(state, at), error: { name: message.reason, otherwise: 'notInRoom' } }
  },
  reconnecting: state => ({ ...state, away: true }),
  reconnected: (state, { message }) => {
    const back = dismiss({ ...state, away: false }, 'WebSocketNotConnected', 'QuotaExceededError')
    // A seat that was taken back is told who came and went meanwhile; on a new one this is how many there are.
    return message.resumed ? back : { ...back, company: message.peers > 0 }
  },
  local_media_changed: (state, { message }) => {
    const told = { ...state, sharing: message.screen === true }
    return message.camera && message.microphone ? dismiss(told, ...MEDIA_ERRORS) : told
  },
  playback_refused: state => ({ ...state, refused: true }),
  playing: state => ({ ...state, refused: false }),
  device_lost: (state, { message, at }) => ({ ...state, lost: { label: message.label, at } }),
  closed: (state, { message, at }) => message.code === IDLE ? { ...state, away: false } : forget({ ...state, away: false, ended: true }, at),
  peerMessageCommand: (state, { message }) => message.definition === 'name' ? { ...state, otherName: nameIn(message.data) } : state,
  switching: (state, { device, on }) => ({ ...state, error: null, switching: { ...state.switching, [device]: on } }),
  switched: (state, { device }) => ({ ...state, switching: { ...state.switching, [device]: undefined } }),
  // What was wrong with one room, or with joining it, says nothing about another. Camera and microphone are as they were.
  roomEdited: state => MEDIA_ERRORS.includes(state.error?.name) ? state : { ...state, error: null },
  error: (state, { name, device }) => {
    // Our name found nobody, which is no news to a person.
    if (name === 'no_peer_associated_before') return state
    // Without a camera, or with a server that is not there yet, a person may still try.
    return fail({ ...state, ready: true }, name, device)
  },
  /** No adaptor could be made: there is nothing that a person may try. */
  unable: (state, { name }) => fail(state, name)
}

/** A name as the other one has sent it, if it is one. */
function nameIn (data) {
  return typeof data === 'string' ? data.trim().slice(0, LONGEST_NAME) : ''
}

/** The state after an event, of which `at` is the time and `facts` what else is so now. */
export function reduce (before, event) {
  const lost = before.lost !== null && event.at - before.lost.at < LOST_FOR ? before.lost : null
  const told = { ...before, lost, facts: { ...before.facts, ...event.facts } }
  const state = ON[event.type]?.(told, event) ?? told
  const { connected } = state.facts
  if (state.room === '') return state
  // A call that works has none of the errors of a call.
  if (connected) {
    const calling = { ...state, parted: null, since: state.since ?? event.at }
    return state.away || state.ended ? calling : dismiss(calling, ...CALL_ERRORS)
  }
  if (state.company) return { ...state, parted: null }
  if (state.away) return state
  const parted = state.since === null ? state.parted : { name: state.otherName, spent: event.at - state.since }
  return { ...state, parted, since: null, otherName: '' }
}
