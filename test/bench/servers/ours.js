// The plugin with all its checks; only those limits are lifted that one load generator on one address meets.
import Fastify from 'fastify'
import webrtcSignalling from '../../../dist/index.js'
import { announce } from './announce.js'

const MANY = 1_000_000_000

const app = Fastify()
await app.register(webrtcSignalling, {
  apps: ['app'],
  serveClient: false,
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
