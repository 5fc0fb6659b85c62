import type { FastifyInstance } from 'fastify'
import type { Clock } from '../rooms/clock.js'
import type { ConnectionRegistry } from './connection-registry.js'
import { Upgrades } from './upgrades/upgrades.js'

/**
 * Every registration of the plugin in an app, in whatever scope. By the app's router, which all its scopes share: two apps
 * may share a server, and one that closes must not drain the other.
 */
const registries = new WeakMap<FastifyInstance['routing'], ConnectionRegistry[]>()

/**
 * Drains when the app closes: all registrations together. Fastify runs `preClose` hooks one after the other, and the
 * clients of one registration would only be told once those of another had used up its grace period.
 */
export function drainOnClose (scope: FastifyInstance, registry: ConnectionRegistry): void {
  const known = registries.get(scope.routing)
  if (known !== undefined) {
    known.push(registry)
    return
  }
  const all = [registry]
  registries.set(scope.routing, all)
  scope.addHook('preClose', async () => {
    Upgrades.of(scope.server).turnAway(scope, Math.max(...all.map(({ settings }) => settings.drain.retryAfter)))
    cutOff(scope, Math.max(...all.map(({ settings }) => settings.drain.grace)), registry.clock)
    await Promise.all(all.map(each => each.drain()))
  })
}

/**
 * Bounds what clients can do to hold up the close of the server. A request that never ends, or a handshake that a hook
 * never answers, would keep it from closing for good. What the host is at work on is left to it.
 *
 * @param grace how long, in ms, a client may do nothing. What it sent while the process stood still is read first.
 */
function cutOff (scope: FastifyInstance, grace: number, clock: Clock): void {
  const { server } = scope
  if (!server.listening) return
  const upgrades = Upgrades.of(server)
  upgrades.host.mark()
  let timer: unknown
  const lookLater = (): void => {
    timer = clock.after(Math.max(1, grace), () => {
      upgrades.destroy(scope)
      // It goes on where it is another app's.
      if (!server.listening) upgrades.host.cutStuck()
      lookLater()
    })
  }
  lookLater()
  server.once('close', () => clock.cancel(timer))
}
