import type { DisconnectReason, EventRecorder } from '../events.js'
import { CLOSE_CODES, type CloseReason } from '../protocol/codes.js'
import type { SafeLog } from './safe-log.js'

/** The codes of errors for which ws closes with another code than 1002. They are in the list of error codes in its documentation. */
const REASONS: Partial<Record<string, CloseReason>> = {
  WS_ERR_INVALID_UTF8: 'invalidText',
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 'policy',
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 'tooLarge',
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 'tooLarge'
}

interface EndedConnection {
  readonly app: string
  readonly id: string
  readonly log: SafeLog
}

/** The reason for which ws itself closes a connection after this error. */
export function reasonOfError (error: Error & { code?: string }): CloseReason {
  return REASONS[error.code ?? ''] ?? 'protocolError'
}

/**
 * Reports the end of a connection: one line in the log, and the event `disconnected`.
 *
 * @param reason why the server has ended it; null if the client did
 * @param code the close code according to ws: the client's, or 1006 without a close frame (RFC 6455, section 7.1.5)
 * @param duration how long it was open, in ms
 */
export function reportEnd (connection: EndedConnection, events: EventRecorder, reason: DisconnectReason | null, code: number, duration: number): void {
  // The server's own code holds, whatever the client answers, even if it was cut off afterwards.
  const closedBy = reason !== null && isCloseReason(reason) ? CLOSE_CODES[reason].code : code
  const why = reason ?? (code === 1006 ? 'lost' : 'client')
  const ms = Math.round(duration)
  connection.log.info({ code: closedBy, reason: why, duration: ms }, 'a connection is closed')
  events.disconnected(connection, closedBy, why, ms)
}

function isCloseReason (reason: DisconnectReason): reason is CloseReason {
  return reason in CLOSE_CODES
}
