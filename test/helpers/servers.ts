import { Redis } from 'ioredis'
import type { Test } from 'tap'
import type { WebrtcSignallingOptions } from '../../lib/index.js'
import { host, type Host } from './host.js'

/** Real servers of one process that share a Redis, each with a client of its own for it. Clients and servers end with the test. */
export async function servers (t: Test, port: number, count: number, options: WebrtcSignallingOptions = {}): Promise<Host[]> {
  return await Promise.all(Array.from({ length: count }, async () => server(t, port, options)))
}

/** One more server. */
export async function server (t: Test, port: number, options: WebrtcSignallingOptions = {}): Promise<Host> {
  const redis = new Redis({ port, host: '127.0.0.1' })
  redis.on('error', () => {})
  t.teardown(() => redis.disconnect())
  return await host(t, { redis, ...options })
}

let names = 0

/** A prefix of keys that no other test has. */
export function ownKeys (): { keyPrefix: string } {
  return { keyPrefix: `test ${process.pid} ${names++}:` }
}
