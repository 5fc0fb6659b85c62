import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { Test } from 'tap'
import webrtcSignalling, { type WebrtcSignallingOptions } from '../../lib/index.js'
import { start } from './start.js'

/** A server with nothing but the plugin on it. */
export interface SignallingServer {
  app: FastifyInstance
  /** Where HTTP is. */
  http: string
  /** Where a WebSocket of the application `app` goes. */
  address: string
}

/** Starts one on a free port of the loopback, without the page. */
export async function startServer (t: Test, options: WebrtcSignallingOptions = {}, server: FastifyServerOptions = {}): Promise<SignallingServer> {
  const app = Fastify(server)
  await app.register(webrtcSignalling, { serveClient: false, drain: { grace: 500 }, ...options })
  const http = await start(t, app)
  return { app, http, address: `${http.replace('http', 'ws')}/app` }
}
