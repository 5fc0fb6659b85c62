import type { Announcer } from '../base/announcer.js'
import type { abortable, abortError } from '../base/abort.js'
import type { AdaptorError, browserError } from '../base/client-errors.js'
import type { Environment } from '../base/environment.js'
import type { Call } from '../call/call.js'
import type { CurrentSession } from '../call/current-session.js'
import type { Media } from '../media/media.js'
import type { StreamView } from '../media/stream-view.js'
import type { IceServers } from '../signalling/ice-servers.js'
import type { SignallingSession } from '../signalling/signalling-session.js'
import type { ExtraName } from './extra-methods.js'

/**
 * What a module that is loaded when used gets of the SDK. It takes nothing else of it but types, or it would carry a copy along.
 *
 * @internal
 */
export interface ExtraContext {
  readonly environment: Environment
  readonly media: Media
  readonly call: Call
  readonly current: CurrentSession
  /** What shows the other side. */
  readonly remote: StreamView
  readonly iceServers: IceServers
  readonly signalling: SignallingSession
  readonly announcer: Announcer
  /** Takes the lines of the debug log; `null` while it is off. */
  readonly debug: ((line: string) => void) | null
  /** The room that is joined. */
  room (): string | null
  /** The element that plays the other side. */
  remoteVideo (): HTMLMediaElement | null
  /** The class, since an error of a copy of it would be no AdaptorError to the application. */
  readonly AdaptorError: typeof AdaptorError
  /** Another part, loaded where it is not there yet. */
  part<T> (name: ExtraName): Promise<T>
  readonly browserError: typeof browserError
  readonly abortable: typeof abortable
  readonly abortError: typeof abortError
}

/**
 * What a module makes for one adaptor, beside its methods.
 *
 * @internal
 */
export interface Extra {
  /** The adaptor is closed: no timer, track or listener is left. */
  close (): void | Promise<void>
  /** Takes what came over the data channel, where the module is the one for it. */
  receive?: (data: unknown) => void
}

/** What a module exports as its default. */
export type CreateExtra<Methods> = (context: ExtraContext) => Methods & Extra
