import type { ClientOptions } from 'ws'

/** The native clients of design notes and issue: Ant Media's own, and one for GStreamer. */
export type NativeName = 'Android' | 'iOS' | 'Flutter' | 'GStreamer' | 'React Native on Android' | 'React Native on iOS'

/** A WebSocket handshake as far as the client chooses it; nothing else is in it but what RFC 6455 section 4.1 asks for. */
export interface Handshake {
  headers: Record<string, string>
  protocols: string[]
  /** Whether it offers permessage-deflate. */
  deflate: boolean
}

/** The headers of each client's handshake with a server at `host`, read from the sources of their WebSocket libraries. */
export function handshakeOf (client: NativeName, host: string): Handshake {
  const [name = host] = host.split(':')
  const plain = { protocols: [], deflate: false }
  switch (client) {
    // Ant Media's copy of autobahn: this Origin always, and no port in Host.
    case 'Android': return { ...plain, headers: { host: name, origin: 'https://www.google.com' } }
    // Starscream writes its own address.
    case 'iOS': return { ...plain, headers: { host, origin: `ws://${host}` } }
    // Dart's HttpClient.
    case 'Flutter': return { ...plain, headers: { host, 'user-agent': 'Dart/3.5 (dart:io)', 'cache-control': 'no-cache', 'accept-encoding': 'gzip' }, deflate: true }
    case 'GStreamer': return { headers: { host, origin: `ws://${name}` }, protocols: ['chat', 'superchat'], deflate: false }
    // OkHttp.
    case 'React Native on Android': return { ...plain, headers: { host, origin: `http://${host}`, 'user-agent': 'okhttp/4.9.2', 'accept-encoding': 'gzip' }, deflate: true }
    // SocketRocket.
    case 'React Native on iOS': return { ...plain, headers: { host, origin: `http://${host}` } }
  }
}

export const NATIVE_NAMES: readonly NativeName[] = ['Android', 'iOS', 'Flutter', 'GStreamer', 'React Native on Android', 'React Native on iOS']

/** The same for `ws`, which adds nothing but what the protocol needs. */
export function wsOptions ({ headers, deflate }: Handshake): ClientOptions {
  return { headers, perMessageDeflate: deflate }
}
