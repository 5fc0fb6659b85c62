// The page's own script: it turns what WebRTCAdaptor tells into a state, shows it, and turns what a person presses into methods.
// Whatever comes from elsewhere is shown as text, never as HTML.

import { Chat } from './chat.js'
import { ConnectionCheck } from './check.js'
import { constraintsOf } from './choices.js'
import { makeMovable } from './corner.js'
import { DevicePickers } from './devices.js'
import { find, write } from './elements.js'
import { keepFitted } from './fit.js'
import { watchIdleness } from './idle.js'
import { Invitation } from './invitation.js'
import { watchLevel } from './level.js'
import { recall, remember } from './memory.js'
import { offerModes } from './modes.js'
import { hasPicture, isMirrored, watchPictures } from './pictures.js'
import { Panel } from './panel.js'
import { offerPlayback } from './playback.js'
import { Quality } from './quality.js'
import { proposeRoom } from './rooms.js'
import { clock, seen } from './seen.js'
import { INITIAL, LOST_FOR, reduce } from './state.js'
import { offerScreen } from './sharing.js'
import { openSheet, showSheet, watchSheets } from './sheets.js'
import { show } from './view.js'
import { showVerification } from './verification.js'
import { browserOf, translate, wordsFor } from './words.js'

const room = find('room')
const ownName = find('name')
const words = wordsFor(navigator.languages)
const browser = browserOf(navigator.userAgent)

/** The adaptor of this page, also `window.webRTCAdaptor`, as Ant Media's pages have it for whoever debugs a call. */
let adaptor
let state = INITIAL
let sight = seen(state, words)

const CONNECTED = ['connected', 'completed']

/** What the adaptor and the elements say of the moment. */
function facts () {
  if (adaptor === undefined) return {}
  return {
    connected: CONNECTED.includes(adaptor.peerConnection?.iceConnectionState),
    camera: adaptor.cameraOn,
    microphone: adaptor.micOn,
    remote: adaptor.remoteMedia,
    localPicture: hasPicture(find('localVideo'), look),
    remotePicture: hasPicture(find('remoteVideo'), look),
    mirrored: isMirrored(adaptor.localStream),
    code: adaptor.verificationCode
  }
}

/** Takes an event into the state, and shows what comes of it. */
function tell (event) {
  const before = sight.layout
  state = reduce(state, { ...event, at: Date.now(), facts: facts() })
  sight = seen(state, words)
  show(sight, { words, browser, ownName: ownName.value, able: adaptor !== undefined })
  showVerification(sight.code, words)
  invitation.update()
  pickers.show()
  chat.show(sight.layout === 'call')
  panel.show()
  if (sight.phase === 'call') quality.watch()
  if (sight.layout === 'lobby' && before !== 'lobby') chat.clear()
  if (sight.layout !== 'call' && before === 'call') quality.clear()
  // What belongs to a call or to a room does not stand in the way of the next one.
  if (openSheet() === 'details' ? sight.layout !== 'call' : openSheet() === 'chat' && sight.layout === 'lobby') showSheet(null)
  if (sight.layout !== before) invitation.showCode(sight.layout === 'waiting' && window.matchMedia('(min-height: 44rem)').matches)
  tick()
}

/** Looks again at what may have changed without an event of the adaptor's. */
function look () {
  tell({ type: 'look' })
}

function tick () {
  const timer = find('timer')
  if (state.lost !== null && Date.now() - state.lost.at > LOST_FOR) look()
  timer.hidden = sight.since === null
  if (sight.since !== null) write(timer, clock(Date.now() - sight.since))
}

function link () {
  const url = new URL(window.location.href)
  url.searchParams.set('room', room.value)
  url.hash = ''
  return url.href
}

/** Says to the other one what we are called. That nobody is there to hear it is no error. */
function introduce () {
  const name = ownName.value.trim()
  if (name !== '') adaptor.sendPeerMessage('name', name).catch(() => {})
}

