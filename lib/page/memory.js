// What the page remembers of a person's choices, in this browser.

const KEY = 'fastify-webrtc-signalling:page'

/** All that is remembered; nothing in a browser that keeps nothing, where the mere look at it may throw (HTML, section 12.2.3). */
export function recall () {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY))
    return typeof kept === 'object' && kept !== null ? kept : {}
  } catch {
    return {}
  }
}

/** Remembers these choices beside the others. */
export function remember (choices) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...recall(), ...choices }))
  } catch {}
}
