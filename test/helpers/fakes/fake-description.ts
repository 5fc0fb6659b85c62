export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'
/** What `setLocalDescription` and `setRemoteDescription` take. */
export interface Description { type: string, sdp: string }
export interface Section { kind: string, mid: string, direction: Direction }
/** What a fake's SDP says. */
export interface ParsedDescription { origin: string, version: number, ufrag: string, answers: string | null, data: boolean, sections: Section[] }

export const sends = (direction: Direction | null) => direction === 'sendrecv' || direction === 'sendonly'
export const receives = (direction: Direction | null) => direction === 'sendrecv' || direction === 'recvonly'
const directionOf = (send: boolean, receive: boolean): Direction => send ? receive ? 'sendrecv' : 'sendonly' : receive ? 'recvonly' : 'inactive'
export const turned = (direction: Direction) => directionOf(receives(direction), sends(direction))
export const both = (one: Direction, two: Direction) => directionOf(sends(one) && sends(two), receives(one) && receives(two))

/** What a description says. */
export function parse (sdp: string): ParsedDescription {
  const [, origin = '', version = '0'] = /^o=- (\S+) (\d+)/m.exec(sdp) ?? []
  return {
    origin,
    version: Number(version),
    ufrag: /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1] ?? '',
    answers: /^a=answers:(\S+)/m.exec(sdp)?.[1] ?? null,
    data: /^a=data/m.test(sdp),
    sections: [...sdp.matchAll(/^m=(\S+) (\S+) (\S+)/mg)].map(([, kind = '', mid = '', direction]) => ({ kind, mid, direction: direction as Direction }))
  }
}
