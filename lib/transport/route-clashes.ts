import type { FastifyContextConfig, FastifyInstance } from 'fastify'
import { RouteClashError } from '../errors.js'

/** Marks our own routes. */
const OURS = Symbol('fastify-webrtc-signalling.route')

/** The config of one route of ours: never shared, since a host's `onRoute` hook may write into it. */
export function ownConfig (): FastifyContextConfig & Record<symbol, true> {
  return { [OURS]: true }
}

/** Has a route of the host's that comes after ours, and is at the place of one of them, name that one. */
export function watchForClashes (fastify: FastifyInstance): void {
  const ours = new Map<string, string>()
  fastify.addHook('onRoute', route => {
    const config = route.config as Record<symbol, unknown> | undefined
    if (config?.[OURS] === true) {
      if (route.constraints !== undefined) return
      ours.set(normalise(route.url), route.url)
      return
    }
    const clash = ours.get(normalise(route.url))
    if (clash === undefined || route.constraints !== undefined || ![route.method].flat().includes('GET')) return
    throw new RouteClashError(route.url, clash)
  })
}

/**
 * A route's pattern without the names of its parameters: two that are equal clash. A parameter with an expression, or one of
 * several in a part of the path, is another place to the router.
 */
function normalise (url: string): string {
  return url.replace(/:[^/:.(*?-]+(?=\/|$)/g, ':')
}
