import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import webrtcSignalling from 'fastify-webrtc-signalling'
import { closeOnSignal } from '../close-on-signal.js'

/** @param {import('fastify').FastifyServerOptions} [options] */
export async function build (options) {
  const app = Fastify(options)
  await app.register(webrtcSignalling, { apps: ['WebRTCApp4'] })
  const page = readFileSync(new URL('index.html', import.meta.url), 'utf8')
  app.get('/', (_request, reply) => reply.type('text/html').header('content-security-policy', "default-src 'self'; img-src data:").send(page))
  return app
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = await build()
  closeOnSignal(app)
  await app.listen({ port: Number(process.env.PORT ?? 8081) })
  console.log(`Open http://localhost:${app.server.address().port}/ in two tabs.`)
}
