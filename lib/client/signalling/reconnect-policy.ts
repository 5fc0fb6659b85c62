/** A failed attempt, on which a policy decides. */
export interface ReconnectAttempt {
  /** How many attempts had failed before this one since the connection was last stable. */
  attempt: number
  /** The time since the connection was lost, in ms. Time in which the page was frozen or the machine slept does not count. */
  elapsed: number
  /** A random number from 0 to 1, so that the clients of one server do not all come back at the same time. */
  random: number
}

/** Returns the delay before the next attempt, in ms, or null to stop. A pure function. */
export type ReconnectPolicy = (attempt: ReconnectAttempt) => number | null

const DELAYS = [0, 300, 1200, 2700, 4800, 7000] as const
const JITTER = 0.3
const GIVE_UP_AFTER = 10 * 60_000

/** The default policy: at once, then after 300, 1200, 2700, 4800 and 7000 ms, each up to 30 % less. It stops after ten minutes. */
export const reconnectPolicy: ReconnectPolicy = failed => {
  if (failed.elapsed >= GIVE_UP_AFTER) return null
  const delay = DELAYS[Math.min(failed.attempt, DELAYS.length - 1)] ?? 0
  return Math.round(delay * (1 - JITTER * failed.random))
}
