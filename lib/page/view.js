// The page's elements, made to show what is seen.

import { find, write } from './elements.js'
import { initialsOf } from './seen.js'
import { errorIn } from './words.js'

/** What stands in for a picture that is not there. */
function showFace (id, shown, name, note) {
  const face = find(id)
  face.hidden = !shown
  const initials = initialsOf(name)
  face.dataset.named = String(initials !== '')
  write(face.querySelector('.initials'), initials)
  showLine(face.querySelector('.note'), note)
}

function showToggle (button, on, ready, words) {
  button.disabled = !ready
  button.setAttribute('aria-pressed', String(on))
  write(button.querySelector('.state'), on ? words.on : words.off)
}

/** A line of text, or none. */
function showLine (element, text) {
  write(element, text)
  element.hidden = text === ''
}

/** Shows what is seen. Focus that sat on what is gone goes to what a person will want next. */
export function show (seen, { words, browser, ownName, able }) {
  const focused = document.activeElement
  const { dataset } = document.body
  dataset.phase = seen.phase
  dataset.view = seen.view
  dataset.layout = seen.layout
  const inRoom = seen.view === 'room'
  write(find('status'), seen.status)
  showLine(find('remoteName'), seen.remoteName)
  find('remoteMuted').hidden = !seen.remoteMuted
  find('ownMuted').hidden = !seen.ownMuted
  find('move').hidden = seen.layout !== 'call'
  find('remoteVideo').classList.toggle('screen', seen.remoteScreen)
  find('localVideo').classList.toggle('mirrored', seen.mirrored)
  find('screen').setAttribute('aria-pressed', String(seen.screen))
  find('screen').hidden = !inRoom || !able || navigator.mediaDevices?.getDisplayMedia === undefined
  find('remoteVideo').classList.toggle('blank', !seen.remoteShown)
  find('localVideo').classList.toggle('blank', !seen.localShown)
  showFace('remoteFace', seen.layout === 'call' && !seen.remoteShown, seen.remoteName, seen.remoteNote)
  find('play').hidden = !seen.playable
  showFace('localFace', !seen.localShown, ownName, seen.localNote)
  showToggle(find('camera'), seen.camera, seen.ready && able, words)
  showToggle(find('microphone'), seen.microphone, seen.ready && able, words)
  find('entrance').hidden = inRoom
  find('join').disabled = !seen.ready || !able
  find('leave').hidden = !inRoom
  find('quality').hidden = seen.phase !== 'call'
  find('openChat').hidden = !inRoom
  find('share').hidden = inRoom && !seen.invites
  showLine(find('error'), seen.error === null ? '' : errorIn(words, seen.error, browser))
  showLine(find('notice'), seen.notice)
  // What is said takes the room of what is only nice to have.
  if (seen.error === null && seen.notice === '') delete dataset.told
  else dataset.told = ''
  if (focused.closest('[hidden]') !== null || (focused === placed && seen.invites)) place(seen)
}

/** What the page has given the focus to. */
let placed = null

/** An element that is hidden would give its focus to the body, where a keyboard begins anew: it goes to what a person will want next. */
function place ({ layout, invites }) {
  placed = find(layout === 'lobby' ? 'join' : invites ? 'copy' : 'microphone')
  placed.focus()
}
