import type { DisconnectReason, EventRecorder } from '../events.js'
import { CLOSE_CODES, type CloseReason } from '../protocol/codes.js'
import type { SafeLog } from './safe-log.js'

/** The codes of ws's errors (its own public list), where ws closes by another code than 1002. */
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

/** Why ws closes a connection by itself after this error. */
export function reasonOfError (error: Error & { code?: string }): CloseReason {
  return REASONS[error.code ?? ''] ?? 'protocolError'
}

/**
 * Tells how a connection has ended: the log by one line for its whole life, and the listeners.
 *
 * @param reason why the server has ended it, where it did so before its client
 * @param code what ws says: the client's code, or 1006 without a close frame (RFC 6455 section 7.1.5)
 * @param duration in ms
 */
export function reportEnd (connection: EndedConnection, events: EventRecorder, reason: DisconnectReason | null, code: number, duration: number): void {
  // Ours holds, whatever the client answers, and though it may have been cut off after that.
  const closedBy = reason !== null && isCloseReason(reason) ? CLOSE_CODES[reason].code : code
  const why = reason ?? (code === 1006 ? 'lost' : 'client')
  const ms = Math.round(duration)
  connection.log.info({ code: closedBy, reason: why, duration: ms }, 'a connection is closed')
  events.disconnected(connection, closedBy, why, ms)
}

function isCloseReason (reason: DisconnectReason): reason is CloseReason {
  return reason in CLOSE_CODES
}
