import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import * as ioredis from 'ioredis'
import * as ioredis5 from 'ioredis-5'
import type { Test } from 'tap'
import type { WebrtcSignallingOptions } from '../../lib/index.js'
import { COMPILED_AS_LOADED } from './compiled-as-loaded.js'
import { host, type Host } from './host.js'
import { SignallingClient } from './signalling-client.js'

/** Real servers of one process that share a Redis, each with a client of its own for it. Clients and servers end with the test. */
export async function servers (t: Test, port: number, count: number, options: WebrtcSignallingOptions = {}): Promise<Host[]> {
  return await Promise.all(Array.from({ length: count }, async () => server(t, port, options)))
}

/** One more server. Of several ports each is a node of a Redis Cluster. `version` is that of ioredis. */
export async function server (t: Test, port: number | number[], options: WebrtcSignallingOptions = {}, version: 5 | 6 = 6): Promise<Host> {
  const { Redis, Cluster } = version === 5 ? ioredis5 as unknown as typeof ioredis : ioredis
  const redis = typeof port === 'number' ? new Redis({ port, host: '127.0.0.1' }) : new Cluster(port.map(port => ({ port, host: '127.0.0.1' })))
  redis.on('error', () => {})
  t.teardown(() => redis.disconnect())
  // Clients that a test has ended come back to nobody.
  return await host(t, { redis, drain: { grace: 300 }, ...options })
}

let names = 0

/** A prefix of keys that no other test has. */
export function ownKeys (): { keyPrefix: string } {
  return { keyPrefix: `test ${process.pid} ${names++}:` }
}

const PROGRAM = fileURLToPath(new URL('sharing-process.ts', import.meta.url))

/** A server in a process of its own. */
export interface ServerProcess {
  process: ChildProcess
  /** `http://127.0.0.1:…` */
  origin: string
  connect (): Promise<SignallingClient>
}

export async function serverProcess (t: Test, redisPort: number, options: WebrtcSignallingOptions = {}): Promise<ServerProcess> {
  const child = fork(PROGRAM, { execArgv: COMPILED_AS_LOADED, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  t.teardown(() => child.kill('SIGKILL'))
  child.send({ redisPort, options: options as object })
  const [{ port }] = await once(child, 'message') as [{ port: number }]
  const origin = `http://127.0.0.1:${port}`
  return { process: child, origin, connect: async () => SignallingClient.connect(t, `${origin}/app`) }
}

/** Waits until something holds that is said nowhere: how many servers are alive, as one of them sees it. */
export async function until (holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!await holds()) await new Promise(resolve => setTimeout(resolve, 20))
}
