// Full screen, and the other's picture in a window of its own above all others.

import { find } from './elements.js'

/** Makes the two buttons work where the browser can do what they say, and leaves them hidden where it cannot. */
export function offerModes () {
  const [full, apart, video] = [find('full'), find('apart'), find('remoteVideo')]
  const press = (button, on) => button.setAttribute('aria-pressed', String(on))
  full.hidden = document.fullscreenEnabled !== true
  full.addEventListener('click', () => {
    const change = document.fullscreenElement === null ? document.documentElement.requestFullscreen() : document.exitFullscreen()
    change.catch(() => {})
  })
  document.addEventListener('fullscreenchange', () => press(full, document.fullscreenElement !== null))
  // An older Firefox has a button of its own on every video instead.
  apart.hidden = document.pictureInPictureEnabled !== true
  apart.addEventListener('click', () => {
    const change = document.pictureInPictureElement === null ? video.requestPictureInPicture() : document.exitPictureInPicture()
    change.catch(() => {})
  })
  video.addEventListener('enterpictureinpicture', () => press(apart, true))
  video.addEventListener('leavepictureinpicture', () => press(apart, false))
}
