import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import Fastify from 'fastify'
import webrtcSignalling from 'fastify-webrtc-signalling'
import { closeOnSignal } from '../close-on-signal.js'

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>A call in React</title>
<div id="root"></div>
<script type="module" src="app.js"></script>
</html>`

/** @param {import('fastify').FastifyServerOptions} [options] */
export async function build (options) {
  const app = Fastify(options)
  await app.register(webrtcSignalling, { apps: ['WebRTCApp4'] })

  // In place of your own bundler.
  const { outputFiles: [script] } = buildSync({
    entryPoints: [fileURLToPath(new URL('app.jsx', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"development"' }
  })
  app.get('/', (_request, reply) => reply.type('text/html').send(PAGE))
  app.get('/app.js', (_request, reply) => reply.type('text/javascript').send(script.text))
  return app
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = await build()
  closeOnSignal(app)
  await app.listen({ port: Number(process.env.PORT ?? 8081) })
  console.log(`Open http://localhost:${app.server.address().port}/ in two tabs, and join the same room.`)
}
