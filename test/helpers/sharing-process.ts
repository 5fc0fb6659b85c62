import Fastify from 'fastify'
import { Redis } from 'ioredis'
import type { AddressInfo } from 'node:net'
import webrtcSignalling, { type WebrtcSignallingOptions } from '../../lib/index.js'

// A server in a process of its own, which shares a Redis with others, and can be killed or stopped by a signal.

process.once('disconnect', () => process.exit())
process.once('message', async ({ redisPort, options }: { redisPort: number, options: WebrtcSignallingOptions }) => {
  const redis = new Redis({ port: redisPort, host: '127.0.0.1' })
  redis.on('error', () => {})
  const app = Fastify()
  await app.register(webrtcSignalling, { serveClient: false, redis, ...options })
  await app.listen({ host: '127.0.0.1', port: 0 })
  process.send?.({ port: (app.server.address() as AddressInfo).port })
})
