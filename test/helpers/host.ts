import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Writable } from 'node:stream'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { Test } from 'tap'
import { WebSocket, type ClientOptions } from 'ws'
import webrtcSignalling, { type WebrtcSignallingOptions } from '../../lib/index.js'
import { start } from './start.js'

export type Message = Record<string, unknown> & { command: string, definition?: string }

/** What a frame is about: an error's or a notification's definition, else the command. */
function nameOf (message: Message): string {
  const named = message.command === 'notification' || message.command === 'error'
  return named ? String(message.definition) : message.command
}

/** A client without a browser: says frames, and waits for those of the server. */
export class Client {
  readonly socket: WebSocket
  /** Every frame that no call has taken yet. */
  readonly heard: Message[] = []
  /** Resolves with the close code. */
  readonly closed: Promise<number>
  #wake: () => void = () => {}
  #closed = false

  private constructor (socket: WebSocket) {
    this.socket = socket
    socket.on('message', data => {
      this.heard.push(JSON.parse(String(data)))
      this.#wake()
    })
    this.closed = new Promise(resolve => socket.on('close', code => {
      this.#closed = true
      this.#wake()
      resolve(code)
    }))
  }

  /** Connects, and is cut off when the test ends; fails where there is no upgrade. */
  static async connect (t: Test, url: string, options: ClientOptions = {}): Promise<Client> {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), options)
    t.teardown(() => socket.terminate())
    const client = new Client(socket)
    await once(socket, 'open')
    socket.on('error', () => {})
    return client
  }

  say (message: object | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** Waits for the next frame of this name; the ones before it are dropped. */
  async hears (name: string): Promise<Message> {
    const passed: string[] = []
    for (;;) {
      const message = await this.next()
      if (nameOf(message) === name) return message
      passed.push(nameOf(message))
      if (passed.length > 10_000) throw new Error(`No ${name} among ten thousand frames.`)
    }
  }

  /** Waits for the next frame, whatever it is. */
  async next (): Promise<Message> {
    for (;;) {
      const message = this.heard.shift()
      if (message !== undefined) return message
      if (this.#closed) throw new Error('The connection is closed, and nothing was said before.')
      await new Promise<void>(resolve => { this.#wake = resolve })
    }
  }

  /** What the server had to say so far: the names of all frames up to the answer to a ping. */
  async news (): Promise<string[]> {
    this.say({ command: 'ping' })
    const names: string[] = []
    for (;;) {
      const name = nameOf(await this.next())
      if (name === 'pong') return names
      names.push(name)
    }
  }

  async join (streamId: string, more: object = {}): Promise<Message> {
    this.say({ command: 'join', streamId, ...more })
    return await this.hears('joined')
  }
}

export interface Refusal {
  status: number
  body: Record<string, unknown>
  headers: IncomingHttpHeaders
}

/** The HTTP answer in place of an upgrade; fails where there is one. */
export async function refusal (url: string, options: ClientOptions = {}): Promise<Refusal> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), options)
  return await new Promise((resolve, reject) => {
    socket.on('unexpected-response', (_request, response: IncomingMessage) => {
      response.setEncoding('utf8').toArray().then(chunks => {
        const text = chunks.join('')
        const { statusCode: status = 0, headers } = response
        resolve({ status, headers, body: headers['content-type']?.includes('json') === true ? JSON.parse(text) : { text } })
      }, reject)
    })
    socket.on('open', () => {
      socket.terminate()
      reject(new Error('There was an upgrade.'))
    })
    socket.on('error', reject)
  })
}

/** A log that a test can read. */
export class Log {
  readonly lines: Array<Record<string, unknown> & { level: number, msg: string }> = []
  readonly stream = new Writable({
    write: (chunk, _encoding, done) => {
      this.lines.push(JSON.parse(String(chunk)))
      done()
    }
  })

  /** What is logged as `level` or worse: 40 is a warning, 50 an error. */
  from (level: number): string[] {
    return this.lines.filter(line => line.level >= level).map(line => line.msg)
  }

  /** For Fastify's `logger` option. */
  get logger (): { level: string, stream: Writable } {
    return { level: 'trace', stream: this.stream }
  }
}

export interface Host {
  app: FastifyInstance
  /** `http://localhost:…` */
  origin: string
  log: Log
  /** Connects to an application of the plugin. */
  connect: (path?: string, options?: ClientOptions) => Promise<Client>
}

/** A listening app with the plugin, closed when the test ends. */
export async function host (t: Test, options: WebrtcSignallingOptions = {}, server: FastifyServerOptions = {}): Promise<Host> {
  const log = new Log()
  const app = Fastify({ logger: log.logger, ...server })
  await app.register(webrtcSignalling, options)
  return await listen(t, app, log)
}

/** The same, for an app that a test has put together itself. */
export async function listen (t: Test, app: FastifyInstance, log = new Log()): Promise<Host> {
  const origin = await start(t, app)
  return { app, origin, log, connect: (path = '/app', options = {}) => Client.connect(t, origin + path, options) }
}

/** Two clients in one room, with everything taken that they have heard on the way. */
export async function pair (host: Host, path = '/app', room = 'room'): Promise<[Client, Client]> {
  const first = await host.connect(path)
  await first.join(room)
  const second = await host.connect(path)
  await second.join(room)
  await first.hears('start')
  return [first, second]
}
