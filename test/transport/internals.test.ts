import { EventEmitter, once } from 'node:events'
import { createServer, ServerResponse, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createHttp2Server, connect as connectHttp2 } from 'node:http2'
import { connect, Socket, type AddressInfo, type Server as NetServer } from 'node:net'
import { Writable } from 'node:stream'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import {
  decidesByServer, decideUpgrades, decideUpgradesOn, hasReadMore, onCloseFrame, responseOn, rewriteUrlOf, setMaxPayload, speaksHttp1, streamOf,
  type UpgradeVerdict
} from '../../lib/transport/internals.js'

// What the plugin takes of ws, Node and Fastify without a public way: each test fails where that is gone. They run on the real things.

async function listen (t: Test, server: NetServer): Promise<number> {
  t.teardown(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A WebSocket as its server has it, and its client. */
async function webSocket (t: Test): Promise<{ socket: WebSocket, client: WebSocket, raw: Socket }> {
  const server = createServer()
  const sockets = new WebSocketServer({ server, maxPayload: 100_000 })
  const client = new WebSocket(`ws://127.0.0.1:${await listen(t, server)}`)
  t.teardown(() => client.terminate())
  client.on('error', () => {})
  const [[socket], [response]] = await Promise.all([
    once(sockets, 'connection') as Promise<[WebSocket]>, once(client, 'upgrade') as Promise<[IncomingMessage]>
  ])
  socket.on('error', () => {})
  return { socket, client, raw: response.socket }
}

/** What a server answers to bytes: the beginning of it. */
async function ask (t: Test, port: number, text: string): Promise<{ answer: string, socket: Socket }> {
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write(text)
  const [chunk] = await once(socket, 'data')
  return { answer: String(chunk), socket }
}

t.test('ws: a close frame is told when it comes, though TCP stays open', async t => {
  const { socket, raw } = await webSocket(t)
  const events = new EventEmitter()
  socket.on('close', () => t.fail('TCP has not ended'))
  onCloseFrame(socket, code => events.emit('told', code))
  // Its own end of TCP would come with the answer.
  raw.removeAllListeners('data').pause()
  raw.write(Buffer.from('88820000000003e9', 'hex'))
  t.same(await once(events, 'told'), [1001])
  socket.removeAllListeners('close')
})

/** How often a server's WebSocket ends its reader or its stream again while `work` runs: each time Node makes an error that nobody sees. */
async function endedAgain (t: Test, server: WebSocket, work: () => Promise<unknown>): Promise<number> {
  let again = 0
  const own = [streamOf(server), (server as unknown as { _receiver: Writable })._receiver]
  for (const { prototype } of [Writable, Socket]) {
    const counted = prototype as { end: (...args: unknown[]) => unknown }
    const { end } = counted
    t.teardown(() => { counted.end = end })
    // An assignment, since what is intercepted cannot be covered by a property of one stream.
    counted.end = function (this: Writable, ...args) {
      if (this.writableEnded && own.includes(this as Socket)) again++
      return end.apply(this, args)
    }
  }
  await work()
  return again
}

t.test('ws: a connection that is closed in order makes no errors that nobody sees', async t => {
  await t.test('without us it does: else this is not needed any more', async t => {
    const { socket, raw } = await webSocket(t)
    raw.removeAllListeners('data').resume()
    const again = await endedAgain(t, socket, async () => {
      raw.end(Buffer.from('88820000000003e9', 'hex'))
      await once(socket, 'close')
    })
    t.ok(again > 0)
  })
  await t.test('with us it does not', async t => {
    const { socket, raw } = await webSocket(t)
    onCloseFrame(socket, () => {})
    raw.removeAllListeners('data').resume()
    const again = await endedAgain(t, socket, async () => {
      raw.end(Buffer.from('88820000000003e9', 'hex'))
      t.same((await once(socket, 'close'))[0], 1001)
    })
    t.equal(again, 0)
  })
  await t.test('and whoever ends its stream with a callback or something to write is told of the error', async t => {
    const { socket, raw } = await webSocket(t)
    const closed = new EventEmitter()
    onCloseFrame(socket, () => { closed.emit('closed', streamOf(socket)) })
    raw.removeAllListeners('data').resume()
    raw.write(Buffer.from('88820000000003e9', 'hex'))
    const [stream] = await once(closed, 'closed') as [Socket]
    await once(stream, 'finish')
    t.match(await new Promise<unknown>(resolve => { stream.end(resolve as () => void) }), { code: 'ERR_STREAM_ALREADY_FINISHED' })
  })
})

t.test('ws: a frame that is written to its stream comes behind those that ws sent before it, and ahead of those that it sends later', async t => {
  const { socket, client } = await webSocket(t)
  const heard: string[] = []
  client.on('message', (data: Buffer) => { heard.push(data.toString()) })
  socket.send('before')
  streamOf(socket)?.write(Buffer.from('\x81\x06behind', 'latin1'))
  socket.send('after')
  socket.close()
  await once(client, 'close')
  t.same(heard, ['before', 'behind', 'after'])
})

t.test('ws: with each message it can be told whether more was read', async t => {
  const { socket, raw } = await webSocket(t)
  const told: boolean[] = []
  socket.on('message', () => { told.push(hasReadMore(socket)) })
  const frame = Buffer.from('818100000000', 'hex')
  const whole = Buffer.concat([frame, Buffer.from('x')])
  raw.write(Buffer.concat([whole, whole, frame]))
  while (told.length < 2) await once(socket, 'message')
  t.same(told, [true, true], 'the head of a third frame came with the second')
  raw.write('x')
  await once(socket, 'message')
  t.same(told, [true, true, false])
})

t.test('ws: one socket is held to a limit below that of its server, before the frame is read', async t => {
  const { socket, raw, client } = await webSocket(t)
  setMaxPayload(socket, 1_000)
  // The head of a masked frame of 1,001 bytes, and nothing behind it.
  raw.write(Buffer.from('81fe03e900000000', 'hex'))
  t.equal((await once(client, 'close'))[0], 1009)
  const other = await webSocket(t)
  other.client.send('x'.repeat(1_001))
  t.equal(String((await once(other.socket, 'message'))[0]).length, 1_001, 'another socket keeps that of the server')
})

t.test('Node: a connection that speaks HTTP/1 is told from one of HTTP/2', async t => {
  const first = createServer()
  const port = await listen(t, first)
  const client = connect(port, '127.0.0.1')
  t.teardown(() => client.destroy())
  t.equal(speaksHttp1((await once(first, 'connection'))[0]), true)
  const second = createHttp2Server()
  const session = connectHttp2(`http://127.0.0.1:${await listen(t, second)}`)
  t.teardown(() => session.destroy())
  t.equal(speaksHttp1((await once(second, 'connection'))[0]), false)
})

t.test('Node: a connection shows the answer that is at work on it, and none before or after', async t => {
  const seen: unknown[] = []
  const server = createServer((request, response) => {
    seen.push(responseOn(request.socket) === response)
    response.end('done')
  })
  const port = await listen(t, server)
  const connected = once(server, 'connection') as Promise<[Socket]>
  const client = connect(port, '127.0.0.1')
  t.teardown(() => client.destroy())
  const [socket] = await connected
  t.equal(responseOn(socket), null)
  for (let n = 0; n < 2; n++) {
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(client, 'data')
    t.equal(responseOn(socket), null)
  }
  t.same(seen, [true, true])
})

t.test('Node: a connection shows the answer to an upgrade, as @fastify/websocket gives it', async t => {
  const server = createServer()
  const port = await listen(t, server)
  server.on('upgrade', (request, socket) => {
    const response = new ServerResponse(request)
    response.assignSocket(socket as Socket)
    t.equal(responseOn(socket), response)
    response.writeHead(403, { connection: 'close' }).end(() => t.equal(responseOn(socket)?.writableFinished, true))
  })
  t.match((await ask(t, port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')).answer, /^HTTP\/1\.1 403/)
})

/** A server whose upgrades are judged by their path, in the way that this Node has. */
function judging (handler: RequestListener, listens: () => boolean): Server {
  const server = createServer(handler)
  const judge = ({ url = '' }: IncomingMessage): UpgradeVerdict => url.startsWith('/take') ? 'take' : url.startsWith('/answer') ? 'answer' : 'leave'
  if (decidesByServer(server)) decideUpgrades(server, judge, listens)
  else server.on('connection', socket => decideUpgradesOn(socket, judge))
  return server
}

t.test('Node: an upgrade is handed over, answered with its body, or left as it would be, as it is judged', async t => {
  const server = judging(async (request, response) => {
    let length = 0
    for await (const chunk of request) length += chunk.length
    response.end(`answered ${length}`)
  }, () => server.listenerCount('upgrade') > 0)
  const port = await listen(t, server)
  const upgrade = (path: string) => `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 4\r\n\r\nbody`
  const { answer, socket } = await ask(t, port, upgrade('/answer'))
  t.match(answer, /answered 4$/)
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  t.match(String((await once(socket, 'data'))[0]), /answered 0$/, 'and the connection goes on')
  server.on('upgrade', ({ url }, socket) => socket.end(`HTTP/1.1 101 ${url}\r\n\r\n`))
  t.match((await ask(t, port, upgrade('/take'))).answer, /101 \/take/)
  t.match((await ask(t, port, upgrade('/leave'))).answer, /101 \/leave/, 'somebody listens')
  t.match((await ask(t, port, upgrade('/answer'))).answer, /answered 4$/, 'though somebody listens')
})

t.test('Node: a version that asks the server about upgrades is known by it', async t => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  t.equal(decidesByServer(createServer()), major > 24 || (major === 24 && minor >= 9) || (major === 22 && minor >= 21))
})

t.test('Fastify: the option rewriteUrl of an app is found from all of its scopes', async t => {
  const rewriteUrl = () => '/'
  const app = Fastify({ rewriteUrl })
  t.equal(rewriteUrlOf(app), rewriteUrl)
  await app.register(async scope => { t.equal(rewriteUrlOf(scope), rewriteUrl) })
  t.equal(rewriteUrlOf(Fastify()), undefined)
})
