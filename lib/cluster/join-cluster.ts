import { BadOptionError } from '../errors.js'
import { systemClock } from '../rooms/clock.js'
import { Cluster } from './cluster.js'
import { isRedis } from './redis-connections.js'

/** What waits for another server is of all peers on it: as much as if so many of them did not read. */
const PEERS_AT_ONCE = 16

/** The rules that matter to servers that share their rooms. */
export interface ClusterRules {
  readonly cluster: { readonly keyPrefix: string, readonly lease: number, readonly timeout: number }
  readonly probeTimeout: number
  readonly bufferedBytes: number
}

/**
 * Joins the servers that share the host's Redis.
 *
 * @param given the host's options: a client that is named and missing is a mistake, as where a plugin was not registered
 * @param path where the plugin is: each registration shares its rooms with those of the same path
 * @param failed told what Redis did not do
 * @returns undefined where the host does not ask for it
 * @throws FST_WEBRTC_BAD_OPTION
 */
export function joinCluster (given: { redis?: unknown }, rules: ClusterRules, path: string, failed: (error: unknown) => void): Cluster | undefined {
  if (!('redis' in given)) return undefined
  const { redis } = given
  if (!isRedis(redis)) throw new BadOptionError('redis', 'must be a client of ioredis 5 or 6, or its Redis Cluster client')
  const { cluster: { keyPrefix, lease, timeout }, probeTimeout, bufferedBytes } = rules
  const maxWaiting = PEERS_AT_ONCE * bufferedBytes
  return new Cluster({ redis, prefix: keyPrefix + path, lease, timeout, probeTimeout, maxWaiting, clock: systemClock, failed })
}
