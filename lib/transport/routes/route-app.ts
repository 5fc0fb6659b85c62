import type { FastifyContextConfig, FastifyRequest } from 'fastify'

const APP = Symbol('fastify-webrtc-signalling.app')

/** Makes the part of a route's config that names its application. Undefined: a parameter of the address names it. */
export function appConfig (app: string | undefined): FastifyContextConfig & Record<symbol, string> {
  return app === undefined ? {} : { [APP]: app }
}

/** The application to which a request to one of the plugin's routes belongs. */
export function appOf (request: FastifyRequest): string {
  const config = request.routeOptions.config as unknown as Record<symbol, string | undefined>
  return config[APP] ?? (request.params as { app?: string }).app ?? ''
}
