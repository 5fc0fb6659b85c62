// The developer's panel: how the parts stand, the messages of the signalling as they go, and what can be tried.

import { find, make, write } from './elements.js'
import { reported, struck, titleOf } from './redaction.js'
import { openSheet } from './sheets.js'

/** How many messages are kept. */
const KEPT = 200

export class Panel {
  #words
  #adaptor
  /** The messages, each with its time in ms since the page was loaded. */
  #entries = []
  #errors = []
  #stats = null
  #shown = 0

  constructor (words, adaptor) {
    this.#words = words
    this.#adaptor = adaptor
    find('breakNetwork').addEventListener('click', () => { adaptor().breakConnection().catch(() => {}) })
    find('restartIce').addEventListener('click', () => adaptor().peerConnection?.restartIce())
    find('report').addEventListener('click', () => { void this.#copy() })
    document.addEventListener('sheet', () => this.show())
  }

  /** Watches the signalling from now on. */
  watch () {
    this.#adaptor().watchSignalling(({ direction, message }) => {
      this.#entries.push({ at: Math.round(performance.now()), direction, message })
      if (this.#entries.length > KEPT) {
        this.#entries.shift()
        this.#shown--
      }
      this.show()
    }).catch(() => {})
  }

  noteError (name) {
    this.#errors.push({ at: Math.round(performance.now()), name })
  }

  noteStats (stats) {
    this.#stats = stats
  }

  show () {
    if (openSheet() !== 'developer') return
    const states = Object.entries(this.#states())
    const list = find('states')
    if (list.children.length === 0) list.append(...states.flatMap(([name]) => [make('dt', {}, this.#words.states[name]), make('dd')]))
    for (const [index, [, value]] of states.entries()) write(list.children[2 * index + 1], typeof value === 'boolean' ? this.#words[value ? 'on' : 'off'] : value ?? '–')
    find('restartIce').disabled = this.#adaptor()?.peerConnection == null
    find('breakNetwork').disabled = this.#adaptor()?.connectionState !== 'open'
    this.#showMessages()
  }

  #showMessages () {
    const list = find('messages')
    const fresh = this.#entries.slice(Math.max(this.#shown, 0))
    if (fresh.length === 0) return
    const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 8
    list.append(...fresh.map(entry => this.#row(entry)))
    while (list.children.length > KEPT) list.firstElementChild.remove()
    this.#shown = this.#entries.length
    if (atEnd) list.scrollTop = list.scrollHeight
  }

  #row ({ at, direction, message }) {
    const way = make('span', { className: `way ${direction}` }, direction === 'sent' ? '↑' : '↓', make('span', { className: 'away' }, this.#words[direction]))
    const summary = make('summary', {}, make('span', { className: 'at' }, (at / 1000).toFixed(1)), way, titleOf(message))
    return make('li', {}, make('details', {}, summary, make('pre', { tabIndex: 0 }, JSON.stringify(struck(message), null, 2).replaceAll('\\r\\n', '\n  '))))
  }

  #states () {
    const adaptor = this.#adaptor()
    const connection = adaptor?.peerConnection
    return {
      server: adaptor?.connectionState,
      connection: connection?.connectionState,
      ice: connection?.iceConnectionState,
      gathering: connection?.iceGatheringState,
      negotiation: connection?.signalingState,
      dtls: connection?.sctp?.transport.state,
      camera: adaptor?.cameraOn,
      microphone: adaptor?.micOn,
      theirPicture: adaptor?.remoteMedia.video,
      theirSound: adaptor?.remoteMedia.audio
    }
  }

  async #copy () {
    const report = JSON.stringify({
      browser: navigator.userAgent,
      page: window.location.protocol,
      states: this.#states(),
      stats: this.#stats === null ? null : { ...this.#stats, streamId: undefined },
      errors: this.#errors,
      messages: this.#entries.map(({ message, ...entry }) => ({ ...entry, message: reported(message) }))
    }, null, 1)
    const button = find('report')
    try {
      await navigator.clipboard.writeText(report)
      write(button, this.#words.copied)
    } catch {
      // No clipboard on an insecure page or without leave to use it.
      find('reportText').hidden = false
      find('reportText').value = report
      find('reportText').select()
    }
    setTimeout(() => write(button, this.#words.page.report), 3_000)
  }
}
