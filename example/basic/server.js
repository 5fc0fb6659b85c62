import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import webrtcSignalling from 'fastify-webrtc-signalling'
import { closeOnSignal } from '../close-on-signal.js'

/** @param {import('fastify').FastifyServerOptions} [options] */
export async function build (options) {
  const app = Fastify(options)
  await app.register(webrtcSignalling, { apps: ['WebRTCApp4'] })
  return app
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = await build()
  closeOnSignal(app)
  await app.listen({ port: Number(process.env.PORT ?? 8081) })
  console.log(`Open http://localhost:${app.server.address().port}/WebRTCApp4/peer.html and join, then open the link that it shows in another tab.`)
}
