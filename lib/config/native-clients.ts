import type { IncomingHttpHeaders } from 'node:http'

/**
 * Tells a native client's handshake from that of a page.
 *
 * A page cannot choose its `Origin`, nor leave out any header that its browser adds to a WebSocket handshake
 * (WHATWG WebSockets and Fetch; the constructor takes sub-protocols alone). So a client that bears none of a browser's headers is
 * no browser. Each header is asked for, since a proxy may take away one, or some.
 */

/**
 * Origins that native libraries write by themselves, whatever the app: Android's (autobahn) bears this one, always. iOS's
 * (Starscream) and GStreamer's (librws) write the server's address as `ws:` or `wss:`, which is the origin of no page.
 */
const LIBRARY_ORIGINS: readonly string[] = ['https://www.google.com']
const SOCKET_ORIGIN = /^wss?:\/\//i

/** The header of the web's own that browsers add for the server to tell where a request comes from, and about themselves. */
const BROWSER_PREFIXES = ['sec-fetch-', 'sec-ch-', 'sec-gpc']

/**
 * Headers that are in every browser's handshake, or that a browser adds by itself from what it has stored. No native client that
 * is let in for its `Origin` sends one of them.
 */
const BROWSER_HEADERS = [
  // An attack from another site lives on these two: who sends them is held to the rule for pages, whatever else it looks like.
  'cookie', 'authorization',
  'accept-language', 'cache-control', 'pragma', 'referer', 'dnt', 'upgrade-insecure-requests'
]

/** React Native's library on Android (OkHttp) names itself; the others of our table send no `User-Agent`. Every browser does. */
const NATIVE_AGENT = /^okhttp\//i
const BROWSER_AGENT = /^(mozilla|opera)\//i

/** Whether anything about the handshake says that a browser made it. */
export function hasBrowserMark (headers: IncomingHttpHeaders): boolean {
  const agent = headers['user-agent']
  if (agent !== undefined && !NATIVE_AGENT.test(agent)) return true
  // Every browser takes `deflate`; OkHttp says `gzip`, and so do proxies of their own accord, some with `br`.
  if (headers['accept-encoding']?.toString().includes('deflate') === true) return true
  if (BROWSER_HEADERS.some(name => headers[name] !== undefined)) return true
  return Object.keys(headers).some(name => BROWSER_PREFIXES.some(prefix => name.startsWith(prefix)))
}

/** Whether the `Origin` is one that no page has, or that a native library is known to write. */
export function isLibraryOrigin (origin: string): boolean {
  return SOCKET_ORIGIN.test(origin) || LIBRARY_ORIGINS.includes(origin)
}

/**
 * Whether a handshake without an `Origin` comes from a browser all the same: a proxy has taken the header away, and with it what
 * keeps other sites' pages out. A cookie says so alone, since some proxies pass nothing else on (`@fastify/http-proxy`), and since it
 * is what the attack from another site lives on. Of the rest two marks are asked for, as apps borrow a browser's `User-Agent`.
 */
export function hasLostItsOrigin (headers: IncomingHttpHeaders): boolean {
  if (headers.cookie !== undefined) return true
  return BROWSER_AGENT.test(headers['user-agent'] ?? '') && hasBrowserMark({ ...headers, 'user-agent': undefined })
}
