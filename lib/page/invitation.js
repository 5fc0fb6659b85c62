// The link to the room: copied, handed to another app, or read by a phone as a QR code.

import { encode } from 'uqr'
import { find, write } from './elements.js'

const SVG = 'http://www.w3.org/2000/svg'

/** The code as a picture: one path, with the quiet zone of four modules that readers need (ISO/IEC 18004, section 6.3.8). */
function pictureOf (text) {
  const { data, size } = encode(text, { ecc: 'M', border: 4 })
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', `0 0 ${size} ${size}`)
  const path = document.createElementNS(SVG, 'path')
  path.setAttribute('d', data.flatMap((row, y) => row.map((dark, x) => dark ? `M${x} ${y}h1v1h-1z` : '')).join(''))
  svg.append(path)
  return svg
}

export class Invitation {
  #link
  #words
  #valid

  /** `link` gives the link to the room; `valid` says whether the room has a name, and tells the person if not. */
  constructor (link, valid, words) {
    this.#link = link
    this.#valid = valid
    this.#words = words
    find('copy').addEventListener('click', () => { void this.#copy() })
    find('showCode').addEventListener('click', () => {
      this.showCode(find('code').hidden && valid())
      // On a phone it comes below the button that asks for it, and so below the edge of the screen.
      find('code').scrollIntoView({ block: 'nearest' })
    })
    find('send').addEventListener('click', () => { if (valid()) void navigator.share({ url: link() }).catch(() => {}) })
    find('send').hidden = navigator.share === undefined
  }

  /** Shows the link as it is now. What was copied before was another. */
  update () {
    const link = this.#link()
    if (find('link').textContent === link) return
    find('link').textContent = link
    write(find('copyWord'), this.#words.page.copy)
    this.showCode(!find('code').hidden)
  }

  showCode (shown) {
    const code = find('code')
    if (shown) {
      try {
        code.replaceChildren(pictureOf(this.#link()))
      } catch {
        // An address that is too long for any code.
        shown = false
      }
    }
    code.hidden = !shown
    find('showCode').setAttribute('aria-expanded', String(shown))
  }

  async #copy () {
    if (!this.#valid()) return
    try {
      await navigator.clipboard.writeText(this.#link())
      write(find('copyWord'), this.#words.copied)
    } catch {
      // No clipboard on an insecure page or without leave to use it: the address bar has the link too, once it is this one.
      window.history.replaceState(null, '', this.#link())
      write(find('copyWord'), this.#words.copyByHand)
    }
  }
}
