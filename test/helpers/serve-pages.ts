import fastifyStatic from '@fastify/static'
import Fastify, { type FastifyInstance } from 'fastify'
import webrtcSignalling from 'fastify-webrtc-signalling'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { antScript } from './ant-versions.js'

const here = dirname(fileURLToPath(import.meta.url))
const ant = createRequire(import.meta.url).resolve('@antmedia/webrtc_adaptor/package.json')
/** Ant Media's SDK as it is published for browsers, and the video effects without which it does not start. */
const ANT_SCRIPTS = [
  join(dirname(ant), 'dist/browser/webrtc_adaptor.js'),
  createRequire(ant).resolve('@mediapipe/selfie_segmentation')
]

/**
 * A host app with pages of its own beside the plugin: test/browser/pages under the address of the app, Ant Media's SDK under /ant/,
 * of another version in a folder of that.
 */
export async function servePages (): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(fastifyStatic, { root: join(here, '../browser/pages'), serve: false })
  for (const script of ANT_SCRIPTS) {
    app.get(`/ant/${basename(script)}`, (_request, reply) => reply.sendFile(basename(script), dirname(script)))
  }
  app.get<{ Params: { version: string } }>('/ant/:version/webrtc_adaptor.js', async (request, reply) =>
    reply.type('text/javascript').send(await antScript(request.params.version)))
  for (const page of ['seed.html', 'readme.html', 'ant.html', 'react-native.html']) {
    app.get(`/WebRTCApp4/${page}`, (_request, reply) => reply.sendFile(page))
  }
  await app.register(webrtcSignalling, { apps: ['WebRTCApp4'] })
  return app
}
