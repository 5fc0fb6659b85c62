/** Where the rooms get the time from, so that a test can move it. Milliseconds throughout. */
export interface Clock {
  /** A monotonic reading; only differences mean something. */
  now (): number
  /** Runs `task` once after `ms`; what it returns is handed to {@link Clock.cancel}. */
  after (ms: number, task: () => void): unknown
  cancel (timer: unknown): void
}

/** The machine's clock. Its timers never keep a process alive: whoever set one ends it, and an open socket does the rest. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, task) => setTimeout(task, ms).unref(),
  cancel: timer => clearTimeout(timer as NodeJS.Timeout)
}
