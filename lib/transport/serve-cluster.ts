import type { FastifyInstance } from 'fastify'
import type { RoomRegistry } from '../rooms/room-registry.js'
import type { ConnectionRegistry } from './connection-registry.js'

/** The servers that share rooms, seen from this one. */
interface SharedServers {
  serve (rooms: RoomRegistry): void
  start (): Promise<void>
  stop (): Promise<void>
}

/** Joins other servers before the app listens, and leaves them when its connections are closed. */
export function serveCluster (scope: FastifyInstance, cluster: SharedServers, { rooms }: ConnectionRegistry): void {
  cluster.serve(rooms)
  scope.addHook('onReady', async () => { await cluster.start() })
  scope.addHook('onClose', async () => { await cluster.stop() })
}
