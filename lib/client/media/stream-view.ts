import type { Environment } from '../base/environment.js'

/** One stream whose tracks come and go, and the element that shows it. */
export class StreamView {
  readonly #environment: Environment
  readonly #element: () => HTMLMediaElement | null
  readonly #muted: boolean
  #stream: MediaStream | null = null
  /** The stream was given to the element. A stream that the element shows later in its place belongs to the page. */
  #given = false

  /** `muted`: mute the element, as for the local preview. */
  constructor (environment: Environment, element: () => HTMLMediaElement | null, muted: boolean) {
    this.#environment = environment
    this.#element = element
    this.#muted = muted
  }

  get stream (): MediaStream | null {
    return this.#stream
  }

  /** Shows exactly these tracks; none clears the element. */
  show (tracks: readonly MediaStreamTrack[]): void {
    if (tracks.length === 0) return this.clear()
    const stream = this.#stream ??= new this.#environment.MediaStream()
    let pictureGone = false
    for (const track of stream.getTracks()) {
      if (tracks.includes(track)) continue
      stream.removeTrack(track)
      pictureGone ||= track.kind === 'video'
    }
    for (const track of tracks) if (!stream.getTracks().includes(track)) stream.addTrack(track)
    this.#attach(stream, pictureGone && stream.getVideoTracks().length === 0)
  }

  clear (): void {
    const stream = this.#stream
    this.#stream = null
    this.#given = false
    const element = this.#element()
    // Another adaptor, or the page itself, may show something else there by now.
    if (element !== null && stream !== null && element.srcObject === stream) element.srcObject = null
  }

  #attach (stream: MediaStream, blank: boolean): void {
    const element = this.#element()
    if (element === null) return
    if (this.#given && element.srcObject !== null && element.srcObject !== stream) return
    this.#given = true
    // An element keeps the last frame of a video track that was taken away; only a new load lets go of it.
    if (blank) element.srcObject = null
    if (element.srcObject === stream) return
    if (this.#muted) element.muted = true
    element.srcObject = stream
    // Refused where the page may not play sound before the person has clicked; the element's controls still start it.
    element.play?.()?.catch(() => {})
  }
}
