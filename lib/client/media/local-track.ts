import { Emitter } from '../base/emitter.js'
import type { Environment } from '../base/environment.js'
import { AdaptorError, mediaError, type Device } from '../base/client-errors.js'

export type Kind = 'audio' | 'video'

export const DEVICES: Record<Kind, Device> = { audio: 'microphone', video: 'camera' }

/** What becomes of a device that is off: `release` gives it back to the system, `silence` keeps it and sends silence. */
export type MuteMode = 'release' | 'silence'

interface LocalTrackEvents {
  changed: undefined
  error: AdaptorError
}

/**
 * The camera or the microphone. However often it is switched while the browser still fetches the device, the last switch
 * wins, and no track is left running.
 */
export class LocalTrack extends Emitter<LocalTrackEvents> {
  readonly kind: Kind
  readonly #environment: Environment
  readonly #constraint: boolean | MediaTrackConstraints
  readonly #mode: MuteMode
  #wanted: boolean
  #closed = false
  #track: MediaStreamTrack | null = null
  #switching: Promise<void> | null = null
  /** The first request, for both devices in one prompt. */
  #opening: Promise<void> = Promise.resolve()

  constructor (environment: Environment, kind: Kind, constraint: boolean | MediaTrackConstraints, mode: MuteMode) {
    super()
    this.kind = kind
    this.#environment = environment
    // A camera that the options left out is the default one when it is switched on later.
    this.#constraint = constraint === false ? true : constraint
    this.#wanted = constraint !== false
    this.#mode = mode
  }

  get track (): MediaStreamTrack | null {
    return this.#track
  }

  get live (): boolean {
    return this.#track !== null && this.#track.enabled
  }

  get wanted (): boolean {
    return this.#wanted
  }

  /** Announces the first request, which may bring the track; switches wait for it. */
  expect (opening: Promise<void>): void {
    this.#opening = opening
  }

  /** Switches the device on or off. Resolves when that is done. Rejects with the browser's error, which is emitted as `error` once. */
  set (on: boolean): Promise<void> {
    if (this.#closed) {
      const error = new AdaptorError('InvalidStateError', 'The adaptor was closed.', { device: DEVICES[this.kind] })
      this.emit('error', error)
      return Promise.reject(error)
    }
    this.#wanted = on
    // At once, without waiting for what is under way: a muted person must not be heard one moment longer.
    if (!on) this.#switchOff()
    this.#switching ??= this.#switch().finally(() => { this.#switching = null })
    return this.#switching
  }

  /** Takes a track of the first request. */
  adopt (track: MediaStreamTrack): void {
    if (this.#closed || this.#track !== null || (!this.#wanted && this.#mode === 'release')) {
      track.stop()
      return
    }
    track.enabled = this.#wanted
    // Pulled out, or taken back by the browser; `stop` fires no such event.
    track.onended = () => {
      if (this.#track !== track) return
      this.#wanted = false
      this.#release()
    }
    this.#track = track
    this.emit('changed', undefined)
  }

  close (): void {
    this.#closed = true
    this.#wanted = false
    this.#release()
  }

  get #asWanted (): boolean {
    return this.#closed || this.#wanted === this.live
  }

  async #switch (): Promise<void> {
    await this.#opening
    while (!this.#asWanted) {
      if (!this.#wanted) this.#switchOff()
      else if (this.#track !== null) this.#switchOn(this.#track)
      else await this.#acquire()
    }
  }

  async #acquire (): Promise<void> {
    try {
      const mediaDevices = this.#environment.mediaDevices
      if (mediaDevices === undefined) throw insecure()
      const stream = await mediaDevices.getUserMedia({ [this.kind]: this.#constraint })
      for (const track of stream.getTracks()) this.adopt(track)
      if (this.#wanted && this.#track === null) throw new AdaptorError('NotFoundError', `The browser gave no ${this.kind} track.`)
    } catch (error) {
      if (!this.#wanted) return
      this.#wanted = false
      const reason = mediaError(error, DEVICES[this.kind])
      this.emit('error', reason)
      throw reason
    }
  }

  #switchOn (track: MediaStreamTrack): void {
    track.enabled = true
    this.emit('changed', undefined)
  }

  #switchOff (): void {
    if (this.#track === null) return
    if (this.#mode === 'release') return this.#release()
    if (!this.#track.enabled) return
    this.#track.enabled = false
    this.emit('changed', undefined)
  }

  #release (): void {
    const track = this.#track
    if (track === null) return
    this.#track = null
    track.onended = null
    track.stop()
    this.emit('changed', undefined)
  }
}

/** The error of a page without https or localhost, where a browser has no `mediaDevices`: the name that browsers use for such pages. */
export function insecure (): AdaptorError {
  return new AdaptorError('SecurityError', 'Camera and microphone are only given to pages from https or localhost.')
}
