/** A promise with its two ends in the hand. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve (value: T): void
  reject (reason: Error): void
}

/** `Promise.withResolvers` for browsers that came before it; never an unhandled rejection by itself. */
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
 * Keeps a rejection that nobody awaits from becoming an `unhandledrejection` event: pages written for
 * Ant Media's SDK never await, and are told of every error by `callbackError`.
 */
export function quiet<T> (promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}
