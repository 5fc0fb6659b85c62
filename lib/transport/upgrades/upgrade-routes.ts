import type { FastifyInstance } from 'fastify'
import type { IncomingMessage } from 'node:http'
import { rewriteUrlOf, type UpgradeVerdict } from '../internals.js'

interface Pattern {
  parts: string[]
  parametric: boolean
  webSocket: boolean
  constraints: Record<string, unknown>
}

/** The options of Fastify's router that decide which addresses are the same. */
interface Config {
  caseSensitive?: boolean
  ignoreTrailingSlash?: boolean
  ignoreDuplicateSlashes?: boolean
  useSemicolonDelimiter?: boolean
}

/**
 * Decides which upgrades are for the plugin's routes in one Fastify app. The router only answers that by running the route, which is too late: an
 * upgrade for somebody else must reach its listener untouched.
 */
export class UpgradeRoutes {
  readonly #fastify: FastifyInstance
  readonly #patterns = new Map<string, Pattern>()
  readonly #folded: (part: string) => string
  readonly #config: Config
  readonly #rewriteUrl: ReturnType<typeof rewriteUrlOf>

  constructor (fastify: FastifyInstance) {
    this.#fastify = fastify
    const { initialConfig } = fastify
    // Fastify 5 accepts these options in two places.
    const config: Config = { ...initialConfig as Config }
    for (const [name, value] of Object.entries(initialConfig.routerOptions ?? {})) if (value === true) config[name as keyof Config] = true
    if ((initialConfig.routerOptions as Config | undefined)?.caseSensitive === false) config.caseSensitive = false
    this.#config = config
    this.#folded = config.caseSensitive === false ? part => part.toLowerCase() : part => part
    this.#rewriteUrl = rewriteUrlOf(fastify)
  }

  /** Adds one of the plugin's routes. If it is added twice, it takes WebSockets if one of the two does. */
  add (url: string, webSocket: boolean, constraints: Record<string, unknown> = {}): void {
    const parts = this.#split(url).map(part => part.startsWith(':') ? part : this.#folded(part))
    if (this.#patterns.get(url)?.webSocket === true) return
    this.#patterns.set(url, {
      parts,
      parametric: parts.some(part => part.startsWith(':')),
      webSocket,
      constraints
    })
  }

  /**
   * Decides on a request for an upgrade. `take`: it is a WebSocket for a signalling route. `answer`: it asks one of the plugin's routes for another
   * upgrade, or for one that the route does not have, and gets an HTTP error. `leave`: it is not for the plugin.
   */
  judge (request: IncomingMessage): UpgradeVerdict {
    if (request.method !== 'GET') return 'leave'
    const parts = this.#partsOf(request)
    if (parts === null) return 'leave'
    for (const pattern of this.#patterns.values()) {
      if (!fits(pattern.parts, parts) || (pattern.parametric && this.#isOfHost(parts, pattern.constraints))) continue
      return pattern.webSocket && request.headers.upgrade?.toLowerCase() === 'websocket' ? 'take' : 'answer'
    }
    return 'leave'
  }

  #partsOf (request: IncomingMessage): string[] | null {
    try {
      const rewritten: unknown = this.#rewriteUrl?.call(this.#fastify, request)
      let url = typeof rewritten === 'string' ? rewritten : request.url ?? '/'
      // This is the absolute form of a request to a proxy (RFC 9112, section 3.2.2).
      if (!url.startsWith('/')) url = new URL(url).pathname
      const [path = ''] = url.split(this.#config.useSemicolonDelimiter === true ? /[?#;]/ : /[?#]/, 1)
      return this.#split(path).map(part => this.#folded(decodeURIComponent(part)))
    } catch {
      return null
    }
  }

  #split (path: string): string[] {
    let cleaned = path
    if (this.#config.ignoreDuplicateSlashes === true) cleaned = cleaned.replace(/\/+/g, '/')
    if (this.#config.ignoreTrailingSlash === true && cleaned.length > 1 && cleaned.endsWith('/')) cleaned = cleaned.slice(0, -1)
    return cleaned.split('/').slice(1)
  }

  /** Whether the router would choose a route of the host, because its path has fewer parameters, or a stricter one. */
  #isOfHost (parts: string[], constraint: Record<string, unknown>): boolean {
    const found = this.#fastify.findRoute({ method: 'GET', url: '/' + parts.map(encodeURIComponent).join('/'), constraints: constraint })
    const { params = {} } = found as { params?: Record<string, string> } | null ?? {}
    const [value, ...more] = Object.values(params)
    return more.length > 0 || value === undefined || !parts.includes(value) || !('app' in params)
  }
}

function fits (pattern: string[], parts: string[]): boolean {
  return pattern.length === parts.length && pattern.every((wanted, index) => {
    const part = parts[index] ?? ''
    return wanted.startsWith(':') ? part !== '' : wanted === part
  })
}
