import type { Heard } from './fakes/fake-link.js'

/** A frame in a few words. */
export function describe (message: Heard): string {
  const { n } = message as { n?: number }
  switch (message.command) {
    case 'takeConfiguration':
    case 'takeCandidate':
    case 'peerMessageCommand': return `relay ${message.streamId} ${n}`
    case 'start': return `start ${message.streamId}`
    case 'stop': return `stop ${message.streamId} ${message.reason ?? '-'}`
    case 'error': return `error ${message.definition} ${message.streamId ?? '-'}${message.retryAfter === undefined ? '' : ` ${message.retryAfter}`}`
    case 'notification': break
    default: return message.command
  }
  if ('resumed' in message) {
    const { streamId, peers, polite, resumeToken, resumed, received } = message
    return `joined ${streamId} ${peers} ${polite ? 'polite' : 'impolite'} ${resumeToken === undefined ? 'fleeting' : 'resumable'} ${resumed ? received : 'new'}`
  }
  if (message.definition === 'peerJoined') return `peerJoined ${message.streamId}`
  if ('data' in message) return `note ${message.streamId} ${String(message.data)}`
  if ('streamId' in message) return `${message.definition} ${message.streamId} ${'reason' in message ? String(message.reason) : '-'}`
  return message.definition
}
