import { Emitter } from '../base/emitter.js'
import type { Environment } from '../base/environment.js'
import { browserError, type AdaptorError, type Device } from '../base/client-errors.js'
import { DEVICES } from '../base/devices.js'
import type { FindGuard } from '../base/guarding.js'
import { insecure, LocalTrack, type Kind, type MuteMode } from './local-track.js'
import type { MediaState } from '../call/media-state.js'
import { StreamView } from './stream-view.js'
import { KINDS } from '../call/transceivers.js'

/** What the SDK does with a device's track before it is sent. It is asked at each change, and answers alike while nothing has changed. */
export type TrackFilter = (track: MediaStreamTrack | null) => MediaStreamTrack | null

/** What one's own devices are doing. */
export interface LocalMediaState extends MediaState {
  /** Those that are on, and that the system has silenced: another program or a phone call has them. */
  interrupted?: Device[]
}

interface MediaEvents {
  changed: undefined
  /** A device was pulled out, or taken back by the browser. */
  lost: { device: Device, label: string }
  error: AdaptorError
}

/** @internal */
export interface MediaSettings {
  constraints: { audio: boolean | MediaTrackConstraints, video: boolean | MediaTrackConstraints }
  muteMode: MuteMode
  localVideo: () => HTMLMediaElement | null
}

/** Camera, microphone and the local preview. */
export class Media extends Emitter<MediaEvents> {
  readonly audio: LocalTrack
  readonly video: LocalTrack
  /** The stream that the tracks belong to in our descriptions, whichever of them are on. It stays empty itself. */
  readonly group: MediaStream
  readonly #environment: Environment
  /** What was asked for at the start. */
  readonly constraints: MediaSettings['constraints']
  readonly #guard: FindGuard
  /** Why the two could not be had together, where nobody could ask for each of them. */
  failure: unknown = null
  readonly #view: StreamView
  readonly #filters: Partial<Record<Kind, TrackFilter>> = {}
  /** Another sound is sent beside the microphone's. */
  mixing = false
  /** Ends the screen share; `null` where there is none. */
  stopSharing: (() => Promise<void>) | null = null

  constructor (environment: Environment, settings: MediaSettings, guard: FindGuard) {
    super()
    this.#environment = environment
    const constraints = this.constraints = settings.constraints
    this.#guard = guard
    this.group = new environment.MediaStream()
    this.#view = new StreamView(environment, settings.localVideo)
    this.audio = new LocalTrack(environment, 'audio', constraints.audio, settings.muteMode, guard)
    // A camera's light must go out whatever the mode.
    this.video = new LocalTrack(environment, 'video', constraints.video, 'release', guard)
    for (const local of [this.audio, this.video]) {
      local.on('changed', () => this.#changed())
      this.forward(local, 'error')
      local.on('lost', label => this.emit('lost', { device: DEVICES[local.kind], label }))
    }
  }

  /** The stream of the local preview; `null` while camera and microphone are off. */
  get stream (): MediaStream | null {
    return this.#view.stream
  }

  /** Which of the two are on, whether the screen is shared, and what the system has silenced. */
  get state (): LocalMediaState {
    const interrupted = [this.video, this.audio].filter(({ interrupted }) => interrupted).map(({ kind }) => DEVICES[kind])
    return { ...this.#state(() => true), ...interrupted.length > 0 ? { interrupted } : {} }
  }

  /** What the other side gets of it. */
  get sent (): MediaState {
    const sent = this.#state(({ interrupted }) => !interrupted)
    return { ...sent, microphone: sent.microphone || this.mixing }
  }

  /** What is sent of a kind; `null` for nothing. */
  track (kind: Kind): MediaStreamTrack | null {
    const { track } = this[kind]
    const filter = this.#filters[kind]
    return filter === undefined ? track : filter(track)
  }

  /** Sends what `filter` makes of the device's track from now on; without one the track itself. */
  filter (kind: Kind, filter?: TrackFilter): void {
    if (filter === undefined) delete this.#filters[kind]
    else this.#filters[kind] = filter
    this.#changed()
  }

  /** Fetches the devices that the constraints ask for, in one prompt, and those of them that can be had. Resolves when each has come or was refused. */
  open (): Promise<void> {
    if (KINDS.every(kind => this.constraints[kind] === false)) return Promise.resolve()
    const opening = this.#open()
    this.audio.expect(opening)
    this.video.expect(opening)
    return opening
  }

  /** Gives back both devices and ends the screen share; either device can be switched on again. */
  async release (): Promise<void> {
    await Promise.all([this.audio.release(), this.video.release(), this.stopSharing?.()])
  }

  close (): void {
    this.audio.close()
    this.video.close()
    this.#view.clear()
  }

  /** Takes what the browser gives for these constraints. Resolves with what it throws, or null. */
  async fetch (constraints: MediaStreamConstraints): Promise<unknown> {
    try {
      const { mediaDevices } = this.#environment
      if (mediaDevices === undefined) throw insecure()
      const stream = await mediaDevices.getUserMedia(constraints)
      for (const track of stream.getTracks()) this[track.kind as Kind].adopt(track)
      return null
    } catch (error) {
      return error
    }
  }

  async #open (): Promise<void> {
    const error = await this.fetch(this.constraints)
    if (error === null) return
    // One request for two devices fails where either of them fails: a blocked camera must not take the microphone with it.
    const guard = await this.#guard()
    if (guard !== null) return guard.askForEach(error)
    this.failure = error
    this.emit('error', browserError(error))
  }

  #state (counts: (local: LocalTrack) => boolean): MediaState {
    const on = (local: LocalTrack) => local.live && counts(local)
    return { camera: on(this.video), microphone: on(this.audio), ...this.stopSharing === null ? {} : { screen: true } }
  }

  #changed (): void {
    this.#view.show(KINDS.map(kind => this.track(kind)).filter(track => track !== null))
    this.emit('changed', undefined)
  }
}
