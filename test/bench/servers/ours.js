// The plugin with all its checks; only those limits are lifted that one load generator on one address meets.
// With `--redis PORT` it shares its rooms with all servers on that Redis.
import { parseArgs } from 'node:util'
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import webrtcSignalling from '../../../dist/index.js'
import { announce } from './announce.js'

const MANY = 1_000_000_000

const { values } = parseArgs({ options: { redis: { type: 'string' } } })
const redis = values.redis === undefined ? {} : { redis: new Redis({ port: Number(values.redis), host: '127.0.0.1' }) }

const app = Fastify()
await app.register(webrtcSignalling, {
  apps: ['app'],
  serveClient: false,
  ...redis,
  limits: {
    messagesPerSecond: MANY,
    messageBurst: MANY,
    bytesPerSecond: MANY,
    byteBurst: MANY,
    joinsPerMinute: MANY,
    connectionsPerAddress: MANY,
    connectionsPerApp: MANY,
    connections: MANY,
    rooms: MANY
  }
})
await app.listen({ host: '127.0.0.1', port: 0 })
announce(app.server)
