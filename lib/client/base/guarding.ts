import type { AdaptorError, Device } from './client-errors.js'

/** A join of the application: messages that were said in it are sent in no other one. */
export type Intent = object

/**
 * What the core asks of the guard: to send messages of the application, and to help where something has failed.
 *
 * @internal
 */
export interface Guarding {
  /**
   * Sends a message that was said in `room`, with `data` as JSON. What it throws is an error to be told; what `sent` rejects with was told, or
   * is the application's own doing.
   *
   * @param intent the join in which it was said; null where there was none
   */
  say (intent: Intent | null, room: string | null | undefined, definition: string, data: unknown, signal: AbortSignal | undefined): { sent: Promise<void> }
  /** Camera and microphone could not be had together: asks for one after the other, and tells what is missing. */
  askForEach (error: unknown): Promise<void>
  /** The error for a failure of `getUserMedia`. */
  explain (error: unknown, device?: Device): AdaptorError
  /** The browser refuses the configuration: leaves out what it cannot use. Rejects with the error to tell where that is no server. */
  mend (error: unknown): Promise<void>
}

/** Loads the guard; `null` where it cannot be had. */
export type FindGuard = () => Promise<Guarding | null>
