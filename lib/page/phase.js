// What a person is told of the call: pure functions of what the adaptor has told, with nothing of the page in them.

const STATUS = {
  starting: 'Starting …',
  ready: 'Ready to join',
  joining: 'Joining …',
  waiting: 'Waiting for the other person',
  connecting: 'Connecting …',
  call: 'In call',
  reconnecting: 'Connection lost, reconnecting …',
  ended: 'Disconnected from the server'
}

/** What stands on the stage where there is no picture, if it is not the status. */
const NOTES = {
  waiting: 'Nobody else is here yet. Copy the link and send it to somebody.',
  call: 'Their camera is off'
}

/** Shown in place of a last picture that stands still: a person must not take it for a live one. */
export const FROZEN = 'Their picture has stopped. It comes back by itself when it can.'

export const CAMERA_OFF = 'Your camera is off'
export const MAY_ASK = 'Your browser may ask whether this page may use your camera and microphone'

const CONNECTED = ['connected', 'completed']

/**
 * Says whether an ICE connection state (W3C WebRTC 1.0, section 5.6.4) means that there is a way to the other person. They may have
 * nothing to show and still see and hear us, so no picture is needed for it; and the way is there whatever the server knows.
 */
export function isConnected (iceConnectionState) {
  return CONNECTED.includes(iceConnectionState)
}

/** Says in which phase the page is. */
export function phaseOf (state, connected) {
  if (state.ended) return 'ended'
  if (state.away) return 'reconnecting'
  if (state.room !== '') {
    if (connected) return 'call'
    if (!state.joined) return 'joining'
    return state.company ? 'connecting' : 'waiting'
  }
  return state.ready ? 'ready' : 'starting'
}

export function statusOf (phase) {
  return STATUS[phase]
}

/** Says what stands in place of the other's picture. A call that goes on while the server is away is a call, whatever the status says. */
export function noteOf (phase, connected) {
  const shown = phase === 'reconnecting' && connected ? 'call' : phase
  return NOTES[shown] ?? STATUS[shown]
}
