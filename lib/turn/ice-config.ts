import type { IceServer, IceServerConfig } from '../protocol/server-messages.js'
import type { TurnCredentials } from './credentials.js'

export interface IceConfigParts {
  /** What the `iceServers` option says, in the operator's order. */
  iceServers: readonly IceServer[]
  /** A TURN server and the credentials of this one peer. */
  turn?: TurnCredentials & { urls: string | readonly string[] }
}

/**
 * The answer to `getIceServerConfig`.
 *
 * `iceServers` has everything, for clients that hand it to RTCPeerConnection. The three older fields have room for
 * one server, and Ant Media's clients take it for TURN where it begins with `turn:`, for STUN where it begins with
 * `stun:`, and keep what they have built in where it begins with anything else or is empty. So the first usable
 * `turn:` URL is named, else the first `stun:` URL, else none; `turns:` and `stuns:` never, they would be lost. TURN
 * without both a username and a credential is skipped: RTCPeerConnection throws on it (W3C WebRTC 1.0, section 4.2.4).
 */
export function buildIceServerConfig ({ iceServers, turn }: IceConfigParts): IceServerConfig {
  const issued = turn && { urls: [turn.urls].flat(), username: turn.username, credential: turn.credential }
  const legacy = legacyServer(issued ? [issued, ...iceServers] : iceServers)
  return {
    command: 'iceServerConfig',
    stunServerUri: legacy.url,
    turnServerUsername: legacy.username,
    turnServerCredential: legacy.credential,
    iceServers: issued ? [...iceServers, issued] : [...iceServers],
    ...(turn && { ttl: turn.ttl })
  }
}

function legacyServer (servers: readonly IceServer[]): { url: string, username: string, credential: string } {
  for (const { urls, username, credential } of servers) {
    const url = findScheme(urls, 'turn:')
    if (url !== undefined && username && credential) return { url, username, credential }
  }
  for (const { urls } of servers) {
    const url = findScheme(urls, 'stun:')
    if (url !== undefined) return { url, username: '', credential: '' }
  }
  return { url: '', username: '', credential: '' }
}

function findScheme (urls: string | readonly string[], scheme: string): string | undefined {
  return [urls].flat().find(url => url.startsWith(scheme))
}
