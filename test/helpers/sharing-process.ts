import Fastify from 'fastify'
import { Redis } from 'ioredis'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import webrtcSignalling, { type WebrtcSignallingOptions } from '../../lib/index.js'

// A server in a process of its own, which shares a Redis with others, and can be killed or stopped by a signal.

/** What it is told at first. */
export interface Begin {
  redisPort: number
  options: WebrtcSignallingOptions
  /** How long, in ms, `authorize` takes; by default there is none. */
  decidesIn?: number
  /** Whether it says what it logs. */
  tells?: boolean
}

/** What it is asked later on: which rooms there are, on all servers; or to drain and end. */
export type Asked = { list: number } | 'close'

/** What it says. */
export type Told = { port: number } | { logged: string } | { list: number, rooms: Array<{ name: string, peers: string[] }> }

const tell = (told: Told): void => { process.send?.(told) }

process.once('disconnect', () => process.exit())
process.once('message', async ({ redisPort, options, decidesIn, tells = false }: Begin) => {
  const redis = new Redis({ port: redisPort, host: '127.0.0.1' })
  redis.on('error', () => {})
  const app = Fastify(tells ? { logger: { level: 'warn', stream: { write: (logged: string) => tell({ logged }) } } } : {})
  const authorize = async (): Promise<void> => { await setTimeout(decidesIn) }
  await app.register(webrtcSignalling, { serveClient: false, redis, ...options, ...decidesIn === undefined ? {} : { authorize } })
  await app.listen({ host: '127.0.0.1', port: 0 })
  tell({ port: (app.server.address() as AddressInfo).port })
  process.on('message', async (asked: Asked) => {
    if (asked === 'close') {
      await app.close()
      process.exit()
    }
    const rooms = (await app.rooms.list()).map(({ name, peers }) => ({ name, peers: peers.map(({ id }) => id) }))
    tell({ list: asked.list, rooms })
  })
})
