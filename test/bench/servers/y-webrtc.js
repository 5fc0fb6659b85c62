// y-webrtc's signalling server listens by itself as it is imported, so the port is chosen before.
import { createServer } from 'node:net'
import { announce } from './announce.js'

const probe = createServer()
await new Promise(resolve => probe.listen(0, resolve))
const { port } = probe.address()
await new Promise(resolve => probe.close(resolve))
process.env.PORT = String(port)
console.log = () => {}
const bin = new URL('../node_modules/y-webrtc/bin/server.js', import.meta.url)
await import(bin.href)
announce({ address: () => ({ port }) })
