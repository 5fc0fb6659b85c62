import type { Clock } from '../rooms/clock.js'

/** The application has not answered in time. */
export class TimeoutError extends Error {}

/** What the application answers, or a {@link TimeoutError} after so many ms: nobody waits for an answer that does not come. */
export function inTime<T> (answer: PromiseLike<T>, ms: number, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => reject(new TimeoutError('The answer took too long.')))
    Promise.resolve(answer).finally(() => clock.cancel(timer)).then(resolve, reject)
  })
}
