import type { AdaptorError, Device } from './client-errors.js'

/**
 * What the core asks of the guard where something has failed.
 *
 * @internal
 */
export interface Guarding {
  /** Camera and microphone could not be had together: asks for one after the other, and tells what is missing. */
  askForEach (error: unknown): Promise<void>
  /** The error for a failure of `getUserMedia`. */
  explain (error: unknown, device?: Device): AdaptorError
  /** The browser refuses the configuration: leaves out what it cannot use. Rejects with the error to tell where that is no server. */
  mend (error: unknown): Promise<void>
}

/** Loads the guard; `null` where it cannot be had. */
export type FindGuard = () => Promise<Guarding | null>
