/** What a policy decides on. */
export interface ReconnectAttempt {
  /** How many attempts have failed since the connection was last stable; the first is 0. */
  attempt: number
  /** Milliseconds since the connection was lost, without those in which the page stood still or the machine slept. */
  elapsed: number
  /** A number from 0 to 1, so that clients do not come back all at once. */
  random: number
}

/** Says in how many ms to try again; `null` means stop trying. A pure function. */
export type ReconnectPolicy = (attempt: ReconnectAttempt) => number | null

const DELAYS = [0, 300, 1200, 2700, 4800, 7000] as const
const JITTER = 0.3
const GIVE_UP_AFTER = 10 * 60_000

/** At once, then after 300, 1200, 2700, 4800 and 7000 ms, each up to 30 % shorter; stops after ten minutes. */
export const reconnectPolicy: ReconnectPolicy = failed => {
  if (failed.elapsed >= GIVE_UP_AFTER) return null
  const delay = DELAYS[Math.min(failed.attempt, DELAYS.length - 1)] ?? 0
  return Math.round(delay * (1 - JITTER * failed.random))
}
