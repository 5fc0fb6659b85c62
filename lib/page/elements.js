// Small things that every part of the page does with its elements.

export const find = id => document.getElementById(id)

/** A live region speaks whenever it is written to, so it is written to only when it has something new to say. */
export function write (element, text) {
  if (element.textContent !== text) element.textContent = text
}

/** A new element. What it holds that is no element is text, never HTML. */
export function make (tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties)
  element.append(...children)
  return element
}
