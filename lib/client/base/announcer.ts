import { guarded } from './emitter.js'
import { quiet } from './deferred.js'
import type { AdaptorError } from './client-errors.js'
import type { AdaptorEvents, Callback, CallbackArguments, CallbackEvents, CallbackName, ErrorCallback } from './client-events.js'
import type { WebRTCAdaptorOptions } from './client-options.js'

/** The definitions of notifications that the SDK announces by itself. All others are passed to the application by their `definition`. */
const ANNOUNCED_ELSEWHERE: readonly unknown[] = ['joined', 'leaved', 'initialized', 'closed', 'reconnecting', 'reconnected']

type Emit = <K extends keyof AdaptorEvents> (name: K, payload: AdaptorEvents[K]) => void

/** Tells the application what happens, by `callback`, `callbackError` and events. */
export class Announcer {
  /** Called for everything that happens, and for each error: those of the options, and those that were added. */
  readonly listeners: Callback[] = []
  readonly errorListeners: ErrorCallback[] = []
  readonly #emit: Emit
  #last: AdaptorError | null = null

  constructor ({ callback, callbackError }: Pick<WebRTCAdaptorOptions, 'callback' | 'callbackError'>, emit: Emit) {
    if (callback !== undefined) this.listeners.push(callback)
    if (callbackError !== undefined) this.errorListeners.push(callbackError)
    this.#emit = emit
  }

  /** Calls `callback` and emits the event of this name. */
  tell<K extends CallbackName> (name: K, payload: CallbackEvents[K]): void {
    for (const listener of [...this.listeners]) guarded(() => (listener as (...told: CallbackArguments) => void)(...[name, payload] as CallbackArguments))
    this.#emit(name, payload as AdaptorEvents[K])
  }

  /** Emits `notification`, and tells the notification by its own `definition`, unless the SDK announces that by itself. */
  notify (notification: CallbackEvents['notification']): void {
    this.#emit('notification', notification)
    if (!ANNOUNCED_ELSEWHERE.includes(notification.definition)) this.tell(notification.definition as 'notification', notification)
  }

  /** Tells an error once, even if several parts of the SDK report the same one in succession. */
  report (error: AdaptorError): void {
    if (error === this.#last) return
    this.#last = error
    for (const listener of [...this.errorListeners]) guarded(() => listener(error.name, error))
    this.#emit('error', error)
  }

  /** Tells an error and returns a promise that rejects with it. */
  fail<T> (error: AdaptorError): Promise<T> {
    this.report(error)
    return quiet(Promise.reject(error))
  }
}
