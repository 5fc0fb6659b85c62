// Whether the other's picture fills the window, or is seen whole.

/** How much of a picture must be left for it to be cut at its edges. A phone held upright is not to be cut to a strip of a desktop's width. */
const ENOUGH = 0.6

/** How a picture of one size is fitted into a window of another: `cover` or `contain`. */
export function fitOf (picture, window) {
  if (picture.width === 0 || picture.height === 0) return 'cover'
  const ratio = (picture.width / picture.height) / (window.width / window.height)
  return Math.min(ratio, 1 / ratio) >= ENOUGH ? 'cover' : 'contain'
}

/** Keeps a video fitted to the window. */
export function keepFitted (video) {
  const fit = () => {
    video.dataset.fit = fitOf({ width: video.videoWidth, height: video.videoHeight }, { width: window.innerWidth, height: window.innerHeight })
  }
  video.addEventListener('resize', fit)
  window.addEventListener('resize', fit)
}
