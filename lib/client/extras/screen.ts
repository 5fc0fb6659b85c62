import { Composition } from './composition.js'
import { mediaError } from './media-errors.js'
import type { Extra, ExtraContext } from './extra.js'
import type { ExtraMethods } from './extra-methods.js'
import type { SoundMixer } from './sound.js'

type Methods = Pick<ExtraMethods, 'switchDesktopCapture' | 'switchDesktopCaptureWithCamera' | 'stopDesktopCapture'>

/** The screen in place of the camera. */
class Screen implements Methods, Extra {
  readonly #context: ExtraContext
  #stream: MediaStream | null = null
  #composition: Composition | null = null
  #mixer: SoundMixer | null = null
  #ending: Promise<void> | null = null
  #closed = false

  constructor (context: ExtraContext) {
    this.#context = context
  }

  switchDesktopCapture (): Promise<void> {
    return this.#share(false)
  }

  switchDesktopCaptureWithCamera (): Promise<void> {
    return this.#share(true)
  }

  stopDesktopCapture (): Promise<void> {
    this.#ending ??= this.#end().finally(() => { this.#ending = null })
    return this.#ending
  }

  close (): void {
    this.#closed = true
    this.#give()
  }

  async #share (withCamera: boolean): Promise<void> {
    const { media } = this.#context
    const sharing = this.#stream
    // From one way to the other it is still the same screen; asked for the same once more, the person may choose another.
    const stream = sharing !== null && (this.#composition !== null) !== withCamera ? sharing : await this.#ask()
    const [screen] = stream.getVideoTracks()
    if (this.#closed || screen === undefined) return stop(stream)
    if (stream !== this.#stream) {
      this.#give()
      this.#stream = stream
      // The browser's own bar, or the window that was shared is closed. `stop` fires no such event.
      screen.onended = () => { if (stream === this.#stream) void this.stopDesktopCapture() }
    }
    // Letters and lines matter more than movement (W3C mst-content-hint, section 3).
    screen.contentHint = 'detail'
    this.#composition?.close()
    const composition = this.#composition = withCamera ? new Composition(this.#context, screen) : null
    media.stopSharing = () => this.stopDesktopCapture()
    media.filter('video', () => composition?.track ?? screen)
    // Without the camera in the picture its light goes out. It comes back, where it is still on, with the end of the share.
    void media.video.hold(!withCamera).catch(() => {})
    // It sees to it that the picture gets slower before it gets smaller. Without that, the browser goes by the hint.
    this.#context.part('stats').catch(() => {})
    const [sound] = stream.getAudioTracks()
    if (sound === undefined) return
    const mixer = this.#mixer = await this.#context.part<SoundMixer>('sound')
    if (stream === this.#stream) mixer.mix(sound)
  }

  async #ask (): Promise<MediaStream> {
    const { environment: { mediaDevices }, AdaptorError } = this.#context
    if (typeof mediaDevices?.getDisplayMedia !== 'function') throw new AdaptorError('NotSupportedError', 'This browser cannot share the screen.')
    try {
      return await mediaDevices.getDisplayMedia({ video: true, audio: true })
    } catch (cause) {
      const error = mediaError(this.#context, cause)
      throw error.name === 'NotAllowedError' ? new AdaptorError('ScreenSharePermissionDenied', error.message, { cause }) : error
    }
  }

  async #end (): Promise<void> {
    if (this.#stream === null) return
    const { media, announcer } = this.#context
    this.#give()
    // The camera first, so that its picture comes in place of the screen's, without a gap and without a new offer.
    await media.video.hold(false).catch(() => {})
    // Another share has begun meanwhile.
    if (this.#stream !== null) return
    media.stopSharing = null
    media.filter('video')
    announcer.tell('screen_share_stopped', undefined)
  }

  /** Gives the screen back. */
  #give (): void {
    if (this.#stream !== null) stop(this.#stream)
    this.#stream = null
    this.#composition?.close()
    this.#composition = null
    this.#mixer?.mix(null)
  }
}

function stop (stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop()
}

export default function createScreen (context: ExtraContext): Methods & Extra {
  return new Screen(context)
}
