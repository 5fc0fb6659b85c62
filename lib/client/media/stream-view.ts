import type { Environment } from '../base/environment.js'

/** One stream whose tracks come and go, and the element that shows it. */
export class StreamView {
  readonly #environment: Environment
  readonly #element: () => HTMLMediaElement | null
  readonly #handleRefusal: (() => void) | undefined
  #stream: MediaStream | null = null
  /** The stream was given to the element. A stream that the element shows later in its place belongs to the page. */
  #given = false

  /**
   * `handleRefusal` is called where the browser refuses to play before the person has done something at the page. Without it the element is
   * muted, as for the local preview, which browsers always play.
   */
  constructor (environment: Environment, element: () => HTMLMediaElement | null, handleRefusal?: () => void) {
    this.#environment = environment
    this.#element = element
    this.#handleRefusal = handleRefusal
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

  /** Plays the element. Rejects with the browser's error. */
  play (): Promise<void> {
    return Promise.resolve(this.#element()?.play?.())
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
    if (this.#handleRefusal === undefined) element.muted = true
    element.srcObject = stream
    // Any other failure is the end of this stream, or another one in its place.
    this.play().catch(({ name }: Error) => { if (name === 'NotAllowedError') this.#handleRefusal?.() })
  }
}
