import type { FastifyInstance } from 'fastify'
import type { Server } from 'node:http'
import type { Hub } from './hub.js'
import { cutOff } from './upgrade-sockets.js'

/** Every registration of the plugin on a server, in whatever scope. By server, so that two in one process share nothing. */
const hubs = new WeakMap<Server, Hub[]>()

/**
 * Drains when the server closes: all registrations together. Fastify runs `preClose` hooks one after the other, and the
 * clients of one registration would only be told once those of another had used up its grace period.
 */
export function drainOnClose (scope: FastifyInstance, hub: Hub): void {
  const { server } = scope
  const all = hubs.get(server) ?? []
  hubs.set(server, all)
  all.push(hub)
  scope.addHook('preClose', async () => {
    cutOff(server, Math.max(...all.map(({ settings }) => settings.drain.grace)))
    await Promise.all(all.map(each => each.drain()))
  })
}
