import { quiet } from '../base/deferred.js'
import { Emitter } from '../base/emitter.js'
import type { Environment } from '../base/environment.js'
import { AdaptorError, browserError } from '../base/client-errors.js'
import { DEVICES } from '../base/devices.js'
import type { FindGuard } from '../base/guarding.js'

export type Kind = 'audio' | 'video'

/** What becomes of a device that is off: `release` gives it back to the system, `silence` keeps it and sends silence. */
export type MuteMode = 'release' | 'silence'

interface LocalTrackEvents {
  changed: undefined
  /** The device was pulled out, or taken back by the browser; its label. */
  lost: string
  error: AdaptorError
}

/**
 * The camera or the microphone. However often it is switched while the browser still fetches the device, the last switch
 * wins, and no track is left running.
 */
export class LocalTrack extends Emitter<LocalTrackEvents> {
  readonly kind: Kind
  readonly #environment: Environment
  readonly #mode: MuteMode
  readonly #guard: FindGuard
  /** What the browser is asked for from the next request on. */
  constraint: boolean | MediaTrackConstraints
  /** Whether another device takes the place of one that has ended by itself; `since`: when that one began. */
  replaceable: (since: number) => boolean = () => false
  #wanted: boolean
  /** Something else is sent in place of the device, which is given back meanwhile. */
  #held = false
  #closed = false
  #track: MediaStreamTrack | null = null
  /** Since when there is a track. */
  #since = 0
  #switching: Promise<void> | null = null
  /** The first request, for both devices in one prompt. */
  #opening: Promise<void> = Promise.resolve()

  constructor (environment: Environment, kind: Kind, constraint: boolean | MediaTrackConstraints, mode: MuteMode, guard: FindGuard) {
    super()
    this.kind = kind
    this.#environment = environment
    // A camera that the options left out is the default one when it is switched on later.
    this.constraint = constraint === false ? true : constraint
    this.#wanted = constraint !== false
    this.#mode = mode
    this.#guard = guard
  }

  get track (): MediaStreamTrack | null {
    return this.#track
  }

  get live (): boolean {
    return this.#track !== null && this.#track.enabled
  }

  /** The system has silenced the device: another program or a phone call has it. That is not the person's doing, and may end any time. */
  get interrupted (): boolean {
    return this.live && this.#track?.muted === true
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
    return this.#follow()
  }

  /** Takes a track of the first request. */
  adopt (track: MediaStreamTrack): void {
    if (this.#closed || this.#held || this.#track !== null || (!this.#wanted && this.#mode === 'release')) {
      track.stop()
      return
    }
    track.enabled = this.#wanted
    // `stop` fires no such event.
    track.onended = () => this.#handleEnd(track.label)
    track.onmute = track.onunmute = () => this.emit('changed', undefined)
    this.#since = this.#environment.now()
    this.#track = track
    this.emit('changed', undefined)
  }

  /** Switches the device off and gives it back, whatever the mode. */
  async release (): Promise<void> {
    this.#wanted = false
    this.#giveBack()
    await this.#follow()
    // The first request, if it was still under way, has left a silent one.
    if (!this.#wanted) this.#giveBack()
  }

  /** Switches on with `track`, which the application has made, in place of what there is. */
  use (track: MediaStreamTrack): void {
    this.#wanted = true
    this.replace(track)
  }

  /** Takes `track` in place of the one that there is. A person who is muted stays so. */
  replace (track: MediaStreamTrack): void {
    this.#forget()
    this.adopt(track)
  }

  /** Gives the device back while something else is sent in its place (`held`), or fetches it again where it is still to be on. */
  hold (held: boolean): Promise<void> {
    this.#held = held
    if (held) this.#giveBack()
    return this.#follow()
  }

  /** Asks the browser for a track of the device. */
  async request (): Promise<MediaStreamTrack> {
    const { mediaDevices } = this.#environment
    if (mediaDevices === undefined) throw insecure()
    const stream = await mediaDevices.getUserMedia({ [this.kind]: this.constraint })
    // It has a track of each kind that was asked for (W3C Media Capture, section 10.2), so one here.
    return stream.getTracks()[0] as MediaStreamTrack
  }

  close (): void {
    this.#closed = true
    this.#wanted = false
    this.#giveBack()
  }

  /** Whether the device is to be on now. */
  get #due (): boolean {
    return this.#wanted && !this.#held
  }

  #follow (): Promise<void> {
    this.#switching ??= this.#switch().finally(() => { this.#switching = null })
    return this.#switching
  }

  async #switch (): Promise<void> {
    await this.#opening
    while (!this.#closed && this.#due !== this.live) {
      if (!this.#due) this.#switchOff()
      else if (this.#track !== null) this.#switchOn(this.#track)
      else await this.#acquire()
    }
  }

  async #acquire (): Promise<void> {
    try {
      this.adopt(await this.request())
    } catch (error) {
      const guard = await this.#guard()
      if (!this.#due) return
      this.#wanted = false
      const reason = guard === null ? browserError(error) : guard.explain(error, DEVICES[this.kind])
      this.emit('error', reason)
      throw reason
    }
  }

  /** The device is gone by itself. Another one takes its place where the guard says so. */
  #handleEnd (label: string): void {
    const replaced = this.#wanted && this.replaceable(this.#since)
    if (!replaced) this.#wanted = false
    this.emit('lost', label)
    this.#giveBack()
    if (replaced) void quiet(this.#follow())
  }

  #switchOn (track: MediaStreamTrack): void {
    track.enabled = true
    this.emit('changed', undefined)
  }

  #switchOff (): void {
    if (this.#track === null) return
    if (this.#mode === 'release') return this.#giveBack()
    if (!this.#track.enabled) return
    this.#track.enabled = false
    this.emit('changed', undefined)
  }

  #giveBack (): void {
    if (this.#track === null) return
    this.#forget()
    this.emit('changed', undefined)
  }

  #forget (): void {
    const track = this.#track
    if (track === null) return
    this.#track = null
    track.onended = track.onmute = track.onunmute = null
    track.stop()
  }
}

/** The error of a page without https or localhost, where a browser has no `mediaDevices`: the name that browsers use for such pages. */
export function insecure (): AdaptorError {
  return new AdaptorError('SecurityError', 'Camera and microphone are only given to pages from https or localhost.')
}
