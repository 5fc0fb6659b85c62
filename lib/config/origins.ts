import type { FastifyRequest } from 'fastify'
import { hasBrowserMark, hasLostItsOrigin, isLibraryOrigin } from './native-clients.js'

/**
 * Which pages may open a socket.
 *
 * - absent, or `'self'` in a list: the page's host name must equal the request's.
 * - a list: exactly its entries; write `'self'` into it to keep the default beside them.
 * - `'*'`: every page, even one whose origin is opaque (`null`).
 */
export type OriginsOption = '*' | string | RegExp | ReadonlyArray<string | RegExp> |
  ((origin: string, request: FastifyRequest) => boolean | Promise<boolean>)

interface Origin {
  /** `scheme://host[:port]`, in lower case, without the scheme's default port. */
  serialized: string
  /** `host[:port]`. */
  host: string
  /** The host name alone, IPv6 in its brackets, without a trailing dot. */
  name: string
  scheme: string
}

type Rule = (origin: Origin | 'null', request: FastifyRequest) => boolean

// An ASCII-serialised origin (RFC 6454 section 6.2) has no path, no query and no user. URL would accept all three.
const ORIGIN_SHAPE = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\\\s]+$/i

/**
 * Compiles the `allowedOrigins` option to the question asked before each upgrade.
 *
 * A browser sends its page's origin with every WebSocket handshake and the page cannot change it (RFC 6455 section
 * 10.2), so this is what keeps another site's page from using the visitor's cookies here. Anything that is not a
 * browser can send what it likes: this is no replacement for authentication.
 *
 * The rules:
 *
 * - A native client passes, whatever the option says, unless `nativeClients` is false: see {@link isNative}. What `nativeClients:
 *   false` takes away is the handshake without an `Origin`, and those that only a library writes.
 * - By default the host name of the page must equal `request.hostname`, which respects `trustProxy`. Ports, and http
 *   against https, may differ; case and a trailing dot do not matter. This does not stop DNS rebinding, where a
 *   foreign name is made to point at this server; a list does.
 * - `Origin: null` (a sandboxed frame, a `file:` page) and a header that is no origin are refused. The list entry
 *   `'null'` lets the first in, `'*'` both.
 * - `'https://app.example.com'`, `'http://localhost:3000'`, `'capacitor://localhost'`: that origin, with that port or
 *   the scheme's default.
 * - `'app.example.com'`: that host name, http or https, any port.
 * - `'*.example.com'`, `'https://*.example.com:8443'`: every name under it, at any depth, but not `example.com` itself.
 * - A RegExp is tested on the whole origin in lower case, without a default port: anchor it at both ends. The flags
 *   `g` and `y` keep no state from one request to the next.
 * - A function gets the header as it was sent and decides alone about pages; only `true`, or a promise of it, lets the page in.
 *   What it throws is the caller's to answer.
 *
 * @throws TypeError where an entry is of the wrong type or can match no origin, so that a slip shows at start-up.
 */
export function compileOrigins (option: OriginsOption | undefined, nativeClients = true): (request: FastifyRequest) => boolean | Promise<boolean> {
  const pages = compilePages(option)
  // React Native writes the server's own address. A function is told of that as of a page's.
  const ownIsNative = typeof option !== 'function'
  return request => {
    const header = originHeader(request)
    if (nativeClients && isNative(header, request, ownIsNative)) return true
    return header !== undefined && pages(header, request)
  }
}

/**
 * Whether a handshake comes from a native client, as far as anybody can tell: it has no `Origin`, or one that native libraries
 * write, and bears no mark of a browser.
 */
function isNative (header: string | undefined, request: FastifyRequest, ownIsNative: boolean): boolean {
  if (header === undefined) return !hasLostItsOrigin(request.headers)
  if (hasBrowserMark(request.headers)) return false
  if (isLibraryOrigin(header)) return true
  const origin = ownIsNative ? parseOrigin(header) : null
  return origin !== null && sameHostName(origin, request)
}

