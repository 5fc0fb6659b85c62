// What is seen: the page's elements, made to show a state.

import { find, swap, write } from './elements.js'
import { CAMERA_OFF, FROZEN, MAY_ASK, isConnected, noteOf, phaseOf, statusOf } from './phase.js'

const room = find('room')
const localVideo = find('localVideo')
const remoteVideo = find('remoteVideo')

const watched = new WeakSet()

/** Calls `changed` at each of these events, however often it is asked to. */
function watch (target, changed, ...events) {
  if (watched.has(target)) return
  watched.add(target)
  for (const event of events) target.addEventListener(event, changed)
}

/** Says whether there is a picture to see. A camera that is off leaves the last one standing, so the page must hide it. */
function hasPicture (video, changed) {
  const stream = video.srcObject
  if (stream === null) return false
  watch(stream, changed, 'addtrack', 'removetrack')
  for (const track of stream.getVideoTracks()) watch(track, changed, 'mute', 'unmute', 'ended')
  return stream.getVideoTracks().some(track => track.readyState === 'live' && !track.muted)
}

/** Calls `changed` whenever a picture comes or goes. */
export function watchPictures (changed) {
  for (const video of [remoteVideo, localVideo]) {
    for (const event of ['loadeddata', 'playing', 'resize', 'emptied']) video.addEventListener(event, changed)
  }
}

/** Shows the state; `changed` is called when the page must be shown anew. */
export function show (state, adaptor, changed) {
  const connected = isConnected(adaptor.peerConnection?.iceConnectionState)
  const phase = phaseOf(state, connected)
  const inRoom = state.room !== ''
  document.body.dataset.phase = phase
  document.body.dataset.view = inRoom ? 'room' : 'lobby'
  write(find('status'), statusOf(phase))
  room.readOnly = inRoom
  find('hint').hidden = inRoom
  find('join').disabled = !state.ready
  swap(find(inRoom ? 'leave' : 'join'), find(inRoom ? 'join' : 'leave'))
  const theirs = hasPicture(remoteVideo, changed)
  const stopped = theirs && (!connected || adaptor.remoteMedia?.video === 'frozen')
  showPicture(remoteVideo, theirs && !stopped, find('remoteNote'), stopped ? FROZEN : noteOf(phase, connected))
  showPicture(localVideo, hasPicture(localVideo, changed), find('localNote'), state.ready ? CAMERA_OFF : MAY_ASK)
  showToggle(find('camera'), adaptor.cameraOn, state.ready)
  showToggle(find('microphone'), adaptor.micOn, state.ready)
}

function showPicture (video, seen, note, text) {
  video.classList.toggle('blank', !seen)
  note.hidden = seen
  write(note, text)
}

export function showToggle (button, on, ready) {
  button.disabled = !ready
  button.setAttribute('aria-pressed', String(on))
  write(button.querySelector('.state'), on ? 'on' : 'off')
}
