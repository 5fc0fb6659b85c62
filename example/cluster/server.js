import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import webrtcSignalling from 'fastify-webrtc-signalling'
import { Redis } from 'ioredis'
import { closeOnSignal } from '../close-on-signal.js'

/**
 * One of the servers behind the load balancer. They are all alike: who sits where is in Redis.
 *
 * @param {Redis} redis
 * @param {import('fastify').FastifyServerOptions} [options]
 */
export async function build (redis, options) {
  // The load balancer alone can reach this server, so the address that it tells is true.
  const app = Fastify({ trustProxy: true, ...options })
  await app.register(webrtcSignalling, { apps: ['WebRTCApp4'], redis })
  // The load balancer asks this again and again, and sends nobody new to a server that is about to stop.
  app.get('/health', async (_request, reply) => reply.code(app.rooms.draining ? 503 : 204).send())
  return app
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const redis = new Redis({ path: process.env.REDIS })
  redis.on('error', error => console.error('Redis:', error.message))
  const app = await build(redis)
  app.addHook('onClose', async () => redis.disconnect())
  // The load balancer has seen that this server is there.
  app.addHook('onResponse', async ({ url }) => {
    if (url === '/health') process.send?.('seen')
  })
  closeOnSignal(app)
  await app.listen({ path: process.env.SOCKET })
}
