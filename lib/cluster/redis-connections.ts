import type { ScriptClient } from './command-gate.js'
import type { StreamClient } from './stream-outbox.js'

/** As much of a client of ioredis, or of its Redis Cluster client, as is used. */
export interface HostRedis {
  readonly status: string
  readonly isCluster?: boolean
  readonly options?: object
  duplicate (...options: never[]): unknown
  call (command: string, ...args: string[]): Promise<unknown>
}

/** A client that we have made ourselves. */
export interface OwnRedis extends ScriptClient, StreamClient {
  readonly status: string
  on (event: string, listener: (...args: unknown[]) => void): unknown
  disconnect (reconnect?: boolean): void
}

/** Whether something is a client of ioredis 5 or 6. */
export function isRedis (value: unknown): value is HostRedis {
  if (typeof value !== 'object' || value === null) return false
  const client = value as Record<string, unknown>
  return typeof client.status === 'string' && ['duplicate', 'call', 'evalsha', 'eval', 'on', 'disconnect'].every(method => typeof client[method] === 'function')
}

// What was not answered is sent again, since everything that we send may be: each entry of a stream and each command bears a number.
const PATIENT = { maxRetriesPerRequest: null, enableOfflineQueue: true, autoResendUnfulfilledCommands: true, lazyConnect: false }

/** Makes another connection like that of the host's client: its own is never blocked, nor ended. */
export function connectLike (host: HostRedis, failed: (error: unknown) => void): OwnRedis {
  const duplicate = host.duplicate.bind(host) as (...args: unknown[]) => OwnRedis
  const { redisOptions } = (host.options ?? {}) as { redisOptions?: object }
  const client = host.isCluster === true ? duplicate([], { redisOptions: { ...redisOptions, ...PATIENT }, lazyConnect: false }) : duplicate(PATIENT)
  client.on('error', failed)
  return client
}
