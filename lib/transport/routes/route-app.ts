import type { FastifyContextConfig, FastifyRequest } from 'fastify'

const APP = Symbol('fastify-webrtc-signalling.app')

/** The config of a route whose address names the application by itself; without a name, a parameter of the address does. */
export function appConfig (app: string | undefined): FastifyContextConfig & Record<symbol, string> {
  return app === undefined ? {} : { [APP]: app }
}

/** The application that a request to a route of ours is for. */
export function appOf (request: FastifyRequest): string {
  const config = request.routeOptions.config as unknown as Record<symbol, string | undefined>
  return config[APP] ?? (request.params as { app?: string }).app ?? ''
}
