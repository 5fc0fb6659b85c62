// What of a message may be seen, and what of it may be handed on: pure functions.

/** What a text is replaced with. */
const STRUCK = '•••'

/** Whoever has one of these may take a seat, or use a server, in another's name. */
const SECRETS = /token|claim|credential|username|password/i

/** In a description or a candidate: what proves who is at the other end of a way (RFC 8839, sections 5.4 and 5.1). */
const PROOFS = /(ice-ufrag:|ice-pwd:|ufrag )\S+/g

/** A message without what proves anything. On a screen that is shared it may be seen. */
export function struck (value, key = '') {
  if (Array.isArray(value)) return value.map(each => struck(each, key))
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, struck(each, name)]))
  if (typeof value !== 'string' || value === '') return value
  if (SECRETS.test(key)) return STRUCK
  return value.replace(PROOFS, `$1${STRUCK}`)
}

/** A message for a report that is sent to somebody: without addresses, names of rooms and what the two say to each other either. */
export function reported (message) {
  const { sdp, candidate, streamId, data, ...rest } = struck(message)
  return {
    ...rest,
    ...typeof sdp === 'string' ? { sdp: [...sdp.matchAll(/^m=(\w+)|^a=(sendrecv|sendonly|recvonly|inactive)/gm)].map(([line]) => line.slice(2)).join(' ') } : {},
    ...typeof candidate === 'string' ? { candidate: /(udp|tcp)/i.exec(candidate)?.[0].toLowerCase().concat(' ', / typ (\w+)/.exec(candidate)?.[1] ?? '') ?? '' } : {},
    ...streamId === undefined ? {} : { streamId: STRUCK },
    ...data === undefined ? {} : { data: STRUCK }
  }
}

/**
 * What a message is, in a few words: its command, and what of it tells it from others of the command.
 *
 * @param {{ command: string, type?: string, definition?: string, candidate?: string }} message
 */
export function titleOf ({ command, type, definition, candidate }) {
  const kind = type ?? definition ?? (typeof candidate === 'string' ? / typ (\w+)/.exec(candidate)?.[1] : undefined)
  return [command, kind].filter(part => typeof part === 'string').join(' ')
}
