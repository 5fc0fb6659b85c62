import { AdaptorError } from './client-errors.js'

/** How something is waited for. */
export interface WaitOptions {
  /** Ends the waiting: the promise rejects with an `AbortError`, whose `cause` is the signal's reason. */
  signal?: AbortSignal | undefined
}

/** How a seat is waited for, and asked for. */
export interface JoinOptions extends WaitOptions {
  /** Sent with `join`, for the server's `authorize` option. @default the option `token` */
  token?: string | null | undefined
}

/** What a promise rejects with when its signal has aborted. */
export function abortError ({ reason }: AbortSignal): AdaptorError {
  return new AdaptorError('AbortError', 'Its signal was aborted.', { cause: reason })
}

/** The same promise, which rejects at once when `signal` aborts, after `cancel` was called with the error. */
export function abortable<T> (promise: Promise<T>, signal: AbortSignal | undefined, cancel: (error: AdaptorError) => void): Promise<T> {
  if (signal === undefined) return promise
  return new Promise<T>((resolve, reject) => {
    const handleAbort = () => {
      const error = abortError(signal)
      cancel(error)
      reject(error)
    }
    signal.addEventListener('abort', handleAbort)
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', handleAbort))
  })
}
