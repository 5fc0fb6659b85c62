import type { FastifyInstance } from 'fastify'
import type { Clock } from '../rooms/clock.js'
import type { ConnectionRegistry } from './connection-registry.js'
import { Upgrades } from './upgrades/upgrades.js'

/**
 * All registrations of the plugin in an app, in any of its scopes. The key is the app's router, which all its scopes share. It is not the server,
 * which two apps may share: when one of them closes, the other must not drain.
 */
const registries = new WeakMap<FastifyInstance['routing'], ConnectionRegistry[]>()

/**
 * Drains all registrations of an app together when it closes. Fastify runs `preClose` hooks one after the other. With a hook for each
 * registration, the clients of the second would only be told once the grace period of the first was over.
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
 * Bounds the time for which clients can keep the server from closing. A request that never ends, or a handshake that a hook never answers, would
 * keep it open for ever. Requests that the host works on are left alone.
 *
 * @param grace how long a client may do nothing, in ms. What it has sent while the process stood still is read first
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
      // The server still listens if it belongs to another app.
      if (!server.listening) upgrades.host.cutStuck()
      lookLater()
    })
  }
  lookLater()
  server.once('close', () => clock.cancel(timer))
}
