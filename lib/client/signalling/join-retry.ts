import type { AdaptorError } from '../base/client-errors.js'

/**
 * Runs a refused command again, later. The guard has it; without it a refusal is final.
 *
 * @internal
 */
export interface JoinRetry {
  /** Whether a command waits. */
  readonly running: boolean
  /**
   * Runs `task` later, where this refusal of a `join` may end. Returns `null`, and never runs it, where it does not, or the policy stops;
   * otherwise whether a seat that is held may still be there.
   */
  later (error: AdaptorError, task: () => void): boolean | null
  /** Runs `task` later, no matter how often it was tried. */
  always (error: AdaptorError, task: () => void): void
  /** Forgets the command that waits. */
  stop (): void
  /** The next refusal counts as the first. */
  reset (): void
}
