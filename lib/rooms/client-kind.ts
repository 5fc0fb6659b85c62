import type { Join } from '../protocol/client-messages.js'

/**
 * The make of client on a seat, where it decides what the client may be told. Ant Media's native SDKs take the same
 * message in different ways, and nothing but the shape of their `join` tells them apart:
 *
 * - `android` sends `streamId` and `token`. At `stop` it closes its WebSocket.
 * - `ios` adds `video`, `audio` and `trackList`. At `stop` it drops its peer connection and takes no offer any more.
 * - `flutter` says that it wants to "play or both". At `stop` it hangs up, camera and microphone included; and when its own user
 *   hangs up it waits for one.
 * - `other` are browsers, React Native and GStreamer's client: they take `stop` and then `start` in one burst.
 */
export type ClientKind = 'android' | 'ios' | 'flutter' | 'other'

export function kindOf (join: Join): ClientKind {
  if (join.resume === true) return 'other'
  if (join.mode === 'play or both') return 'flutter'
  const extras = join as Record<string, unknown>
  if (Array.isArray(extras.trackList) || typeof extras.video === 'boolean') return 'ios'
  const bare = extras.mode === undefined && extras.multiPeer === undefined && extras.streamName === undefined
  return bare && typeof join.token === 'string' ? 'android' : 'other'
}

/**
 * Whether `stop` ends this client for good. Where somebody else sits down at once it hears `start` alone: Android and Flutter make a
 * new peer connection then, and iOS offers from the one that it has, which WebRTC's library takes for a new session (seen in Chromium).
 */
export function endsAtStop (kind: ClientKind): boolean {
  return kind !== 'other'
}
