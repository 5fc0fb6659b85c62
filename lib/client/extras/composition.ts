import { Timer } from '../base/timer.js'
import type { ExtraContext } from './extra.js'

/** Ant Media's: the camera takes 15 % of the width, in the upper right corner, 15 px from the edges. */
const PERCENT = 15
const MARGIN = 15
/** Pictures a second. A hidden page that plays no sound gets fewer: browsers run its timers once a second. */
const RATE = 15

/** The screen with the camera in a corner of it, as one picture. */
export class Composition {
  readonly track: MediaStreamTrack
  readonly #context: ExtraContext
  readonly #canvas = document.createElement('canvas')
  readonly #screen = videoOf()
  readonly #camera = videoOf()
  readonly #timer: Timer

  constructor (context: ExtraContext, screen: MediaStreamTrack) {
    this.#context = context
    this.#timer = new Timer(context.environment)
    play(this.#screen, screen)
    const { width = 1280, height = 720 } = screen.getSettings()
    Object.assign(this.#canvas, { width, height })
    // Firefox captures nothing of a canvas without a context.
    this.#draw()
    const [track] = this.#canvas.captureStream(RATE).getVideoTracks()
    if (track === undefined) throw new context.AdaptorError('NotSupportedError', 'The browser captures no picture of a canvas.')
    track.contentHint = 'detail'
    this.track = track
  }

  close (): void {
    this.#timer.stop()
    this.track.stop()
    this.#screen.srcObject = this.#camera.srcObject = null
  }

  #draw (): void {
    this.#timer.start(1_000 / RATE, () => this.#draw())
    const canvas = this.#canvas
    const context = canvas.getContext('2d')
    const { videoWidth, videoHeight } = this.#screen
    if (videoWidth > 0 && (canvas.width !== videoWidth || canvas.height !== videoHeight)) Object.assign(canvas, { width: videoWidth, height: videoHeight })
    context?.drawImage(this.#screen, 0, 0, canvas.width, canvas.height)
    const { track, live } = this.#context.media.video
    play(this.#camera, live ? track : null)
    if (!live || this.#camera.videoWidth === 0) return
    const width = canvas.width * PERCENT / 100
    const height = width * this.#camera.videoHeight / this.#camera.videoWidth
    context?.drawImage(this.#camera, canvas.width - width - MARGIN, MARGIN, width, height)
  }
}

function videoOf (): HTMLVideoElement {
  return Object.assign(document.createElement('video'), { muted: true, playsInline: true })
}

/** Shows this track, if it is not on show already. */
function play (video: HTMLVideoElement, track: MediaStreamTrack | null): void {
  const shown = video.srcObject instanceof MediaStream ? video.srcObject.getVideoTracks()[0] ?? null : null
  if (shown === track) return
  video.srcObject = track === null ? null : new MediaStream([track])
  // Interrupted where another track comes at once.
  if (track !== null) video.play().catch(() => {})
}
