// The one error on display, in words that say what to do.

import { write } from './elements.js'

/** Errors of one way to one person. They are over with that way. */
export const CALL_ERRORS = ['peerConnectionFailed', 'offerUnanswered', 'notSetRemoteDescription', 'OperationError']

/** Errors of a camera or a microphone, or of the permission to use them. */
export const MEDIA_ERRORS = [
  'NotFoundError', 'DevicesNotFoundError', 'NotAllowedError', 'PermissionDeniedError', 'PermissionDismissedError', 'SecurityError',
  'NotReadableError', 'TrackStartError', 'OverconstrainedError', 'ConstraintNotSatisfiedError', 'AbortError', 'TypeError'
]

export class ErrorLine {
  #element
  #words
  #name = ''

  /** `words` has an element with `data-error` for each name. */
  constructor (element, words) {
    this.#element = element
    this.#words = words
  }

  /** The name of the error on display, or ''. */
  get name () {
    return this.#name
  }

  wordsFor (name) {
    return [...this.#words.querySelectorAll('[data-error]')].find(element => element.dataset.error === name)?.textContent
  }

  show (name) {
    this.#name = name
    write(this.#element, this.wordsFor(name) ?? `Something went wrong (${name}).`)
    this.#element.hidden = false
  }

  clear () {
    this.#name = ''
    this.#element.hidden = true
    write(this.#element, '')
  }

  /** Takes an error off the page once it is no longer so. */
  dismiss (...names) {
    if (names.includes(this.#name)) this.clear()
  }
}
