import type { ErrorDefinition } from '../protocol/codes.js'

/** Why something is refused, as the `error` on the wire says it. */
export interface Refusal {
  refused: ErrorDefinition
  /** One sentence for a developer. By default what the definition means. */
  message?: string
  /** The time after which to try again, in ms. */
  retryAfter?: number
}
