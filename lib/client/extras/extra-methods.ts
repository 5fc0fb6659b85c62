import type { CallStats } from './call-stats.js'

/** The methods whose code is loaded when one of them is called first. They reject with `moduleNotLoaded` where that fails. */
export interface ExtraMethods {
  /**
   * What the call sends and receives, as `updated_stats` tells it too. Rejects with `InvalidStateError` where there is no call.
   */
  getStats (streamId?: string): Promise<CallStats>
  /** Tells `updated_stats` every `periodMs` ms (5,000 unless you say otherwise), in this call and in the next ones. */
  enableStats (streamId?: string, periodMs?: number): Promise<void>
  /** Ends what `enableStats` began. */
  disableStats (streamId?: string): Promise<void>
  /** Sets the most that the picture may take, in kbit/s, or `'unlimited'`. Rejects with `InvalidStateError` where none is sent. */
  changeBandwidth (bandwidth: number | 'unlimited', streamId?: string): Promise<void>
  /**
   * The cameras, microphones and loudspeakers that there are, with their labels once a camera or microphone was allowed. From then on
   * `available_devices` tells them at each change.
   */
  getDevices (): Promise<MediaDeviceInfo[]>
  /** Takes another camera, now or when it is switched on next, and ends a screen share. Rejects with the browser's error, and the old one goes on. */
  switchVideoCameraCapture (streamId: string | null | undefined, deviceId: string): Promise<void>
  /** Takes the front camera (`'user'`) or the back one (`'environment'`) of a phone. */
  switchVideoCameraFacingMode (streamId: string | null | undefined, facingMode: 'user' | 'environment'): Promise<void>
  /** Takes another microphone, now or when it is switched on next. A person who is muted stays so. */
  switchAudioInputSource (streamId: string | null | undefined, deviceId: string): Promise<void>
  /** Plays the other side on another loudspeaker (`''`: the default one). Rejects with `NotSupportedError` where the browser cannot. */
  switchAudioOutput (streamId: string | null | undefined, deviceId: string): Promise<void>
  /** Asks more of camera (`video`) and microphone (`audio`), now and whenever they are fetched. What is neither is for the camera. */
  applyConstraints (constraints: MediaTrackConstraints | { audio?: MediaTrackConstraints, video?: MediaTrackConstraints }): Promise<void>
}

export type ExtraName = 'devices' | 'stats'

/** Which module has which method. */
export const EXTRA_METHODS: Record<keyof ExtraMethods, ExtraName> = {
  getStats: 'stats',
  enableStats: 'stats',
  disableStats: 'stats',
  changeBandwidth: 'stats',
  getDevices: 'devices',
  switchVideoCameraCapture: 'devices',
  switchVideoCameraFacingMode: 'devices',
  switchAudioInputSource: 'devices',
  switchAudioOutput: 'devices',
  applyConstraints: 'devices'
}