function compilePages (option: OriginsOption | undefined): (header: string, request: FastifyRequest) => boolean | Promise<boolean> {
  if (typeof option === 'function') return askFunction(option)
  const entries = option === undefined ? ['self'] : Array.isArray(option) ? option : [option]
  if (entries.includes('*')) return () => true
  const rules = entries.map(compileRule)
  return (header, request) => {
    const origin = header === 'null' ? header : parseOrigin(header)
    return origin !== null && rules.some(rule => rule(origin, request))
  }
}

function askFunction (option: (origin: string, request: FastifyRequest) => unknown) {
  return (header: string, request: FastifyRequest): boolean | Promise<boolean> => {
    const answer = option(header, request)
    // Whatever can be awaited: a database's query is often a thenable and no Promise.
    return isThenable(answer) ? Promise.resolve(answer).then(value => value === true) : answer === true
  }
}

/** Whether something can be awaited, whoever made it. */
export function isThenable<T> (value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/** `Sec-WebSocket-Origin` is what the drafts before RFC 6455 called it; ws still takes their version 8. */
function originHeader (request: FastifyRequest): string | undefined {
  return request.headers.origin ?? request.headers['sec-websocket-origin']?.toString()
}

function compileRule (entry: unknown): Rule {
  if (entry instanceof RegExp) return patternRule(entry)
  if (typeof entry !== 'string') throw new TypeError(`An allowed origin must be a string or a RegExp, not ${typeof entry}.`)
  if (entry === 'self') return sameHostName
  if (entry === 'null') return origin => origin === 'null'
  const rule = stringRule(entry.replace(/\/$/, ''))
  if (rule === null) throw new TypeError(`The allowed origin "${entry}" is neither an origin (https://app.example.com), nor a host name (app.example.com), nor a pattern of the kind *.example.com.`)
  return rule
}

function sameHostName (origin: Origin | 'null', request: FastifyRequest): boolean {
  return origin !== 'null' && isWeb(origin) && origin.name === parseHost(request.hostname)?.name
}

function patternRule (pattern: RegExp): Rule {
  // Our own copy: nobody else moves its lastIndex, and we move nobody's.
  const own = new RegExp(pattern)
  return origin => {
    own.lastIndex = 0
    return own.test(origin === 'null' ? origin : origin.serialized)
  }
}

function stringRule (entry: string): Rule | null {
  const [, scheme, wildcard, rest] = /^([a-z][a-z0-9+.-]*:\/\/)?(\*\.)?(.+)$/is.exec(entry) ?? []
  if (rest === undefined || rest.includes('*')) return null
  if (scheme !== undefined) {
    const wanted = parseOrigin(scheme + rest)
    if (wanted === null) return null
    if (wildcard === undefined) return origin => origin !== 'null' && origin.serialized === wanted.serialized
    return origin => origin !== 'null' && origin.scheme === wanted.scheme && origin.host.endsWith(`.${wanted.host}`)
  }
  // A port here would have to be matched against two schemes' defaults; who means one port writes the origin out.
  const wanted = /:\d*$/.test(rest) ? null : parseHost(rest)
  if (wanted === null) return null
  if (wildcard === undefined) return origin => origin !== 'null' && isWeb(origin) && origin.name === wanted.name
  return origin => origin !== 'null' && isWeb(origin) && origin.name.endsWith(`.${wanted.name}`)
}

function isWeb (origin: Origin): boolean {
  return origin.scheme === 'https:' || origin.scheme === 'http:'
}

function parseHost (host: string): Origin | null {
  return parseOrigin(`http://${host}`)
}

function parseOrigin (text: string): Origin | null {
  if (!ORIGIN_SHAPE.test(text) || !URL.canParse(text)) return null
  const url = new URL(text)
  const scheme = url.protocol
  // Schemes that URL does not know keep the case in which they came (capacitor://LOCALHOST).
  const name = url.hostname.toLowerCase().replace(/\.$/, '')
  // URL lets empty labels through; no page has such a name, and '.example.com' in a list is a slip for '*.example.com'.
  if (name.split('.').includes('')) return null
  const host = url.port === '' ? name : `${name}:${url.port}`
  return { serialized: `${scheme}//${host}`, host, name, scheme }
}
