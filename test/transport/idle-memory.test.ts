import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import Fastify, { type FastifyReply } from 'fastify'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import webrtcSignalling from '../../lib/index.js'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

/** A client that is connected, and what the host's hook has seen of its handshake. */
async function connected (t: Test, hook: (reply: FastifyReply) => void): Promise<{ client: WebSocket }> {
  const app = Fastify()
  app.addHook('onRequest', async (_, reply) => { hook(reply) })
  await app.register(webrtcSignalling, { apps: ['app'], serveClient: false })
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => app.close())
  const client = new WebSocket(`ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/app`)
  t.teardown(() => client.terminate())
  await once(client, 'open')
  client.send('{"command":"ping"}')
  await once(client, 'message')
  return { client }
}

t.test('A connection keeps nothing of its handshake alive', async t => {
  let response: WeakRef<ServerResponse> | undefined
  await connected(t, reply => { response = new WeakRef(reply.raw) })
  for (let i = 0; i < 20 && response?.deref() !== undefined; i++) {
    // A reference that was looked at lives until the turn is over.
    await new Promise(resolve => { setImmediate(resolve) })
    gc()
  }
  t.ok(response !== undefined && response.deref() === undefined)
})

t.test('A hook that waits for the end of the answer is told of it, when the connection ends', async t => {
  let ended: Promise<unknown> | undefined
  const { client } = await connected(t, reply => { ended = once(reply.raw, 'close') })
  client.close()
  await ended
  t.pass()
})
