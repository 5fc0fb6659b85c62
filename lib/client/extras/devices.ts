import type { Device } from '../base/client-errors.js'
import { DEVICES } from '../base/devices.js'
import { guarded } from '../base/emitter.js'
import type { Kind, LocalTrack } from '../media/local-track.js'
import { mediaError } from './media-errors.js'
import type { Extra, ExtraContext } from './extra.js'
import type { ExtraMethods } from './extra-methods.js'

type Methods = Pick<ExtraMethods, 'getDevices' | 'switchVideoCameraCapture' | 'switchVideoCameraFacingMode' | 'switchAudioInputSource' |
  'switchAudioOutput' | 'applyConstraints' | 'openStream' | 'updateVideoTrack' | 'updateAudioTrack'>

/** What a browser says of a device that it cannot open while another one is open. */
const BUSY: readonly string[] = ['NotReadableError', 'TrackStartError', 'AbortError']
/** Phones open one camera at a time. Some give a black picture instead of an error. */
const PHONE = /Android|iPhone|iPad/

/** Which camera, microphone and loudspeaker there are, and which of them are used. */
class Devices implements Methods, Extra {
  readonly #context: ExtraContext
  /** What the application is called back by when that device is lost. */
  readonly #handleLost: Partial<Record<Device, (() => void) | undefined>> = {}
  readonly #unlisten: () => void
  #watched: MediaDevices | null = null

  constructor (context: ExtraContext) {
    this.#context = context
    this.#unlisten = context.media.on('lost', ({ device }) => guarded(() => this.#handleLost[device]?.()))
  }

  async getDevices (): Promise<MediaDeviceInfo[]> {
    const mediaDevices = this.#context.environment.mediaDevices
    if (mediaDevices === undefined) throw new this.#context.AdaptorError('SecurityError', 'Devices are only shown to pages from https or localhost.')
    if (this.#watched === null) {
      this.#watched = mediaDevices
      mediaDevices.addEventListener('devicechange', this.#handleChange)
    }
    const devices = await mediaDevices.enumerateDevices()
    this.#context.announcer.tell('available_devices', devices)
    return devices
  }

  async switchVideoCameraCapture (_streamId: unknown, deviceId: string, onEndedCallback?: () => void): Promise<void> {
    const { facingMode, ...others } = this.#constraintOf('video')
    await this.#switch('video', { ...others, deviceId: { exact: this.#checked(deviceId) } })
    this.#handleLost.camera = onEndedCallback
  }

  async switchVideoCameraFacingMode (_streamId: unknown, facingMode: 'user' | 'environment'): Promise<void> {
    const { deviceId, groupId, ...others } = this.#constraintOf('video')
    await this.#switch('video', { ...others, facingMode })
  }

  async switchAudioInputSource (_streamId: unknown, deviceId: string): Promise<void> {
    await this.#switch('audio', { ...this.#constraintOf('audio'), deviceId: { exact: this.#checked(deviceId) } })
  }

  async switchAudioOutput (_streamId: unknown, deviceId: string): Promise<void> {
    const element = this.#context.remoteVideo()
    if (typeof element?.setSinkId !== 'function') {
      throw new this.#context.AdaptorError('NotSupportedError', 'This browser cannot choose the loudspeaker, or there is no element for the other side.')
    }
    await element.setSinkId(deviceId)
  }

  async applyConstraints (constraints: MediaTrackConstraints | { audio?: MediaTrackConstraints, video?: MediaTrackConstraints }): Promise<void> {
    const byKind = 'audio' in constraints || 'video' in constraints ? constraints : { video: constraints as MediaTrackConstraints }
    await Promise.all((['audio', 'video'] as const).map(async kind => {
      const asked = byKind[kind]
      if (asked === undefined) return
      const local = this.#context.media[kind]
      const before = local.constraint
      const after = { ...this.#constraintOf(kind), ...asked }
      local.constraint = after
      try {
        await local.track?.applyConstraints(after)
      } catch (error) {
        local.constraint = before
        throw mediaError(this.#context, error, DEVICES[kind])
      }
    }))
  }

  async openStream (mediaConstraints: MediaStreamConstraints): Promise<void> {
    await Promise.all((['audio', 'video'] as const).map(async kind => {
      const local = this.#context.media[kind]
      const asked = mediaConstraints[kind] ?? false
      if (asked === false) return local.release()
      await this.#switch(kind, asked)
      await local.set(true)
    }))
  }

  async updateVideoTrack (stream: MediaStream, _streamId?: unknown, onEndedCallback?: () => void): Promise<void> {
    await this.#context.media.stopSharing?.()
    this.#use('video', stream, onEndedCallback)
  }

  async updateAudioTrack (stream: MediaStream, _streamId?: unknown, onEndedCallback?: () => void): Promise<void> {
    this.#use('audio', stream, onEndedCallback)
  }

  close (): void {
    this.#unlisten()
    this.#watched?.removeEventListener('devicechange', this.#handleChange)
  }

  // Reported by getDevices itself where the application called it; a list that cannot be had now is had at the next change.
  readonly #handleChange = () => { void this.getDevices().catch(() => {}) }

  #constraintOf (kind: Kind): MediaTrackConstraints {
    const { constraint } = this.#context.media[kind]
    return typeof constraint === 'object' ? constraint : {}
  }

  #checked (deviceId: unknown): string {
    if (typeof deviceId === 'string' && deviceId !== '') return deviceId
    throw new this.#context.AdaptorError('TypeError', 'The second argument is the deviceId of one of getDevices().')
  }

  /** Sends the track of this kind in a stream of the application's own. */
  #use (kind: Kind, stream: MediaStream, onEndedCallback: (() => void) | undefined): void {
    const track = stream.getTracks().find(track => track.kind === kind)
    if (track === undefined) throw new this.#context.AdaptorError('TypeError', `The stream has no ${kind} track.`)
    this.#context.media[kind].use(track)
    this.#handleLost[DEVICES[kind]] = onEndedCallback
  }

  async #switch (kind: Kind, constraint: true | MediaTrackConstraints): Promise<void> {
    const { media } = this.#context
    const local = media[kind]
    const before = local.constraint
    local.constraint = constraint
    if (kind === 'video' && media.stopSharing !== null) return media.stopSharing()
    // One that is off is fetched when it is switched on.
    if (local.track === null) return
    if (kind === 'video' && PHONE.test(globalThis.navigator?.userAgent ?? '')) return this.#exchange(local, before)
    try {
      const track = await local.request()
      // The person has chosen yet another one meanwhile.
      if (local.constraint === constraint) local.replace(track)
      else track.stop()
    } catch (error) {
      if (local.constraint !== constraint) return
      const reason = mediaError(this.#context, error, DEVICES[kind])
      if (BUSY.includes(reason.name)) return this.#exchange(local, before)
      local.constraint = before
      throw reason
    }
  }

  /** Gives the device back before the other one is asked for, and takes it again where that cannot be had. */
  async #exchange (local: LocalTrack, before: boolean | MediaTrackConstraints): Promise<void> {
    await local.hold(true)
    try {
      await local.hold(false)
    } catch (error) {
      local.constraint = before
      await local.set(true)
      throw error
    }
  }
}

export default function createDevices (context: ExtraContext): Methods & Extra {
  return new Devices(context)
}
