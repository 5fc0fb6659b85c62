import type { WaitOptions } from '../base/abort.js'
import type { Sendable, SendFileOptions } from '../data/data-types.js'
import type { CallStats } from './call-stats.js'
import type { SignallingMessage } from './signalling-message.js'

/** The methods whose code is loaded when one of them is called first. They reject with `moduleNotLoaded` where that fails. */
export interface ExtraMethods {
  /** Makes a new offer to the other side, which nothing but a test or a special need asks for. */
  negotiate (): Promise<void>
  /**
   * What the call sends and receives, as `updated_stats` tells it too. Rejects with `InvalidStateError` where there is no call.
   */
  getStats (streamId?: string): Promise<CallStats>
  /** Tells `updated_stats` every `periodMs` ms (5,000 unless you say otherwise), and `quality_changed`, in this call and in the next ones. */
  enableStats (streamId?: string, periodMs?: number): Promise<void>
  /** Ends what `enableStats` began. */
  disableStats (streamId?: string): Promise<void>
  /** Sets the most that the picture may take, in kbit/s, or `'unlimited'`, in this call and in the next ones, whatever the picture is of. */
  changeBandwidth (bandwidth: number | 'unlimited', streamId?: string): Promise<void>
  /**
   * Sends and receives the picture with the first of these codecs (such as `'AV1'`, `'VP9'`, `'H264'`, `'VP8'`) that both sides have, in this call and in
   * the next ones; with another one where they have none of them. Rejects with `NotSupportedError` where the browser cannot choose.
   */
  preferVideoCodecs (codecs: readonly string[]): Promise<void>
  /**
   * The cameras, microphones and loudspeakers that there are, with their labels once a camera or microphone was allowed. From then on
   * `available_devices` tells them at each change.
   */
  getDevices (): Promise<MediaDeviceInfo[]>
  /**
   * Takes another camera, now or when it is switched on next, and ends a screen share. Rejects with the browser's error, and the old one goes
   * on. Calls `onEndedCallback` when the device is lost.
   */
  switchVideoCameraCapture (streamId: string | null | undefined, deviceId: string, onEndedCallback?: () => void): Promise<void>
  /** Takes the front camera (`'user'`) or the back one (`'environment'`) of a phone. */
  switchVideoCameraFacingMode (streamId: string | null | undefined, facingMode: 'user' | 'environment'): Promise<void>
  /** Takes another microphone, now or when it is switched on next. A person who is muted stays so. */
  switchAudioInputSource (streamId: string | null | undefined, deviceId: string): Promise<void>
  /** Plays the other side on another loudspeaker (`''`: the default one). Rejects with `NotSupportedError` where the browser cannot. */
  switchAudioOutput (streamId: string | null | undefined, deviceId: string): Promise<void>
  /** Asks more of camera (`video`) and microphone (`audio`), now and whenever they are fetched. What is neither is for the camera. */
  applyConstraints (constraints: MediaTrackConstraints | { audio?: MediaTrackConstraints, video?: MediaTrackConstraints }): Promise<void>
  /** Fetches camera and microphone anew, each by its constraints, and switches them on; one that is not asked for is given back. */
  openStream (mediaConstraints: MediaStreamConstraints, streamId?: string): Promise<void>
  /**
   * Sends the picture of a stream of your own in place of the camera's, until the camera is switched. It is stopped when it is switched off,
   * and when it ends by itself, `onEndedCallback` is called and the camera takes its place. Ends a screen share.
   */
  updateVideoTrack (stream: MediaStream, streamId?: string | null, onEndedCallback?: () => void, stopDesktop?: boolean): Promise<void>
  /** The same for the sound of a stream of your own, in place of the microphone's. */
  updateAudioTrack (stream: MediaStream, streamId?: string | null, onEndedCallback?: () => void): Promise<void>
  /**
   * Sends the screen, with its sound, in place of the camera, whose light goes out meanwhile. The camera is back, where it was on, when
   * the person ends the share in the browser or you call `stopDesktopCapture`. Call it in a click. Rejects with
   * `ScreenSharePermissionDenied` where the person chose nothing, and `NotSupportedError` where the browser cannot.
   */
  switchDesktopCapture (streamId?: string): Promise<void>
  /** The same, with the camera in a corner of the picture, where it is on. */
  switchDesktopCaptureWithCamera (streamId?: string): Promise<void>
  /** Ends the share of the screen. */
  stopDesktopCapture (streamId?: string): Promise<void>
  /** Sends the sound softer or louder: 0 for nothing, 1 as it is. */
  setVolumeLevel (volumeLevel: number): Promise<void>
  /** Calls back every `period` ms (200 unless you say otherwise) with how loud the sound is that is sent, 0 to 1. */
  enableAudioLevelForLocalStream (levelCallback: (level: number) => void, period?: number): Promise<void>
  /** Ends what `enableAudioLevelForLocalStream` began. */
  disableAudioLevelForLocalStream (): Promise<void>
  /**
   * Sends a text or a binary of any size to the other side, over the data channel and not by the server, in order. The other side gets it as
   * `data_received`. Resolves when it is there; with a client of another make, when it is handed to the browser. It waits for a data channel
   * that is not open yet, and goes on over the next connection to the same peer. Rejects with `InvalidStateError` where there is no call,
   * `notInRoom` where it is in another room, `tooLarge` where a client of another make takes no text of that size, and
   * `AbortError` where the other side has left or been gone for a minute, or takes no message of that size in memory (256 MiB). `signal`
   * cancels it, at both sides; with a client of another make, only before it is called.
   */
  sendData (streamId: string, data: Sendable, options?: WaitOptions): Promise<void>
  /**
   * Sends a Blob or a stream to the other side, which gets it as `file_received`, a stream as well, and no faster than it is read: a large
   * file takes little memory at either end. Resolves when all of it is there. It goes on over the next connection to the same peer. Rejects
   * with `NotSupportedError` where the other client is of another make, `AbortError` where `signal` or the other side cancels or that has
   * gone, and whatever the stream fails with.
   */
  sendFile (file: Blob | ReadableStream<Uint8Array>, options?: SendFileOptions): Promise<void>
  /**
   * Calls back with every message that goes to the server (`direction: 'sent'`) or comes from it (`'received'`), until it is called with
   * `null`. For a developer's eyes: `message` has everything that is in the frame, tokens and credentials too.
   */
  watchSignalling (callback: ((message: SignallingMessage) => void) | null): Promise<void>
  /** Loses the connection to the server as a network does that breaks, so that you see what your application makes of it. The SDK comes back by itself. */
  breakConnection (): Promise<void>
}

export type ExtraName = 'data' | 'debug-log' | 'developer' | 'devices' | 'guard' | 'screen' | 'sound' | 'stats' | 'verification'

/** Which module has which method. */
export const EXTRA_METHODS: Record<keyof ExtraMethods, ExtraName> = {
  negotiate: 'guard',
  getStats: 'stats',
  enableStats: 'stats',
  disableStats: 'stats',
  changeBandwidth: 'stats',
  preferVideoCodecs: 'stats',
  getDevices: 'devices',
  switchVideoCameraCapture: 'devices',
  switchVideoCameraFacingMode: 'devices',
  switchAudioInputSource: 'devices',
  switchAudioOutput: 'devices',
  applyConstraints: 'devices',
  openStream: 'devices',
  updateVideoTrack: 'devices',
  updateAudioTrack: 'devices',
  switchDesktopCapture: 'screen',
  switchDesktopCaptureWithCamera: 'screen',
  stopDesktopCapture: 'screen',
  setVolumeLevel: 'sound',
  enableAudioLevelForLocalStream: 'sound',
  disableAudioLevelForLocalStream: 'sound',
  sendData: 'data',
  sendFile: 'data',
  watchSignalling: 'developer',
  breakConnection: 'developer'
}
