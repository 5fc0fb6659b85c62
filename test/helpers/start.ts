import type { FastifyInstance } from 'fastify'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/**
 * Listens on a free port of the loopback, and closes the app when the test ends. Gives the address back,
 * by the name `localhost`, which browsers hold to be secure enough for a camera.
 */
export async function start (t: Test, app: FastifyInstance): Promise<string> {
  t.teardown(() => app.close())
  await app.listen({ host: 'localhost', port: 0 })
  return `http://localhost:${(app.server.address() as AddressInfo).port}`
}
