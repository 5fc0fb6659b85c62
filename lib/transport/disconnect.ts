import type { DisconnectReason } from '../events.js'
import { CLOSE_CODES, type CloseReason } from '../protocol/codes.js'

/** The codes of ws's errors (its own public list), where ws closes by another code than 1002. */
const REASONS: Partial<Record<string, CloseReason>> = {
  WS_ERR_INVALID_UTF8: 'invalidText',
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 'policy',
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 'tooLarge',
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 'tooLarge'
}

/** Why ws closes a connection by itself after this error. */
export function reasonOfError (error: Error & { code?: string }): CloseReason {
  return REASONS[error.code ?? ''] ?? 'protocolError'
}

/**
 * How a connection has ended.
 *
 * @param reason why the server has ended it, where it did so before its client
 * @param code what ws says: the client's code, or 1006 without a close frame (RFC 6455 section 7.1.5)
 */
export function describeEnd (reason: DisconnectReason | null, code: number): { code: number, reason: DisconnectReason } {
  if (reason === null) return { code, reason: code === 1006 ? 'lost' : 'client' }
  // Ours holds, whatever the client answers, and though it may have been cut off after that.
  return { code: isCloseReason(reason) ? CLOSE_CODES[reason].code : code, reason }
}

function isCloseReason (reason: DisconnectReason): reason is CloseReason {
  return reason in CLOSE_CODES
}
