// PeerJS's own server.
import { createServer } from 'node:http'
import express from 'express'
import { ExpressPeerServer } from 'peer'
import { announce } from './announce.js'

const app = express()
const server = createServer(app)
app.use('/', ExpressPeerServer(server, { path: '/', concurrent_limit: 1_000_000, proxied: false, alive_timeout: 3_600_000 }))
server.listen(0, '127.0.0.1', () => announce(server))