function start () {
  adaptor = new window.WebRTCAdaptor({
    mediaConstraints: constraintsOf(kept),
    peerconnection_config: null,
    sdp_constraints: { OfferToReceiveAudio: true, OfferToReceiveVideo: true },
    localVideoId: 'localVideo',
    remoteVideoId: 'remoteVideo',
    verification: true,
    callback (info, message) {
      tell({ type: info, message })
      if (info === 'data_received') chat.hear(message.data)
      if (info === 'file_received') chat.offer(message)
      if (info === 'updated_stats') {
        panel.noteStats(message)
        quality.update(message)
      }
      if (info === 'quality_changed') quality.judge(message)
      if (info === 'available_devices') pickers.update(message)
      if (info === 'initialized') prepare()
      if (info === 'peerJoined' || (['joined', 'reconnected'].includes(info) && message.peers > 0)) introduce()
    },
    callbackError (name, error) {
      panel.noteError(name)
      // After whoever had the promise has had it: a transfer's row says what has become of it.
      setTimeout(() => { if (!told.has(error)) tell({ type: 'error', name, device: error?.device }) })
    }
  })
  window.webRTCAdaptor = adaptor
  // Whoever had them off the last time has them off, whatever the prompt asks for.
  if (kept.cameraOn === false) adaptor.turnOffLocalCamera().catch(() => {})
  if (kept.microphoneOn === false) adaptor.muteLocalMic().catch(() => {})
}

/** Camera and microphone have answered, so that devices have labels. */
function prepare () {
  adaptor.getDevices().catch(() => {})
  watchLevel(adaptor)
  panel.watch()
}

/** Tells the answer to the last join from that to one before it. */
let attempts = 0

async function join () {
  const attempt = ++attempts
  window.history.replaceState(null, '', link())
  remember({ name: ownName.value.trim() })
  tell({ type: 'joining', room: room.value })
  try {
    await adaptor.join(state.room)
  } catch {
    // It may have been left, and joined anew, meanwhile.
    if (attempt === attempts) tell({ type: 'joinFailed' })
  }
}

async function leave () {
  attempts++
  tell({ type: 'left' })
  if (state.sharing) void adaptor.stopDesktopCapture().catch(() => {})
  if (document.pictureInPictureElement) void document.exitPictureInPicture().catch(() => {})
  await adaptor.leave().catch(() => {})
  look()
}

async function toggle (device, methods) {
  const on = !sight[device]
  tell({ type: 'switching', device, on })
  remember({ [`${device}On`]: on })
  await adaptor[methods[on ? 0 : 1]]().catch(() => {})
  tell({ type: 'switched', device })
}

const kept = recall()
translate(document, words)
/** Errors that are told elsewhere. */
const told = new WeakSet()
const chat = new Chat(words, () => adaptor, () => state.room, () => sight.remoteName, told)
const panel = new Panel(words, () => adaptor)
const quality = new Quality(words, () => adaptor)
const pickers = new DevicePickers(words, () => adaptor, kept, remember)
const invitation = new Invitation(link, () => room.reportValidity(), words)
const labelMove = corner => find('move').setAttribute('aria-label', words.move.replace('{corner}', words.corners[corner]))
makeMovable(document.querySelector('.self'), find('move'), corner => {
  labelMove(corner)
  remember({ corner })
})
const { name = '', corner } = kept
if (typeof name === 'string') ownName.value = name
if (corner in words.corners) document.querySelector('.self').dataset.corner = corner
labelMove(document.querySelector('.self').dataset.corner)
room.value = new URL(window.location.href).searchParams.get('room') ?? proposeRoom()
room.addEventListener('input', () => tell({ type: 'roomEdited' }))
ownName.addEventListener('input', look)
find('another').addEventListener('click', () => {
  room.value = proposeRoom()
  tell({ type: 'roomEdited' })
})
find('entrance').addEventListener('submit', event => {
  event.preventDefault()
  if (state.room === '') void join()
})
find('leave').addEventListener('click', () => { void leave() })
find('camera').addEventListener('click', () => { void toggle('camera', ['turnOnLocalCamera', 'turnOffLocalCamera']) })
find('microphone').addEventListener('click', () => { void toggle('microphone', ['unmuteLocalMic', 'muteLocalMic']) })
offerScreen(() => adaptor, () => sight.screen, tell, kept, remember)
offerModes()
offerPlayback(() => adaptor, tell)
// A room that nobody else knows: servers may name what relays calls to those alone who sit in one.
new ConnectionCheck(words, browser, () => ({ mediaConstraints: constraintsOf(recall()), peerconnection_config: null, roomName: proposeRoom() })).listen()
watchSheets()
watchIdleness(document.body, document.querySelector('.controls'))
watchPictures([find('remoteVideo'), find('localVideo')], look)
keepFitted(find('remoteVideo'))
setInterval(tick, 500)
try {
  start()
  look()
} catch (error) {
  // A browser without WebRTC, or with it off. The link to the room still serves: it can be opened elsewhere.
  tell({ type: 'unable', name: error.name })
}
