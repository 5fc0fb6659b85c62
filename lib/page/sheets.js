// What opens beside the call, or in place of the lobby's form: one sheet at a time.

import { find } from './elements.js'

/** The sheet that is open, by its id; null where there is none. */
export function openSheet () {
  return document.body.dataset.sheet ?? null
}

/** The buttons that open a sheet. */
function openersOf (id) {
  return [...document.querySelectorAll(`[aria-controls="${id}"]`)]
}

/** The button that opens a sheet, where it can be seen; else the one that opens the sheet in which it is. */
function openerOf (id) {
  const openers = openersOf(id)
  const seen = openers.find(opener => opener.getClientRects().length > 0)
  const around = openers.map(opener => opener.closest('.sheet')).find(sheet => sheet !== null)
  return seen ?? (around === undefined ? undefined : openerOf(around.id))
}

/** Opens a sheet, and closes any other; null for none. The focus goes into it, and back to the button that opens it. */
export function showSheet (id) {
  const before = openSheet()
  if (before === id) return
  const within = before !== null && find(before).contains(document.activeElement)
  for (const sheet of document.querySelectorAll('.sheet')) {
    sheet.hidden = sheet.id !== id
    for (const opener of openersOf(sheet.id)) opener.setAttribute('aria-expanded', String(sheet.id === id))
  }
  if (id === null) delete document.body.dataset.sheet
  else document.body.dataset.sheet = id
  if (id !== null) (find(id).querySelector('[data-first]') ?? find(id).querySelector('.close')).focus()
  else if (within) openerOf(before)?.focus()
  document.dispatchEvent(new CustomEvent('sheet', { detail: id }))
}

/** Makes every button that controls a sheet open and close it. */
export function watchSheets () {
  for (const sheet of document.querySelectorAll('.sheet')) {
    for (const opener of openersOf(sheet.id)) opener.addEventListener('click', () => showSheet(openSheet() === sheet.id ? null : sheet.id))
    sheet.querySelector('.close').addEventListener('click', () => showSheet(null))
  }
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') showSheet(null)
  })
}
