import { DEVICES } from '../../base/devices.js'
import { deferred } from '../../base/deferred.js'
import type { Environment } from '../../base/environment.js'
import type { MediaSettings } from '../../media/media.js'
import { queryPermission } from '../permission.js'
import type { CheckCode } from './check-types.js'
import { CheckFailure, type StepScope } from './step-scope.js'

type Kind = 'audio' | 'video'

/** What `getUserMedia` fails with (W3C Media Capture, section 10.2), and older browsers' names for it. */
const CODES: Record<string, CheckCode> = {
  NotAllowedError: 'deviceRefused',
  PermissionDeniedError: 'deviceRefused',
  PermissionDismissedError: 'deviceRefused',
  NotFoundError: 'deviceMissing',
  DevicesNotFoundError: 'deviceMissing',
  NotReadableError: 'deviceBusy',
  TrackStartError: 'deviceBusy',
  AbortError: 'deviceBusy',
  OverconstrainedError: 'deviceUnfit',
  ConstraintNotSatisfiedError: 'deviceUnfit'
}

/** Opens camera and microphone: both in one prompt and, where that fails, each by itself, so that the one says nothing of the other. */
export class DeviceCheck {
  readonly #environment: Environment
  readonly #constraints: MediaSettings['constraints']
  readonly #tracks: MediaStreamTrack[] = []
  #both: Promise<MediaStream> | null = null
  #closed = false

  constructor (environment: Environment, constraints: MediaSettings['constraints']) {
    this.#environment = environment
    this.#constraints = constraints
  }

  /** Gives all devices back: those that are open, and those that a prompt still brings. */
  close (): void {
    this.#closed = true
    for (const track of this.#tracks) track.stop()
  }

  /** Opens one of the two for a moment, and gives its label. */
  async run (scope: StepScope, kind: Kind): Promise<{ device: string }> {
    const constraint = this.#constraints[kind]
    if (constraint === false) throw new CheckFailure('notWanted', '', true)
    if (this.#environment.mediaDevices === undefined) throw new CheckFailure('earlierFailure', '', true)
    const track = await scope.until(this.#open(kind))
    if (track.muted) {
      const unmuted = deferred<void>()
      track.onunmute = () => unmuted.resolve()
      scope.add(() => { track.onunmute = null })
      await scope.answer(unmuted, 'deviceSilent')
    }
    return { device: track.label }
  }

  async #open (kind: Kind): Promise<MediaStreamTrack> {
    const { audio, video } = this.#constraints
    try {
      if (audio === false || video === false) return await this.#take(kind, this.#ask({ audio, video }))
      try {
        this.#both ??= this.#ask({ audio, video })
        return await this.#take(kind, this.#both)
      } catch (error) {
        if (!await this.#separable(kind, error)) throw error
        return await this.#take(kind, this.#ask({ [kind]: this.#constraints[kind] }))
      }
    } catch (error) {
      const { name, message } = error as Error
      throw new CheckFailure(CODES[name] ?? 'deviceFailed', `${name}: ${message}`)
    }
  }

  async #ask (constraints: MediaStreamConstraints): Promise<MediaStream> {
    const stream = await (this.#environment.mediaDevices as MediaDevices).getUserMedia(constraints)
    this.#tracks.push(...stream.getTracks())
    if (this.#closed) this.close()
    return stream
  }

  async #take (kind: Kind, asked: Promise<MediaStream>): Promise<MediaStreamTrack> {
    const track = (await asked).getTracks().find(track => track.kind === kind)
    if (track === undefined) throw new TypeError(`The browser gave no ${kind} track.`)
    return track
  }

  /** A person who has just refused both, or closed the prompt, is not asked again. */
  async #separable (kind: Kind, error: unknown): Promise<boolean> {
    if (CODES[(error as Error).name] !== 'deviceRefused') return true
    const permission = (kind: Kind) => queryPermission(this.#environment, DEVICES[kind])
    const [own, other] = await Promise.all([permission(kind), permission(kind === 'audio' ? 'video' : 'audio')])
    return own !== 'prompt' || other === 'denied'
  }
}
