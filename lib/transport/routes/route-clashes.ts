import type { FastifyContextConfig, FastifyInstance } from 'fastify'
import { RouteClashError } from '../../errors.js'
import { UPGRADE_CONSTRAINT } from '../upgrades/web-socket-server.js'

/** What happens if the host declares a route at the place of one of the plugin's: a clash, or the plugin's route makes way. */
export type Standing = 'stands' | 'makesWay'

/** The key that marks the plugin's routes. */
const OURS = Symbol('fastify-webrtc-signalling.route')

/** Makes the config of one of the plugin's routes. It is not shared, because an `onRoute` hook of the host may write into it. */
export function ownConfig (standing: Standing): FastifyContextConfig & Record<symbol, Standing> {
  return { [OURS]: standing }
}

/**
 * Watches the routes that the host declares after the plugin's. A route at the place of one of the plugin's files is a clash, and the error names
 * both. A route at the place where the plugin answers plain requests of a listed application takes these over, as it does if it was declared
 * before. The router cannot remove a route, but it prefers one with a constraint, so the host's route gets one.
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
 * The pattern of a route without the names of its parameters. Routes with equal patterns clash. A parameter with a regular expression, or one of
 * several in a segment of the path, is left as it is: to the router it is another place.
 */
function normalise (url: string): string {
  return url.replace(/:[^/:.(*?-]+(?=\/|$)/g, ':')
}
