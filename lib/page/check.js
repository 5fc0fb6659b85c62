// The check of the connection before a call, by the SDK's `WebRTCAdaptor.check`, in a sheet of the lobby.

import { NO_CHECK, reduceCheck, seenOfCheck } from './check-state.js'
import { find, make, write } from './elements.js'

const SVG = 'http://www.w3.org/2000/svg'
const SIGNS = { running: 'another', passed: 'tick', failed: 'close', skipped: 'dash' }

export class ConnectionCheck {
  #words
  #browser
  #options
  #state = NO_CHECK
  /** Ends the check that runs; null while there is none. */
  #abort = null

  /** `options` gives those of the call. */
  constructor (words, browser, options) {
    this.#words = words
    this.#browser = browser
    this.#options = options
  }

  /** From now on it runs when its sheet opens, and no longer than that is open. */
  listen () {
    find('recheck').addEventListener('click', () => {
      if (this.#abort === null) void this.#run()
      else this.#cancel()
    })
    document.addEventListener('sheet', ({ detail }) => {
      if (detail === 'check') void this.#run()
      else this.#cancel()
    })
    // A page that the browser keeps for the way back keeps nothing open.
    window.addEventListener('pagehide', () => this.#cancel())
  }

  async #run () {
    const abort = this.#abort = new AbortController()
    // Of a check that was cancelled nothing is told any more.
    const tell = event => { if (this.#abort === abort) this.#tell(event) }
    const end = event => {
      tell(event)
      if (this.#abort === abort) this.#abort = null
    }
    tell({ type: 'started' })
    try {
      await window.WebRTCAdaptor.check({ ...this.#options(), signal: abort.signal, onStep: step => tell({ type: 'step', step }) })
      end({ type: 'ended' })
    } catch {
      end({ type: 'broken' })
    }
  }

  #cancel () {
    if (this.#abort === null) return
    this.#abort.abort()
    this.#abort = null
    this.#tell({ type: 'cancelled' })
  }

  #tell (event) {
    this.#state = reduceCheck(this.#state, event)
    const { tone, verdict, rows } = seenOfCheck(this.#state, this.#words, this.#browser)
    find('verdict').dataset.tone = tone
    write(find('verdict'), verdict)
    write(find('recheck'), tone === 'running' ? this.#words.check.cancel : this.#words.check.again)
    const list = find('steps')
    while (list.children.length > rows.length) list.lastElementChild.remove()
    while (list.children.length < rows.length) list.append(newRow())
    for (const [index, row] of rows.entries()) showRow(list.children[index], row)
  }
}

function newRow () {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('aria-hidden', 'true')
  svg.append(document.createElementNS(SVG, 'use'))
  const title = make('p', { className: 'title' }, make('strong'), ' ', make('span', { className: 'outcome' }))
  const lines = ['figures', 'reason', 'remedy', 'detail'].map(className => make('p', { className: `about-${className}`, hidden: true }))
  // Read out as a whole when anything of it changes: "works" alone would not say what does.
  return make('li', { ariaAtomic: 'true' }, svg, make('div', {}, title, ...lines))
}

function showRow (row, seen) {
  row.dataset.status = seen.status
  row.querySelector('use').setAttribute('href', `#icon-${SIGNS[seen.status]}`)
  write(row.querySelector('strong'), seen.title)
  write(row.querySelector('.outcome'), seen.state)
  for (const part of ['figures', 'reason', 'remedy', 'detail']) {
    const line = row.querySelector(`.about-${part}`)
    line.hidden = seen[part] === ''
    write(line, seen[part])
  }
}
