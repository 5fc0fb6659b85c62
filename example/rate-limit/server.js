import { fileURLToPath } from 'node:url'
import rateLimit from '@fastify/rate-limit'
import Fastify from 'fastify'
import webrtcSignalling from 'fastify-webrtc-signalling'
import { closeOnSignal } from '../close-on-signal.js'

/** @param {import('fastify').FastifyServerOptions} [options] */
export async function build (options) {
  const app = Fastify(options)
  // `global: false`: the page and its scripts are not counted, and neither are your other routes.
  await app.register(rateLimit, { global: false })
  await app.register(webrtcSignalling, {
    apps: ['WebRTCApp4'],
    onRequest: app.rateLimit({ max: 60, timeWindow: '1 minute' }),
    // What one address may do once it is connected is the plugin's to count.
    limits: { connectionsPerAddress: 50, joinsPerMinute: 120 }
  })
  return app
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = await build()
  closeOnSignal(app)
  await app.listen({ port: Number(process.env.PORT ?? 8081) })
  console.log(`Open http://localhost:${app.server.address().port}/WebRTCApp4/peer.html more than 60 times a minute.`)
}
