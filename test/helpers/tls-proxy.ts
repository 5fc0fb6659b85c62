import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy'
import Fastify, { type FastifyRequest } from 'fastify'
import type { IncomingHttpHeaders } from 'node:http'
import type { Test } from 'tap'
import { certificate } from './certificate.js'
import { start } from './start.js'

/** What the proxy has of a public address and the server does not: everything below it is passed on without it. */
export const CUT_OFF = '/calls'

/** What a hop has for itself (RFC 9110 section 7.6.1), and what belongs to the handshake, which the proxy makes anew. */
const OWN = /^(connection|upgrade|host|content-length|transfer-encoding|keep-alive|te|trailer|sec-websocket-(?!protocol).*)$/

/** Passes on what came, and says from where and for which address, as proxies are set up to do. */
export function passEverything (headers: object, { headers: came, ip, host }: FastifyRequest): IncomingHttpHeaders {
  const passed = Object.fromEntries(Object.entries(came).filter(([name]) => !OWN.test(name)))
  return { ...headers, ...passed, 'x-forwarded-for': ip, 'x-forwarded-proto': 'https', 'x-forwarded-host': host }
}

/**
 * A proxy with TLS that cuts a prefix off, for HTTP and WebSockets.
 *
 * @param rewriteRequestHeaders which headers of a WebSocket handshake it passes on: without it the cookies alone, as its maker has it
 * @returns `https://localhost:…/calls`
 */
export async function tlsProxy (t: Test, upstream: string, rewriteRequestHeaders?: typeof passEverything): Promise<string> {
  const proxy = Fastify({ https: certificate })
  const options = {
    // By another name than the public one, as it is where the two are two machines.
    upstream: upstream.replace('localhost', '127.0.0.1'),
    prefix: CUT_OFF,
    rewritePrefix: '/',
    websocket: true as const,
    // It would put its prefix before a Location that is relative, too.
    internalRewriteLocationHeader: false,
    replyOptions: { rewriteRequestHeaders: (request: FastifyRequest, headers: object) => passEverything(headers, request) },
    ...(rewriteRequestHeaders === undefined ? {} : { wsClientOptions: { rewriteRequestHeaders } })
  }
  await proxy.register(httpProxy, options as FastifyHttpProxyOptions)
  const origin = await start(t, proxy as never)
  return `${origin.replace('http:', 'https:')}${CUT_OFF}`
}
