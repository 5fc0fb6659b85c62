import type { Clock } from '../rooms/clock.js'

/** The error of an application that has not answered in time. */
export class TimeoutError extends Error {}

/** Resolves or rejects like `answer`. Rejects with a {@link TimeoutError} if that takes longer than `ms`. */
export function inTime<T> (answer: PromiseLike<T>, ms: number, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => reject(new TimeoutError('The answer took too long.')))
    Promise.resolve(answer).finally(() => clock.cancel(timer)).then(resolve, reject)
  })
}
