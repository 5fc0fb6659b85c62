import type { AdaptorError, Device, MediaErrorName } from '../base/client-errors.js'
import type { ExtraContext } from './extra.js'

const MEDIA_ERRORS: Record<MediaErrorName, true> = {
  AbortError: true,
  NotAllowedError: true,
  NotFoundError: true,
  NotReadableError: true,
  OverconstrainedError: true,
  SecurityError: true,
  TypeError: true,
  PermissionDeniedError: true,
  PermissionDismissedError: true,
  DevicesNotFoundError: true,
  TrackStartError: true,
  ConstraintNotSatisfiedError: true
}

/** Makes the error for a failure of `getUserMedia`. A name that Media Capture does not list becomes its `AbortError`: another problem with the device. */
export function mediaError ({ AdaptorError, browserError }: Pick<ExtraContext, 'AdaptorError' | 'browserError'>, error: unknown, device?: Device): AdaptorError {
  const { name, message } = browserError(error)
  return new AdaptorError(name in MEDIA_ERRORS ? name : 'AbortError', message, { device, cause: error })
}
