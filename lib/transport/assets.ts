import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { fileURLToPath } from 'node:url'
import type { Settings } from '../settings.js'
import type { Admission } from './admission.js'
import { addRoute, OUR_CONFIG } from './route.js'

// The same from lib/ and from dist/: both lie directly in the package.
const dist = fileURLToPath(new URL('../../dist', import.meta.url))

interface Asset {
  path: string
  /** Where it lies. */
  file: string
  /** As what it is served, where its ending would say something else. */
  type?: string
}

/** What is served beside the WebSocket. */
const ASSETS: readonly Asset[] = [
  { path: 'peer.html', file: 'static/peer.html' },
  { path: 'peer.css', file: 'static/peer.css' },
  { path: 'peer.js', file: 'static/peer.js' },
  { path: 'peer.svg', file: 'static/peer.svg' },
  { path: 'js/webrtc_adaptor.js', file: 'client/webrtc_adaptor.js' },
  { path: 'js/webrtc_adaptor.mjs', file: 'client/webrtc_adaptor.mjs' },
  { path: 'js/webrtc_adaptor.d.ts', file: 'client/webrtc_adaptor.d.ts', type: 'text/plain; charset=utf-8' },
  { path: 'js/adapter-latest.js', file: 'client/adapter-latest.js' }
]

/** Serves the page and the SDK under every application. */
export async function addAssets (scope: FastifyInstance, admission: Admission, { listed }: Settings): Promise<void> {
  // Where the host serves files too its decorator does; it takes another root just as well.
  if (!scope.hasReplyDecorator('sendFile')) {
    // Loaded here, since it and what it brings are a quarter of what an import of this package would cost.
    const { default: fastifyStatic } = await import('@fastify/static')
    await scope.register(fastifyStatic, { root: dist, serve: false })
  }
  const apps = listed === null ? [':app'] : [...listed.keys()]
  for (const app of apps) {
    for (const asset of ASSETS) addAsset(scope, admission, app, asset)
  }
}

function addAsset (scope: FastifyInstance, admission: Admission, app: string, { path, file, type }: Asset): void {
  addRoute(scope, {
    method: 'GET',
    url: `/${app}/${path}`,
    config: OUR_CONFIG,
    onRequest: (request: FastifyRequest) => admission.known(request, (request.params as { app?: string }).app ?? app),
    handler: (request, reply) => {
      guard(request, reply)
      if (type === undefined) return reply.sendFile(file, dist)
      return reply.type(type).sendFile(file, dist, { contentType: false })
    }
  })
}

const HOST = /^[A-Za-z0-9.:[\]-]+$/

/** The page's own safety. What the host has set, by `@fastify/helmet` or by hand, stays. */
function guard (request: FastifyRequest, reply: FastifyReply): void {
  // Older browsers do not take a WebSocket of the same host for 'self' (CSP Level 3 does).
  const host = HOST.test(request.host) ? ` ws://${request.host} wss://${request.host}` : ''
  const headers = {
    'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob: mediastream:; connect-src 'self'${host}; base-uri 'none'; form-action 'self'; frame-ancestors 'self'`,
    'x-content-type-options': 'nosniff',
    'permissions-policy': 'camera=(self), microphone=(self)',
    'referrer-policy': 'same-origin'
  }
  for (const [name, value] of Object.entries(headers)) if (!reply.hasHeader(name)) reply.header(name, value)
}
