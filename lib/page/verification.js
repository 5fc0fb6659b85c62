// The code that the two people read to one another, and what it proves.

import { find, write } from './elements.js'

/** What is read of a code, or of none. */
export function readingOf (code, words) {
  return code === null ? { code: '', note: words.verification.none } : { code, note: words.verification.proves }
}

/** Shows it beside the figures of the connection. */
export function showVerification (code, words) {
  const reading = readingOf(code, words)
  write(find('verificationCode'), reading.code)
  find('verificationCode').hidden = reading.code === ''
  write(find('verificationNote'), reading.note)
}
