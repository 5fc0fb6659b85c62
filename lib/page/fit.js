// Whether the other's picture fills its place, or is seen whole.

/** How much of a picture must be left for it to be cut at its edges. A phone held upright is not to be cut to a strip of a desktop's width. */
const ENOUGH = 0.6

/** How a picture of one size is fitted into a place of another: `cover` or `contain`. */
export function fitOf (picture, place) {
  if (picture.width === 0 || picture.height === 0) return 'cover'
  const ratio = (picture.width / picture.height) / (place.width / place.height)
  return Math.min(ratio, 1 / ratio) >= ENOUGH ? 'cover' : 'contain'
}

/** Keeps a video fitted to the place that it has, which is the whole window but for a sheet beside it. */
export function keepFitted (video) {
  const fit = () => {
    video.dataset.fit = fitOf({ width: video.videoWidth, height: video.videoHeight }, { width: video.clientWidth, height: video.clientHeight })
  }
  video.addEventListener('resize', fit)
  new window.ResizeObserver(fit).observe(video)
}
