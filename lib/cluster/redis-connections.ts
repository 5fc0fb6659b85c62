import type { RedisOption } from '../config/options.js'
import type { ScriptClient } from './command-gate.js'
import type { StreamClient } from './stream-outbox.js'

/** The host's client. */
export type HostRedis = RedisOption

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

/** Pauses between two attempts to connect, in ms. */
const RETRY_STEP = 50
const MAX_RETRY = 2_000

const retryStrategy = (attempts: number): number => Math.min(attempts * RETRY_STEP, MAX_RETRY)

/**
 * What was not answered is sent again, since everything that we send may be: each entry of a stream and each command bears a number. The
 * deadlines are our own. What the host has set for its commands would end a connection for good, or one that waits for messages.
 */
const PATIENT = {
  maxRetriesPerRequest: null,
  enableOfflineQueue: true,
  autoResendUnfulfilledCommands: true,
  lazyConnect: false,
  retryStrategy,
  commandTimeout: undefined,
  socketTimeout: undefined,
  blockingTimeout: undefined,
  enableAutoPipelining: false,
  replyMapping: 'legacy'
}

/**
 * Makes another connection like that of the host's client: its own is never blocked, nor ended.
 *
 * @param resends whether what was not answered is sent again by itself. A Redis Cluster's client does so in any case
 */
export function connectLike (host: HostRedis, failed: (error: unknown) => void, resends = true): OwnRedis {
  const duplicate = host.duplicate.bind(host) as (...args: unknown[]) => OwnRedis
  const { redisOptions } = (host.options ?? {}) as { redisOptions?: object }
  const patient = { ...PATIENT, autoResendUnfulfilledCommands: resends }
  const ofNodes = { ...redisOptions, ...patient }
  const ofCluster = { redisOptions: ofNodes, lazyConnect: false, enableOfflineQueue: true, enableAutoPipelining: false, clusterRetryStrategy: retryStrategy }
  const client = host.isCluster === true ? duplicate([], ofCluster) : duplicate(patient)
  client.on('error', failed)
  return client
}
