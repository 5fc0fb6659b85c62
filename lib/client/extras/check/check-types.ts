import type { WebRTCAdaptorOptions } from '../../base/client-options.js'

/** The steps of a check, in their order. */
export type CheckStepName =
  /** The browser has WebRTC, and the options are valid. */
  | 'browser'
  /** The page was loaded over HTTPS or from this machine, so that there are devices. */
  | 'securePage'
  /** The camera is allowed, opens and gives a picture. */
  | 'camera'
  /** The microphone is allowed, opens and gives sound. */
  | 'microphone'
  /** The WebSocket opens and the server answers; `roundTrip` has how fast. */
  | 'webSocket'
  /** One address of a STUN or TURN server (`url`): STUN answers, TURN allocates a relay, by UDP, TCP or TLS as the address says. */
  | 'iceServer'
  /** A call of the page with itself that has no way but through the TURN servers that work; `bitrate` has how much came through in two seconds. */
  | 'relayedCall'

/** Why a step failed or was left out. A page may show a text of its own for each. */
export type CheckCode =
  | 'noWebRTC' | 'insecurePage' | 'invalidOption' | 'notWanted' | 'earlierFailure' | 'unexpected'
  | 'deviceRefused' | 'deviceMissing' | 'deviceBusy' | 'deviceUnfit' | 'deviceFailed' | 'deviceSilent'
  | 'insecureAddress' | 'serverUnreachable' | 'applicationUnknown' | 'accessRefused' | 'serverFull' | 'upgradeRefused'
  | 'serverSilent' | 'connectionClosed' | 'joinRefused'
  | 'noIceServer' | 'iceServerInvalid' | 'iceServerUnreachable' | 'credentialsRefused' | 'iceServerFull' | 'allocationRefused' | 'answerUnknown'
  | 'noTurnServer' | 'noTurnServerWorks' | 'relayFailed' | 'relaySlow'

/** What `WebRTCAdaptor.check` is asked to check: the options that the call is to have, and how. */
export interface CheckOptions extends Pick<WebRTCAdaptorOptions, 'websocket_url' | 'mediaConstraints' | 'peerconnection_config' | 'isPlayMode' | 'token'> {
  /**
   * A room to take a seat in for a moment, where the server names its TURN servers only to those who have joined. Take one in which
   * nobody waits. @default none
   */
  roomName?: string | undefined
  /** Cancels the check, which rejects with the signal's reason. @default none */
  signal?: AbortSignal | undefined
  /** Called when a step begins (`status: 'running'`), and again when it ends. @default none */
  onStep?: ((step: CheckStep) => void) | undefined
  /** Maximum time that a server or a device has to answer, in ms. A person has all the time to answer a prompt. @default 10000 */
  timeout?: number | undefined
}

/** One step of a check. */
export interface CheckStep {
  /** Which step it is. */
  name: CheckStepName
  /** `skipped`: it was not wanted, or could not be tried or told; `code` says which. */
  status: 'running' | 'passed' | 'failed' | 'skipped'
  /** The address of the STUN or TURN server, of `iceServer`. */
  url?: string
  /** Why it failed or was skipped; a page may show a text of its own for each. */
  code?: CheckCode
  /** What is the matter, in plain English. */
  reason?: string
  /** What to do about it, in plain English. */
  remedy?: string
  /** What the browser or the server said, for a developer. */
  detail?: string
  /** The label of the camera or microphone. */
  device?: string
  /** To the server or through the TURN server, and back, in ms. */
  roundTrip?: number
  /** What came through the TURN server, in kbit/s. */
  bitrate?: number
}

export interface CheckReport {
  /** Whether no step has failed. */
  ok: boolean
  steps: CheckStep[]
}
