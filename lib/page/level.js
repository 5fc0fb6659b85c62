// How loud the microphone is, beside its picker and around its button.

import { find } from './elements.js'

/** The quietest that is shown, in dB below full scale. */
const FLOOR = -60

/** How far the bar goes, 0 to 1, for a level of 0 to 1: ears hear in decibels. */
export function barOf (level) {
  if (!(level > 0)) return 0
  return Math.min(1, Math.max(0, 1 - 20 * Math.log10(level) / FLOOR))
}

/** In ms. */
const PERIOD = 100

/** Shows the level from now on. */
export function watchLevel (adaptor) {
  const [meter, button] = [find('level'), find('microphone')]
  const listen = () => {
    adaptor.enableAudioLevelForLocalStream(level => {
      const bar = barOf(level)
      meter.value = bar
      button.style.setProperty('--level', bar.toFixed(2))
    }, PERIOD).catch(() => {})
  }
  listen()
  // A page may hear nothing before a person has done something with it (Web Audio API, section 1.2.1).
  for (const sign of ['pointerdown', 'keydown']) document.addEventListener(sign, listen, { once: true })
}
