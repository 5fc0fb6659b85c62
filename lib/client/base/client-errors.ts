import type { ErrorDefinition } from '../../protocol/codes.js'
import { numberOf, textOf, type Frame } from '../signalling/frames.js'

/** The names of the errors of `getUserMedia` (W3C Media Capture, section 9.2), and the names that older browsers use for them. */
export type MediaErrorName =
  | 'AbortError' | 'NotAllowedError' | 'NotFoundError' | 'NotReadableError' | 'OverconstrainedError' | 'SecurityError' | 'TypeError'
  | 'PermissionDeniedError' | 'PermissionDismissedError' | 'DevicesNotFoundError' | 'TrackStartError' | 'ConstraintNotSatisfiedError'

/** The device that an error concerns. An error that concerns both names none. */
export type Device = 'camera' | 'microphone'

/** The names of the SDK's own errors. */
export type AdaptorErrorName =
  /** There is no connection to the server, and none is coming unless you `join` again. */
  | 'WebSocketNotConnected'
  /** The other side's session description could not be used. The name is Ant Media's. */
  | 'notSetRemoteDescription'
  /** The two peers have found no connection to each other for 20 s. The SDK goes on trying, more and more slowly. */
  | 'peerConnectionFailed'
  /** The other side is in the room and has not answered our offer for 20 s. The SDK goes on trying, more and more slowly. */
  | 'offerUnanswered'
  /** A STUN or TURN server cannot be used, for example because it has no credentials. It is left out, and the call goes on. */
  | 'invalidIceServer'
  /** The browser refused an operation that the call needs; `cause` is the browser's own error. */
  | 'OperationError'
  /** A part of the SDK that is loaded when it is used could not be loaded; `cause` is the browser's own error. */
  | 'moduleNotLoaded'
  /** The person was asked what to share of the screen, and chose nothing, or the browser or system does not allow it. */
  | 'ScreenSharePermissionDenied'
  /** The other side told another number for the `verificationCode` than it had committed itself to. This connection gets no code. */
  | 'verificationFailed'
  /** More messages wait for the connection than the SDK keeps. */
  | 'QuotaExceededError'
  /** `InvalidStateError`: the adaptor is closed. `SyntaxError`: an option is not valid. */
  | 'InvalidStateError' | 'SyntaxError'
  /** Thrown by `new WebRTCAdaptor()` where there is no WebRTC: on a server (Node.js, server-side rendering), in a worker, or in a browser without it. */
  | 'NotSupportedError'

/** Every name that `callbackError` may be called with: a browser's, the SDK's, or a `definition` of the server. */
export type ErrorName = MediaErrorName | AdaptorErrorName | ErrorDefinition

/** What `callbackError` gets as its second argument, and what promises are rejected with. */
export class AdaptorError extends Error {
  override readonly name: string
  /** The room, if the server named one. */
  readonly streamId: string | undefined
  /** The time after which it is worth trying again, in ms, if the server has said so. */
  readonly retryAfter: number | undefined
  /** The device that failed, if the other one did not, or failed for another reason. */
  readonly device: Device | undefined

  constructor (
    name: ErrorName | (string & {}), message: string,
    more: { streamId?: unknown, retryAfter?: unknown, device?: Device | undefined, cause?: unknown } = {}
  ) {
    super(message)
    this.name = name
    this.device = more.device
    this.streamId = textOf(more.streamId)
    this.retryAfter = numberOf(more.retryAfter)
    // Safari 14 ignores the second argument of Error.
    if (more.cause !== undefined) this.cause = more.cause
  }

  /** The same as `name`. Errors on the wire have it under `definition`. */
  get definition (): string {
    return this.name
  }
}

/** Makes the error for an `error` of the server. */
export function wireError (frame: Frame): AdaptorError {
  const definition = textOf(frame.definition) ?? 'internalError'
  return new AdaptorError(definition, textOf(frame.message) ?? definition, {
    streamId: frame.streamId,
    retryAfter: frame.retryAfter
  })
}

/** Makes the error for anything that a browser has thrown, with the browser's name for it. */
export function browserError (error: unknown): AdaptorError {
  if (error instanceof AdaptorError) return error
  if (typeof error !== 'object' || error === null) return new AdaptorError('AbortError', String(error))
  const thrown = error as { name?: unknown, message?: unknown }
  return new AdaptorError(textOf(thrown.name) ?? 'AbortError', textOf(thrown.message) ?? '', { cause: error })
}

/** Makes the error for a failure of an RTCPeerConnection: always `OperationError`. Browsers use a dozen names for these, and none is documented. */
export function callError (error: unknown): AdaptorError {
  return error instanceof AdaptorError ? error : new AdaptorError('OperationError', browserError(error).message, { cause: error })
}
