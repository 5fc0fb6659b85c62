/**
 * A timer that runs beside what is measured, in the same event loop. A busy machine is late for both, so whichever
 * comes first says something where a reading of the clock would not. It keeps no process alive.
 */
export interface BesideTimer {
  /** Whether it is over. */
  readonly fired: boolean
}

export function timer (ms: number): BesideTimer {
  const state = { fired: false }
  setTimeout(() => { state.fired = true }, ms).unref()
  return state
}
