// The badge that says how good the call is, and the figures behind it.

import { find, make, write } from './elements.js'
import { figuresOf, gradeOf, pathOf, rowsOf } from './figures.js'

/** In ms. */
const PERIOD = 2_000

export class Quality {
  #words
  #adaptor
  #before = null
  #watching = false

  constructor (words, adaptor) {
    this.#words = words
    this.#adaptor = adaptor
  }

  /** Measures this call and the next ones. What it takes is loaded with the first. */
  watch () {
    if (this.#watching) return
    this.#watching = true
    this.#adaptor().enableStats(null, PERIOD).catch(() => {})
  }

  /** Takes a measurement of the SDK's. */
  async update (stats) {
    const connection = this.#adaptor().peerConnection
    if (connection === null) return
    const entries = []
    try {
      (await connection.getStats()).forEach(entry => entries.push(entry))
    } catch {
      // It has ended meanwhile.
      return
    }
    // Those of another call begin at nothing.
    const before = this.#before !== null && this.#before.totalBytesReceived <= stats.totalBytesReceived ? this.#before : null
    this.#before = stats
    const figures = figuresOf(stats, before, pathOf(entries))
    const grade = gradeOf(figures)
    find('quality').dataset.grade = grade
    write(find('grade'), this.#words.grades[grade])
    const rows = rowsOf(figures, this.#words)
    const list = find('figures')
    if (list.children.length === 0) list.append(...rows.flatMap(([name]) => [make('dt', {}, name), make('dd')]))
    for (const [index, [, value]] of rows.entries()) write(list.children[2 * index + 1], value)
  }

  /** There is no call of which the figures could be. */
  clear () {
    this.#before = null
    delete find('quality').dataset.grade
    write(find('grade'), '')
    find('figures').replaceChildren()
  }
}
