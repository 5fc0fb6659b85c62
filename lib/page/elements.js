// Small things that every part of the page does with its elements.

export const find = id => document.getElementById(id)

/** A live region speaks whenever it is written to, so it is written to only when it has something new to say. */
export function write (element, text) {
  if (element.textContent !== text) element.textContent = text
}

/** Shows one button in the other's stead, and keeps the keyboard's focus if it was there. */
export function swap (shown, gone) {
  const focused = document.activeElement === gone
  shown.hidden = false
  gone.hidden = true
  if (focused) shown.focus()
}
