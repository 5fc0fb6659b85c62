import { Emitter } from './emitter.js'
import type { Environment } from './environment.js'
import { browserError, type AdaptorError } from './errors.js'
import { insecure, LocalTrack, type Kind, type MuteMode } from './local-track.js'
import { StreamView } from './stream-view.js'

/** Failures that concern one of the two devices, so that the other may still be had. After a refusal, asking again would only nag. */
const PER_DEVICE: readonly string[] = [
  'NotFoundError', 'DevicesNotFoundError', 'NotReadableError', 'TrackStartError', 'OverconstrainedError', 'ConstraintNotSatisfiedError', 'AbortError'
]

interface MediaEvents {
  changed: undefined
  error: AdaptorError
}

export interface MediaSettings {
  constraints: { audio: boolean | MediaTrackConstraints, video: boolean | MediaTrackConstraints }
  muteMode: MuteMode
  localVideo: () => HTMLMediaElement | null
}

/** Camera, microphone and the local preview. */
export class Media extends Emitter<MediaEvents> {
  readonly audio: LocalTrack
  readonly video: LocalTrack
  /** What the other side is told that the tracks belong to, whichever of them are on. It holds none itself. */
  readonly group: MediaStream
  readonly #environment: Environment
  readonly #constraints: MediaSettings['constraints']
  readonly #view: StreamView

  constructor (environment: Environment, settings: MediaSettings) {
    super()
    this.#environment = environment
    const constraints = this.#constraints = settings.constraints
    this.group = new environment.MediaStream()
    this.#view = new StreamView(environment, settings.localVideo, true)
    this.audio = new LocalTrack(environment, 'audio', constraints.audio, settings.muteMode)
    // A camera's light must go out whatever the mode.
    this.video = new LocalTrack(environment, 'video', constraints.video, 'release')
    for (const local of [this.audio, this.video]) {
      local.on('changed', () => this.#changed())
      local.on('error', error => this.emit('error', error))
    }
  }

  /** The stream of the local preview; `null` while camera and microphone are off. */
  get stream (): MediaStream | null {
    return this.#view.stream
  }

  track (kind: Kind): MediaStreamTrack | null {
    return this[kind].track
  }

  /** Fetches what the constraints ask for, in one prompt. `true` where something came, or nothing was asked for. */
  open (): Promise<boolean> {
    const audio = this.#constraints.audio
    const video = this.#constraints.video
    if (audio === false && video === false) return Promise.resolve(true)
    const opening = this.#open()
    const ended = opening.then(() => {})
    this.audio.expect(ended)
    this.video.expect(ended)
    return opening
  }

  close (): void {
    this.audio.close()
    this.video.close()
    this.#view.clear()
  }

  async #open (): Promise<boolean> {
    const audio = this.#constraints.audio
    const video = this.#constraints.video
    const first = await this.#fetch({ audio, video })
    if (first === null) return true
    this.emit('error', first)
    if (audio === false || video === false || !PER_DEVICE.includes(first.name)) return false
    const rest = [await this.#fetch({ audio, video: false }), await this.#fetch({ audio: false, video })]
    return rest.includes(null)
  }

  async #fetch (constraints: MediaStreamConstraints): Promise<AdaptorError | null> {
    try {
      if (this.#environment.mediaDevices === undefined) throw insecure()
      const stream = await this.#environment.mediaDevices.getUserMedia(constraints)
      for (const track of stream.getTracks()) this[track.kind as Kind].adopt(track)
      return null
    } catch (error) {
      return browserError(error)
    }
  }

  #changed (): void {
    this.#view.show([this.audio.track, this.video.track].filter(track => track !== null))
    this.emit('changed', undefined)
  }
}
