import Fastify from 'fastify'
import type { AddressInfo } from 'node:net'
import webrtcSignalling, { type WebrtcSignallingOptions } from '../../lib/index.js'

// Servers in a process of their own, which can be held up: by a host that computes, as here, or by a signal from outside.

process.once('disconnect', () => process.exit())
process.on('message', async (message: { start?: WebrtcSignallingOptions, server?: number, block?: number }) => {
  if (message.block !== undefined) {
    const { block } = message
    process.send?.({ begun: true }, () => {
      const end = performance.now() + block
      while (performance.now() < end);
    })
    return
  }
  const { server } = message
  const app = Fastify()
  await app.register(webrtcSignalling, { serveClient: false, ...message.start })
  for (const event of ['absent', 'left'] as const) app.rooms.on(event, ({ room }) => process.send?.({ server, event, room }))
  await app.listen({ host: '127.0.0.1', port: 0 })
  process.send?.({ server, port: (app.server.address() as AddressInfo).port })
})
