/**
 * A promise, and the functions that resolve and reject it.
 *
 * @internal
 */
export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve (value: T): void
  reject (reason: Error): void
}

/** Makes a promise with its functions, as `Promise.withResolvers` does in newer browsers (Chromium 119, Safari 17.4). It is {@link quiet}. */
export function deferred<T> (): Deferred<T> {
  let resolve!: (value: T) => void
  let reject!: (reason: Error) => void
  const promise = quiet(new Promise<T>((_resolve, _reject) => {
    resolve = _resolve
    reject = _reject
  }))
  return { promise, resolve, reject }
}

/**
 * Keeps a rejection that nobody handles from becoming an `unhandledrejection` event. Pages written for Ant Media's SDK do not await its
 * promises, and are told every error by `callbackError`.
 */
export function quiet<T> (promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}
