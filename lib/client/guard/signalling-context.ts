import type { Announcer } from '../base/announcer.js'
import type { AdaptorError } from '../base/client-errors.js'
import type { Environment } from '../base/environment.js'
import type { SignallingSession } from '../signalling/signalling-session.js'

/**
 * What the guard of the signalling needs of the SDK.
 *
 * @internal
 */
export interface SignallingContext {
  readonly environment: Environment
  readonly signalling: SignallingSession
  readonly AdaptorError: typeof AdaptorError
  readonly announcer: Pick<Announcer, 'report'>
}
