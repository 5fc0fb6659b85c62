import type { Kind } from '../media/local-track.js'
import { KINDS } from './transceivers.js'

/** The `sess-id` of the `o=` line: the same in all descriptions of one RTCPeerConnection (RFC 9429, section 5.2.2). */
export function originOf (sdp: string): string {
  return /^o=\S+ (\S+)/m.exec(sdp)?.[1] ?? ''
}

/** The order in which a description has its sections. */
export function orderOf (sdp: string): readonly Kind[] {
  const found = [...sdp.matchAll(/^m=(audio|video) /mg)].map(([, kind]) => kind as Kind)
  return [...new Set([...found, ...KINDS])]
}
