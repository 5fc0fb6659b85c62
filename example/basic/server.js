import { fileURLToPath } from 'node:url'
import closeWithGrace from 'close-with-grace'
import Fastify from 'fastify'
import webrtcSignalling from 'fastify-webrtc-signalling'

/** @param {import('fastify').FastifyServerOptions} [options] */
export async function build (options) {
  const app = Fastify(options)
  await app.register(webrtcSignalling, { apps: ['WebRTCApp4'] })
  return app
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = await build()
  // At SIGTERM and SIGINT: the clients are told that the server goes away, so that they come back to the next one.
  closeWithGrace(async ({ err }) => {
    if (err !== undefined) console.error(err)
    await app.close()
  })
  await app.listen({ port: Number(process.env.PORT ?? 8081) })
  console.log(`Open http://localhost:${app.server.address().port}/WebRTCApp4/peer.html twice, and join the same room.`)
}
