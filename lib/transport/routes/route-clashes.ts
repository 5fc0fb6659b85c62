import type { FastifyContextConfig, FastifyInstance } from 'fastify'
import { RouteClashError } from '../../errors.js'
import { UPGRADE_CONSTRAINT } from '../upgrades/web-socket-server.js'

/** What a route of ours is to one of the host's at its place: it stands, or makes way. */
export type Standing = 'stands' | 'makesWay'

/** Marks our own routes. */
const OURS = Symbol('fastify-webrtc-signalling.route')

/** The config of one route of ours: never shared, since a host's `onRoute` hook may write into it. */
export function ownConfig (standing: Standing): FastifyContextConfig & Record<symbol, Standing> {
  return { [OURS]: standing }
}

/**
 * Looks at the host's routes that come after ours. One at the place of a file of ours is a clash that names both. One at the place
 * where a plain request of a listed application is answered takes that over, as it does where it came before: the router knows no
 * taking back, but prefers the route with a constraint.
 */
export function watchForClashes (fastify: FastifyInstance): void {
  const ours = new Map<string, { url: string, standing: Standing }>()
  fastify.addHook('onRoute', route => {
    const standing = (route.config as Record<symbol, Standing | undefined> | undefined)?.[OURS]
    if (standing !== undefined) {
      if (route.constraints === undefined) ours.set(normalise(route.url), { url: route.url, standing })
      return
    }
    const clash = ours.get(normalise(route.url))
    if (clash === undefined || route.constraints !== undefined || ![route.method].flat().includes('GET')) return
    if (clash.standing === 'stands') throw new RouteClashError(route.url, clash.url)
    route.constraints = { [UPGRADE_CONSTRAINT]: false }
  })
}

/**
 * A route's pattern without the names of its parameters: two that are equal clash. A parameter with an expression, or one of
 * several in a part of the path, is another place to the router.
 */
function normalise (url: string): string {
  return url.replace(/:[^/:.(*?-]+(?=\/|$)/g, ':')
}
