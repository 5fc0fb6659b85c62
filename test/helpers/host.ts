import { Writable } from 'node:stream'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { Test } from 'tap'
import type { ClientOptions } from 'ws'
import webrtcSignalling, { type WebrtcSignallingOptions } from '../../lib/index.js'
import { SignallingClient } from './signalling-client.js'
import { start } from './start.js'

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
  connect: (path?: string, options?: ClientOptions) => Promise<SignallingClient>
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
  return { app, origin, log, connect: (path = '/app', options = {}) => SignallingClient.connect(t, origin + path, options) }
}

/** Two clients in one room, with everything taken that they have heard on the way. */
export async function pair (host: Host, path = '/app', room = 'room'): Promise<[SignallingClient, SignallingClient]> {
  const first = await host.connect(path)
  await first.join(room)
  const second = await host.connect(path)
  await second.join(room)
  await first.hears('start')
  return [first, second]
}
