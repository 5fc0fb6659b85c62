// The page's own script: it turns what WebRTCAdaptor tells into words and what a person presses into its methods.
// Whatever comes from elsewhere is shown as text, never as HTML.

import { find } from './elements.js'
import { CALL_ERRORS, ErrorLine, MEDIA_ERRORS } from './error-line.js'
import { isConnected } from './phase.js'
import { show, showToggle, watchPictures } from './view.js'

const room = find('room')
const errorLine = new ErrorLine(find('error'), find('words').content)

/** The adaptor of this page, also `window.webRTCAdaptor`, as Ant Media's pages have it for whoever debugs a call. */
let adaptor

const state = {
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
  ended: false
}

/** Close code of a connection that nobody used for long: another one is opened when somebody joins, and nothing is lost. */
const IDLE = 1013

function connected () {
  return isConnected(adaptor.peerConnection?.iceConnectionState)
}

function render () {
  // A call that works has none of the errors of a call.
  if (state.room !== '' && !state.away && !state.ended && connected()) errorLine.dismiss(...CALL_ERRORS)
  show(state, adaptor, render)
}

const ON = {
  initialized: () => {
    state.ready = true
    errorLine.dismiss('WebSocketNotConnected')
  },
  joined: message => {
    state.joined = true
    state.company = message.peers > 0
  },
  peerJoined: () => { state.company = true },
  peerLeft: () => {
    state.company = false
    // Not where only their way to the server is lost: we may see and hear each other all the same.
    if (!connected()) errorLine.dismiss(...CALL_ERRORS)
  },
  leaved: message => {
    // Our own leave is on the page already, and may be followed by a new join; only one that we did not ask for has a reason.
    if (message.reason === undefined) return
    errorLine.show(errorLine.wordsFor(message.reason) === undefined ? 'notInRoom' : message.reason)
    forget()
  },
  reconnecting: () => { state.away = true },
  reconnected: message => {
    state.away = false
    errorLine.dismiss('WebSocketNotConnected', 'QuotaExceededError')
    // A seat that was taken back is told who came and went meanwhile; on a new one this is how many there are.
    if (!message.resumed) state.company = message.peers > 0
  },
  local_media_changed: message => {
    if (message.camera && message.microphone) errorLine.dismiss(...MEDIA_ERRORS)
  },
  closed: message => {
    state.away = false
    if (message.code === IDLE) return
    state.ended = true
    forget()
  }
}

function forget () {
  state.room = ''
  state.joined = false
  state.company = false
  errorLine.dismiss(...CALL_ERRORS)
}

function fail (error) {
  errorLine.show(error)
  // Without a camera, or with a server that is not there yet, a person may still try.
  state.ready = true
}

function start () {
  adaptor = new window.WebRTCAdaptor({
    mediaConstraints: { video: true, audio: true },
    peerconnection_config: null,
    sdp_constraints: { OfferToReceiveAudio: true, OfferToReceiveVideo: true },
    localVideoId: 'localVideo',
    remoteVideoId: 'remoteVideo',
    callback (info, message) {
      ON[info]?.(message)
      render()
    },
    callbackError (error) {
      fail(error)
      render()
    }
  })
  window.webRTCAdaptor = adaptor
  render()
}

function link () {
  const url = new URL(window.location.href)
  url.searchParams.set('room', room.value)
  return url.href
}

/** Tells the answer to the last join from that to one before it. */
let attempts = 0

async function join () {
  errorLine.clear()
  state.ended = false
  state.room = room.value
  window.history.replaceState(null, '', link())
  render()
  const attempt = ++attempts
  try {
    await adaptor.join(state.room)
  } catch {
    // What went wrong has been told to callbackError already. It may have been left, and joined anew, meanwhile.
    if (attempt === attempts) forget()
  }
  render()
}

async function leave () {
  attempts++
  errorLine.clear()
  forget()
  render()
  await adaptor.leave().catch(() => {})
  render()
}

async function copy () {
  if (!room.reportValidity()) return
  const button = find('copy')
  try {
    await navigator.clipboard.writeText(link())
    button.textContent = 'Copied'
  } catch {
    // No clipboard on an insecure page or without leave to use it: the address bar has the link too, once it is this one.
    window.history.replaceState(null, '', link())
    button.textContent = 'Copy it from the address bar'
  }
}

async function toggle (button, on, off) {
  errorLine.clear()
  const wanted = button.getAttribute('aria-pressed') !== 'true'
  showToggle(button, wanted, state.ready)
  await (wanted ? on() : off()).catch(() => {})
  render()
}

room.value = new URL(window.location.href).searchParams.get('room') ?? room.value
room.addEventListener('input', () => {
  find('copy').textContent = 'Copy link'
  // What was wrong with one room, or with joining it, says nothing about another. Camera and microphone are as they were.
  if (!MEDIA_ERRORS.includes(errorLine.name)) errorLine.clear()
})
find('entrance').addEventListener('submit', event => {
  event.preventDefault()
  // Enter in the field submits the form, in a room too.
  if (state.room === '') join()
})
find('leave').addEventListener('click', leave)
find('copy').addEventListener('click', copy)
find('camera').addEventListener('click', event => {
  toggle(event.currentTarget, () => adaptor.turnOnLocalCamera(), () => adaptor.turnOffLocalCamera())
})
find('microphone').addEventListener('click', event => {
  toggle(event.currentTarget, () => adaptor.unmuteLocalMic(), () => adaptor.muteLocalMic())
})
watchPictures(render)
try {
  start()
} catch (error) {
  // A browser without WebRTC, or with it off. The link to the room still serves: it can be opened elsewhere.
  errorLine.show(error.name)
  for (const id of ['camera', 'microphone']) find(id).disabled = true
}
