// The page's own script: it turns what WebRTCAdaptor tells into words and what a person presses into its methods.
// Whatever comes from elsewhere is shown as text, never as HTML.

const find = id => document.getElementById(id)
const room = find('room')
const localVideo = find('localVideo')
const remoteVideo = find('remoteVideo')
const words = find('words').content

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
  ended: false,
  /** The name of the error on display. */
  error: ''
}

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

const CONNECTED = ['connected', 'completed']

/** What concerns one way to one person, and is over with it. */
const CALL_ERRORS = ['peerConnectionFailed', 'offerUnanswered', 'notSetRemoteDescription', 'OperationError']

/** What is wrong with a camera or a microphone, or with leave to use them. */
const MEDIA_ERRORS = [
  'NotFoundError', 'DevicesNotFoundError', 'NotAllowedError', 'PermissionDeniedError', 'PermissionDismissedError', 'SecurityError',
  'NotReadableError', 'TrackStartError', 'OverconstrainedError', 'ConstraintNotSatisfiedError', 'AbortError', 'TypeError'
]

/** Close code of a connection that nobody used for long: another one is opened when somebody joins, and nothing is lost. */
const IDLE = 1013

/** What stands on the stage where there is no picture, if it is not the status. */
const NOTES = {
  waiting: 'Nobody else is here yet. Copy the link and send it to somebody.',
  call: 'Their camera is off'
}

/** Where the last picture stands still: better none than one that passes for live. */
const FROZEN = 'Their picture has stopped. It comes back by itself when it can.'

/**
 * Whether there is a way to the other person. They may have nothing to show and still see and hear us, so that no picture
 * is needed for it; and where the way is, they are, whatever the server knows of it after a restart.
 */
function isConnected () {
  return CONNECTED.includes(adaptor.peerConnection?.iceConnectionState)
}

/** Whether there is a picture to see. A camera that is off leaves the last one standing, so that the page must hide it. */
function hasPicture (video) {
  const stream = video.srcObject
  if (stream === null) return false
  watch(stream, 'addtrack', 'removetrack')
  for (const track of stream.getVideoTracks()) watch(track, 'mute', 'unmute', 'ended')
  return stream.getVideoTracks().some(track => track.readyState === 'live' && !track.muted)
}

const watched = new WeakSet()

function watch (target, ...events) {
  if (watched.has(target)) return
  watched.add(target)
  for (const event of events) target.addEventListener(event, render)
}

function phase () {
  if (state.ended) return 'ended'
  if (state.away) return 'reconnecting'
  if (state.room !== '') {
    if (isConnected()) return 'call'
    if (!state.joined) return 'joining'
    return state.company ? 'connecting' : 'waiting'
  }
  return state.ready ? 'ready' : 'starting'
}

function render () {
  const now = phase()
  if (now === 'call') dismiss(...CALL_ERRORS)
  const inRoom = state.room !== ''
  document.body.dataset.phase = now
  document.body.dataset.view = inRoom ? 'room' : 'lobby'
  write(find('status'), STATUS[now])
  room.readOnly = inRoom
  find('hint').hidden = inRoom
  find('join').disabled = !state.ready
  swap(find(inRoom ? 'leave' : 'join'), find(inRoom ? 'join' : 'leave'))
  const stopped = hasPicture(remoteVideo) && (!isConnected() || adaptor.remoteMedia?.video === 'frozen')
  renderPicture(remoteVideo, !stopped && hasPicture(remoteVideo), find('remoteNote'), stopped ? FROZEN : noteFor(now))
  renderPicture(localVideo, hasPicture(localVideo), find('localNote'), state.ready ? 'Your camera is off' : 'Your browser may ask whether this page may use your camera and microphone')
  renderToggle(find('camera'), adaptor.cameraOn)
  renderToggle(find('microphone'), adaptor.micOn)
}

/** A call that goes on while the server is away is a call, whatever the status says. */
function noteFor (now) {
  const shown = now === 'reconnecting' && isConnected() ? 'call' : now
  return NOTES[shown] ?? STATUS[shown]
}

function renderPicture (video, seen, note, text) {
  video.classList.toggle('blank', !seen)
  note.hidden = seen
  write(note, text)
}

/** A live region speaks whenever it is written to, so it is written to only when it has something new to say. */
function write (element, text) {
  if (element.textContent !== text) element.textContent = text
}

/** Shows one button in the other's stead, and keeps the keyboard's focus if it was there. */
function swap (shown, gone) {
  const focused = document.activeElement === gone
  shown.hidden = false
  gone.hidden = true
  if (focused) shown.focus()
}

function renderToggle (button, on) {
  button.disabled = !state.ready
  button.setAttribute('aria-pressed', String(on))
  write(button.querySelector('.state'), on ? 'on' : 'off')
}

function wordsFor (name) {
  return [...words.querySelectorAll('[data-error]')].find(element => element.dataset.error === name)?.textContent
}

function showError (name) {
  state.error = name
  find('error').textContent = wordsFor(name) ?? `Something went wrong (${name}).`
  find('error').hidden = false
}

function clearError () {
  state.error = ''
  find('error').hidden = true
  find('error').textContent = ''
}

/** Takes an error off the page once it is no longer so. */
function dismiss (...names) {
  if (names.includes(state.error)) clearError()
}

const ON = {
  initialized: () => {
    state.ready = true
    dismiss('WebSocketNotConnected')
  },
  joined: message => {
    state.joined = true
    state.company = message.peers > 0
  },
  peerJoined: () => { state.company = true },
  peerLeft: () => {
    state.company = false
    // Not where only their way to the server is lost: we may see and hear each other all the same.
    if (!isConnected()) dismiss(...CALL_ERRORS)
  },
  leaved: message => {
    // Our own leave is on the page already, and may be followed by a new join; only one that we did not ask for has a reason.
    if (message.reason === undefined) return
    showError(wordsFor(message.reason) === undefined ? 'notInRoom' : message.reason)
    forget()
  },
  reconnecting: () => { state.away = true },
  reconnected: message => {
    state.away = false
    dismiss('WebSocketNotConnected', 'QuotaExceededError')
    // A seat that was taken back is told who came and went meanwhile; on a new one this is how many there are.
    if (!message.resumed) state.company = message.peers > 0
  },
  local_media_changed: message => {
    if (message.camera && message.microphone) dismiss(...MEDIA_ERRORS)
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
  dismiss(...CALL_ERRORS)
}

function fail (error) {
  showError(error)
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
  clearError()
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
  clearError()
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
  clearError()
  const wanted = button.getAttribute('aria-pressed') !== 'true'
  renderToggle(button, wanted)
  await (wanted ? on() : off()).catch(() => {})
  render()
}

room.value = new URL(window.location.href).searchParams.get('room') ?? room.value
room.addEventListener('input', () => {
  find('copy').textContent = 'Copy link'
  // What was wrong with one room, or with joining it, says nothing about another. Camera and microphone are as they were.
  if (!MEDIA_ERRORS.includes(state.error)) clearError()
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
for (const video of [remoteVideo, localVideo]) {
  for (const event of ['loadeddata', 'playing', 'resize', 'emptied']) video.addEventListener(event, render)
}
try {
  start()
} catch (error) {
  // A browser without WebRTC, or with it off. The link to the room still serves: it can be opened elsewhere.
  showError(error.name)
  for (const id of ['camera', 'microphone']) find(id).disabled = true
}
