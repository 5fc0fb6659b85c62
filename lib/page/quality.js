// The badge that says how good the call is, with the reason and the figures behind it.

import { find, make, write } from './elements.js'
import { figuresOf, reasonIn, rowsOf } from './figures.js'

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
  update (stats) {
    // Those of another call begin at nothing.
    const before = this.#before !== null && this.#before.totalBytesReceived <= stats.totalBytesReceived ? this.#before : null
    this.#before = stats
    const rows = rowsOf(figuresOf(stats, before), this.#words)
    const list = find('figures')
    if (list.children.length === 0) list.append(...rows.flatMap(([name]) => [make('dt', {}, name), make('dd')]))
    for (const [index, [, value]] of rows.entries()) write(list.children[2 * index + 1], value)
  }

  /** Takes what the SDK says of the call: its level, and the reason. */
  judge (quality) {
    find('quality').dataset.grade = quality.level
    write(find('grade'), this.#words.grades[quality.level])
    this.#explain(reasonIn(this.#words, quality))
  }

  /** There is no call of which the figures could be. */
  clear () {
    this.#before = null
    delete find('quality').dataset.grade
    write(find('grade'), '')
    this.#explain('')
    find('figures').replaceChildren()
  }

  #explain (reason) {
    write(find('reason'), reason)
    find('reason').hidden = reason === ''
  }
}
