import Fastify, { type FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import type { WebSocket } from 'ws'
import webrtcSignalling, { type WebrtcSignallingOptions } from '../../lib/index.js'
import { RoomRegistry } from '../../lib/rooms/room-registry.js'
import { listen, Log, pair, type Host } from '../helpers/host.js'
import { refusal } from '../helpers/signalling-client.js'

// A host's log may fail on what it is told, as where a serializer expects something else under a name of ours. Whatever we write
// there, the client gets what it would get with a log that works, and the process goes on.

const fails = (): never => { throw new Error('The log of the host fails.') }
/** For each name under which we say something. */
const serializers = Object.fromEntries(['err', 'app', 'room', 'peer', 'connection', 'alive', 'duration', 'bufferedBytes', 'origin', 'code', 'statusCode'].map(name => [name, fails]))

interface LogCase {
  /** What is told. */
  line: string | RegExp
  level: number
  options?: WebrtcSignallingOptions
  /** Of what becomes of the client. */
  meets: (host: Host, t: Test) => Promise<unknown>
}

const relaying: WebrtcSignallingOptions = {
  bufferedBytes: 100_000, limits: { messagesPerSecond: 1e6, messageBurst: 1e6, bytesPerSecond: 1e9, byteBurst: 1e9 }
}
const urls = ['turn:turn.example:3478']

const cases: LogCase[] = [
  {
    line: 'a frame could not be handled',
    level: 50,
    async meets ({ connect }, t) {
      // Stands for a defect of our own.
      t.intercept(RoomRegistry.prototype, 'join', { value: fails })
      const client = await connect()
      client.send({ command: 'join', streamId: 'room' })
      await client.hears('error: internalError')
      t.equal((await client.closed).code, 1011)
    }
  },
  {
    line: 'a client did not answer a ping in time and is cut off',
    level: 20,
    options: { heartbeat: { interval: 20, timeout: 40 } },
    async meets ({ connect }, t) {
      const client = await connect('/app', { autoPong: false })
      t.equal((await client.closed).code, 1006)
    }
  },
  {
    line: 'a client does not read and is cut off',
    level: 30,
    options: relaying,
    async meets (host, t) {
      const [sender, reader] = await pair(host)
      reader.socket.pause()
      const frame = { command: 'peerMessageCommand', streamId: 'room', definition: 'data', data: 'x'.repeat(60_000) }
      let heard: string[] = []
      // The buffers of the system, on both sides, take some megabytes before ours has to.
      for (let sent = 0; heard.length === 0 && sent < 1_000; sent++) {
        sender.send(frame)
        heard = await sender.heard()
      }
      t.equal(heard[0], 'stop', 'the room is told')
      t.notOk(heard.includes('internalError'))
    }
  },
  {
    line: 'authorize refused a join',
    level: 30,
    options: { authorize: () => { throw new Error('No.') } },
    async meets ({ connect }) {
      const client = await connect()
      client.send({ command: 'join', streamId: 'room' })
      await client.hears('error: unauthorized_access')
      await client.heard()
    }
  },
  {
    line: 'authorize refused a join',
    level: 30,
    options: { authorize: async () => { throw new Error('No.') } },
    async meets ({ connect }) {
      const client = await connect()
      client.send({ command: 'join', streamId: 'room' })
      await client.hears('error: unauthorized_access')
      await client.heard()
    }
  },
  {
    line: 'authorize took longer than authorizeTimeout: join refused',
    level: 40,
    options: { authorize: () => new Promise(() => {}), authorizeTimeout: 20 },
    async meets ({ connect }) {
      const client = await connect()
      client.send({ command: 'join', streamId: 'room' })
      await client.hears('error: unauthorized_access')
      await client.heard()
    }
  },
  {
    line: 'turn.credentials failed: answered without TURN',
    level: 50,
    options: { turn: { urls, credentials: fails } },
    async meets ({ connect }) {
      const client = await connect()
      client.send({ command: 'getIceServerConfig' })
      await client.hears('iceServerConfig')
      await client.heard()
    }
  },
  ...[fails, async () => fails()].map((listener): LogCase => ({
    line: 'a listener of fastify.rooms threw',
    level: 50,
    async meets (host, t) {
      host.app.rooms.on('joined', listener as () => void)
      const clients = await pair(host)
      for (const client of clients) t.same(await client.heard(), [])
    }
  })),
  {
    line: /^a page's origin is not in the option 'allowedOrigins'/,
    level: 40,
    async meets ({ origin }, t) {
      t.match(await refusal(`${origin}/app`, { origin: 'https://else.where' }), { status: 403, body: { code: 'FST_WEBRTC_ORIGIN_NOT_ALLOWED' } })
    }
  },
  {
    line: 'No such application',
    level: 20,
    options: { apps: app => app === 'app' },
    async meets ({ origin }, t) {
      t.match(await refusal(`${origin}/other`), { status: 404, body: { code: 'FST_WEBRTC_UNKNOWN_APP' } })
    }
  },
  {
    line: 'a WebSocket failed',
    level: 20,
    async meets ({ connect }, t) {
      t.equal((await (await connect('/broken')).closed).code, 1006)
    }
  }
]

/** An app with a log that fails on what we say, or does not write at all. */
async function hostWith (t: Test, options: WebrtcSignallingOptions, logger: FastifyServerOptions['logger'], log: Log): Promise<Host> {
  const app = Fastify({ logger: logger as never })
  app.addHook('onRoute', route => {
    // A host may put something around our handlers, and that may fail.
    const { wsHandler } = route as unknown as { wsHandler?: (socket: WebSocket, request: { url: string }) => unknown }
    if (wsHandler === undefined) return
    Object.assign(route, { wsHandler: (socket: WebSocket, request: { url: string }) => request.url === '/broken' ? fails() : wsHandler(socket, request) })
  })
  await app.register(webrtcSignalling, { drain: { grace: 500 }, ...options })
  return await listen(t, app, log)
}

for (const { line, level, options = {}, meets } of cases) {
  t.test(`A host whose log fails on what it is told of '${String(line)}' has the line without that, and the client its answer`, async t => {
    const log = new Log()
    const host = await hostWith(t, options, { ...log.logger, serializers }, log)
    await meets(host, t)
    t.match(log.lines.filter(({ msg }) => typeof line === 'string' ? msg === line : line.test(msg)), [{ level }], 'it is written')
    t.same(await (await host.connect()).heard(), [], 'and the server goes on')
  })
}

t.test('A host whose log writes nothing of ours goes on', async t => {
  const log = new Log()
  const logMethod = function (this: unknown, args: unknown[], method: (...args: unknown[]) => void): void {
    // Fastify's own lines pass, since what it says fails without us as well.
    if (args.includes('authorize refused a join')) fails()
    method.apply(this, args)
  }
  const { connect } = await hostWith(t, { authorize: () => { throw new Error('No.') } }, { ...log.logger, hooks: { logMethod } } as never, log)
  const client = await connect()
  client.send({ command: 'join', streamId: 'room' })
  await client.hears('error: unauthorized_access')
  t.same(await client.heard(), [])
})
