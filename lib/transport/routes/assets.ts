import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Settings } from '../../config/settings.js'
import type { Admission } from './admission.js'
import { addRoute } from './own-route.js'
import { appOf } from './route-app.js'

interface Asset {
  path: string
  /** The path of the file in `dist`. */
  file: string
  /** The content type, if the file's ending would lead to another one. */
  type?: string
  /** Whether it is a part of the SDK, which has the version of all of them. */
  part?: boolean
}

/** A file, with what is known of it once the package is built. */
interface Built extends Asset {
  root: string
  /** The first 12 characters of its hash, or the version of all parts; undefined if it has not been built. */
  version: string | undefined
}

/** The parts of the SDK that are loaded when they are used. */
const LOADED_WHEN_USED = ['check', 'data', 'debug-log', 'developer', 'devices', 'guard', 'screen', 'sound', 'stats', 'verification']

/** The files that are served under each application. */
const ASSETS: readonly Asset[] = [
  { path: 'peer.html', file: 'page/peer.html' },
  { path: 'peer.css', file: 'page/peer.css' },
  { path: 'peer.js', file: 'page/peer.js' },
  { path: 'peer.svg', file: 'page/peer.svg' },
  { path: 'js/webrtc_adaptor.js', file: 'client/webrtc_adaptor.js' },
  { path: 'js/webrtc_adaptor.mjs', file: 'client/webrtc_adaptor.mjs' },
  ...LOADED_WHEN_USED.map(name => ({ path: `js/webrtc_adaptor.${name}.mjs`, file: `client/webrtc_adaptor.${name}.mjs`, part: true })),
  { path: 'js/webrtc-call.mjs', file: 'client/webrtc-call.mjs' },
  { path: 'js/webrtc_adaptor.d.ts', file: 'client/webrtc_adaptor.d.ts', type: 'text/plain; charset=utf-8' },
  { path: 'js/adapter-latest.js', file: 'client/adapter-latest.js' }
]

/** The `cache-control` of a file under its own version: `?v=` and the beginning of its hash, which the build writes into the page. */
const FOREVER = 'public, max-age=31536000, immutable'
/** The `cache-control` of all other addresses. The browser asks each time, and gets a 304 if nothing has changed. */
const REVALIDATE = 'no-cache'

/**
 * Serves the page and the SDK under every application. It has an `@fastify/static` of its own, since the host may have one with other options.
 *
 * @param dist the directory with the output of the build
 */
export async function addAssets (scope: FastifyInstance, admission: Admission, settings: Settings, dist: URL): Promise<void> {
  // It is imported here, because with its dependencies it is a quarter of the time that an import of this package would take.
  const { default: fastifyStatic } = await import('@fastify/static')
  const root = fileURLToPath(dist)
  await scope.register(async own => {
    await own.register(fastifyStatic, { root, serve: false, cacheControl: false, preCompressed: true })
    const apps = settings.listed === null ? [undefined] : [...settings.listed.keys()]
    const versionOfParts = versionAskedFor(root)
    for (const asset of ASSETS) {
      const built = { ...asset, root, version: asset.part === true ? versionOfParts : versionOf(root, asset.file) }
      for (const app of apps) addAsset(own, admission, settings, app, built)
    }
  })
}

/** The version of all parts of the SDK, under which its script asks for them; undefined if it has not been built. */
function versionAskedFor (root: string): string | undefined {
  try {
    return /\.mjs\?v=([\da-f]{12})/.exec(readFileSync(join(root, 'client/webrtc_adaptor.js'), 'utf8'))?.[1]
  } catch {
    return undefined
  }
}

/** The first 12 characters of a file's hash; undefined if it has not been built. */
function versionOf (root: string, file: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(join(root, file))).digest('hex').slice(0, 12)
  } catch {
    return undefined
  }
}

function addAsset (
  scope: FastifyInstance, admission: Admission, settings: Settings, app: string | undefined, { path, file, type, part, root, version }: Built
): void {
  addRoute(scope, settings, {
    method: 'GET',
    url: `/${app ?? ':app'}/${path}`,
    onRequest: (request: FastifyRequest) => admission.known(request, appOf(request)),
    handler: (request, reply) => {
      guard(request, reply)
      // Browsers load modules with CORS, and classic scripts without. A classic script on a page of another origin imports its parts as modules.
      if (path.endsWith('.mjs') && !reply.hasHeader('access-control-allow-origin')) reply.header('access-control-allow-origin', '*')
      const { v } = request.query as { v?: unknown }
      // One of another build does not fit the script that asks for it, and must never be kept in its place: in a rolling update this server
      // may have the other's files a moment later.
      if (part === true && v !== undefined && v !== version) return reply.code(404).header('cache-control', 'no-store').send()
      reply.header('cache-control', version !== undefined && v === version ? FOREVER : REVALIDATE)
      if (type === undefined) return reply.sendFile(file, root)
      return reply.type(type).sendFile(file, root, { contentType: false })
    }
  }, app)
}

const HOST = /^[A-Za-z0-9.:[\]-]+$/

/** Sets the security headers of the page. Headers that the host has set, by `@fastify/helmet` or by hand, are left alone. */
function guard (request: FastifyRequest, reply: FastifyReply): void {
  // In older browsers 'self' does not include a WebSocket of the same host, as it does in CSP Level 3.
  const host = HOST.test(request.host) ? ` ws://${request.host} wss://${request.host}` : ''
  const headers = {
    'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob: mediastream:; connect-src 'self'${host}; base-uri 'none'; form-action 'self'; frame-ancestors 'self'`,
    'x-content-type-options': 'nosniff',
    'permissions-policy': 'camera=(self), microphone=(self)',
    'referrer-policy': 'same-origin'
  }
  for (const [name, value] of Object.entries(headers)) if (!reply.hasHeader(name)) reply.header(name, value)
}
