// The button that plays the other one where the browser has refused to before somebody pressed something.

import { find } from './elements.js'

/** `tell` takes an event into the page's state. */
export function offerPlayback (adaptor, tell) {
  // Refused once more, the button stays.
  find('play').addEventListener('click', () => { adaptor().resumePlayback().catch(() => {}) })
  find('remoteVideo').addEventListener('playing', () => tell({ type: 'playing' }))
}
