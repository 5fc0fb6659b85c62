// Whether the two videos have a picture to show.

const watched = new WeakSet()

/** Calls `changed` at each of these events, however often it is asked to. */
function watch (target, changed, ...events) {
  if (watched.has(target)) return
  watched.add(target)
  for (const event of events) target.addEventListener(event, changed)
}

/** Calls `changed` whenever a picture may have come or gone at one of the videos. */
export function watchPictures (videos, changed) {
  for (const video of videos) watch(video, changed, 'loadeddata', 'playing', 'resize', 'emptied')
}

/** Says whether there is a picture to see. A camera that is off leaves the last one standing, so the page must hide it. */
export function hasPicture (video, changed) {
  const stream = video.srcObject
  if (stream === null) return false
  watch(stream, changed, 'addtrack', 'removetrack')
  for (const track of stream.getVideoTracks()) watch(track, changed, 'mute', 'unmute', 'ended')
  return stream.getVideoTracks().some(track => track.readyState === 'live' && !track.muted)
}

/** Says whether a picture of oneself is shown as mirrors have it, which people know themselves from; the back camera of a phone is not. */
export function isMirrored (stream) {
  return stream?.getVideoTracks()[0]?.getSettings().facingMode !== 'environment'
}
