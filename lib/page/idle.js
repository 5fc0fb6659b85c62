// Whether anybody does anything at the page: its controls step back when nobody does, and are there again at once.

/** In ms. */
const QUIET_AFTER = 4_000

const SIGNS = ['pointermove', 'pointerdown', 'keydown', 'focusin', 'wheel']

/** Marks `body` as idle while nothing happens. Controls that are pointed at or that have the keyboard's focus stay. */
export function watchIdleness (body, controls) {
  let timer
  const rest = () => {
    if (controls.matches(':hover') || controls.querySelector(':focus-visible') !== null) return wake()
    body.dataset.idle = ''
  }
  const wake = () => {
    delete body.dataset.idle
    clearTimeout(timer)
    timer = setTimeout(rest, QUIET_AFTER)
  }
  // A finger that wakes the controls must not press what it could not see.
  let blind = false
  document.addEventListener('pointerdown', event => {
    blind = event.pointerType === 'touch' && 'idle' in body.dataset && body.dataset.layout === 'call'
  }, true)
  document.addEventListener('click', event => {
    if (blind && controls.contains(event.target)) {
      event.stopPropagation()
      event.preventDefault()
    }
    blind = false
  }, true)
  for (const sign of SIGNS) document.addEventListener(sign, wake, { capture: true, passive: true })
  wake()
}
