import { guarded } from './emitter.js'
import { quiet } from './deferred.js'
import type { AdaptorError } from './client-errors.js'
import type { AdaptorEvents, CallbackArguments, CallbackEvents, CallbackName } from './client-events.js'
import type { WebRTCAdaptorOptions } from './client-options.js'

/** Notifications that the SDK announces itself; all others go to the application by their `definition`. */
const ANNOUNCED_ELSEWHERE: readonly unknown[] = ['joined', 'leaved', 'initialized', 'closed', 'reconnecting', 'reconnected']

type Emit = <K extends keyof AdaptorEvents> (name: K, payload: AdaptorEvents[K]) => void

/** Tells the application what happens, by its callbacks and by events. */
export class Announcer {
  readonly #options: Pick<WebRTCAdaptorOptions, 'callback' | 'callbackError'>
  readonly #emit: Emit
  #last: AdaptorError | null = null

  constructor (options: Pick<WebRTCAdaptorOptions, 'callback' | 'callbackError'>, emit: Emit) {
    this.#options = options
    this.#emit = emit
  }

  tell<K extends CallbackName> (name: K, payload: CallbackEvents[K]): void {
    const { callback } = this.#options
    if (callback !== undefined) guarded(() => (callback as (...told: CallbackArguments) => void)(...[name, payload] as CallbackArguments))
    this.#emit(name, payload as AdaptorEvents[K])
  }

  /** Tells of a notification of the server, by its own name as well. */
  notify (notification: CallbackEvents['notification']): void {
    this.#emit('notification', notification)
    if (!ANNOUNCED_ELSEWHERE.includes(notification.definition)) this.tell(notification.definition as 'notification', notification)
  }

  /** Once for each error, whoever comes upon it. */
  report (error: AdaptorError): void {
    if (error === this.#last) return
    this.#last = error
    const { callbackError } = this.#options
    if (callbackError !== undefined) guarded(() => callbackError(error.name, error))
    this.#emit('error', error)
  }

  /** Reports the error and rejects with it. */
  fail<T> (error: AdaptorError): Promise<T> {
    this.report(error)
    return quiet(Promise.reject(error))
  }
}
