import cluster from 'node:cluster'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Redis } from 'ioredis'
import { build } from './server.js'

// As many servers as there are cores, on one port and without a load balancer: Node.js hands each connection to the next one.

const { PORT = '8081', REDIS = '/run/redis/redis.sock', SERVERS = String(availableParallelism()) } = process.env

if (cluster.isPrimary) {
  let isClosing = false
  const workers = () => Object.values(cluster.workers)
  cluster.on('exit', () => { if (!isClosing) cluster.fork() })
  // One after the other, as for a new version: each comes back before the next one goes.
  process.on('SIGUSR2', async () => {
    for (const worker of workers()) {
      worker.process.kill('SIGTERM')
      await once(cluster, 'listening')
    }
    console.log('All servers were restarted.')
  })
  // Again, and it ends at once: so do the others where it is gone.
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, async () => {
      isClosing = true
      await Promise.all(workers().map(async worker => {
        worker.process.kill('SIGTERM')
        await once(worker, 'exit')
      }))
      process.exit()
    })
  }
  for (let i = 0; i < Number(SERVERS); i++) {
    cluster.fork()
    await once(cluster, 'listening')
  }
  console.log(`Open http://localhost:${PORT}/WebRTCApp4/peer.html in two tabs: ${SERVERS} servers share the port.`)
} else {
  const redis = new Redis(REDIS)
  redis.on('error', error => console.error('Redis:', error.message))
  // Nobody stands before it who tells the true address.
  const app = await build(redis, { trustProxy: false })
  app.addHook('onClose', async () => redis.disconnect())
  // Ctrl-C reaches all processes. The first one ends the others.
  process.on('SIGINT', () => {})
  process.once('SIGTERM', () => { app.close().finally(() => process.exit()) })
  await app.listen({ port: Number(PORT), host: '0.0.0.0' })
}
