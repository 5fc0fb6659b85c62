import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import websocket from '@fastify/websocket'
import fastify, { type FastifyInstance } from 'fastify'
import webrtcSignalling, { type WebrtcSignallingOptions } from '../../../lib/index.js'
import { Rpc } from './rpc.js'

// The server under attack, in a process of its own, so that what it takes of memory and CPU is its own.

export interface ServerOptions {
  plugin?: WebrtcSignallingOptions
  /** The host has registered a WebSocket server of its own, that compresses. */
  compressing?: boolean
  /**
   * How long a handshake may take, ms. Only who tries that out sets it: a machine that is busy for so long refuses the honest, too.
   *
   * @default 60_000, as Node has it
   */
  headersTimeout?: number
}

export interface Usage {
  /** How much more memory the process held than at the beginning, at the most, MB. */
  memory: number
  /** CPU time, ms. */
  cpu: number
  /** The longest that the event loop was held up, ms. */
  stall: number
}

export interface State {
  connections: number
  rooms: number
  logLines: number
  /** What must never happen. */
  faults: string[]
}

const MB = 1024 * 1024
const faults: string[] = []
process.on('uncaughtException', error => faults.push(String(error.stack)))
process.on('unhandledRejection', reason => faults.push(String(reason)))
process.on('warning', warning => faults.push(String(warning.stack)))
process.once('disconnect', () => process.exit())

// The plugin reads the time from here. A test moves it instead of waiting, so that the defaults can be tried, which are
// seconds and minutes. Timers are not moved.
const realNow = performance.now.bind(performance)
let ahead = 0
performance.now = () => realNow() + ahead

let app: FastifyInstance | undefined
const sockets = new Map<number, Socket>()
let logLines = 0
let peak = 0
let base = 0
let cpu = process.cpuUsage()
const delay = monitorEventLoopDelay({ resolution: 5 })

function sample (): void {
  peak = Math.max(peak, process.memoryUsage.rss())
}

async function start (options: ServerOptions): Promise<number> {
  app = fastify({
    logger: { level: 'warn', stream: { write: () => { logLines++ } } },
    // Without an interval of ours Node looks each 30 s.
    http: { headersTimeout: options.headersTimeout ?? 60_000, connectionsCheckingInterval: 250 }
  })
  if (options.compressing === true) await app.register(websocket, { options: { perMessageDeflate: true, maxPayload: 64 * MB } })
  await app.register(webrtcSignalling, { serveClient: false, ...options.plugin })
  app.server.on('connection', socket => {
    const { remotePort = 0 } = socket
    sockets.set(remotePort, socket)
    socket.once('close', () => sockets.delete(remotePort))
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  setInterval(sample, 20)
  delay.enable()
  return (app.server.address() as AddressInfo).port
}

async function state (): Promise<State> {
  const { connections, rooms } = await (app as FastifyInstance).rooms.dump()
  const polluted = Object.keys(Object.prototype).concat(Object.getOwnPropertyNames(Object.prototype).filter(name => name.includes('polluted')))
  return { connections, rooms: rooms.length, logLines, faults: [...faults, ...polluted.map(name => `Object.prototype.${name}`)] }
}

/** Waits until nothing but `rest` connections is left. */
async function quiet (rest: number): Promise<void> {
  while ((await state()).connections > rest) await pause(10)
}

/**
 * Waits until that many bytes have been read from the client at `port`, and all that follows from them has happened.
 *
 * @returns how many bytes wait for that client in this process, or -1 where it was cut off.
 */
async function heard (port: number, bytes: number): Promise<number> {
  for (;;) {
    const socket = sockets.get(port)
    if (socket === undefined) return -1
    if (socket.bytesRead >= bytes) return socket.writableLength
    await pause(1)
  }
}

/** What is kept for peers that may come back, and how many rooms there are. */
async function kept (): Promise<{ bytes: number, rooms: number }> {
  const { replayBytes, rooms } = await (app as FastifyInstance).rooms.dump()
  return { bytes: replayBytes, rooms: rooms.length }
}

async function heap (): Promise<number> {
  let least = Infinity
  // Some things are only let go by the turn of the loop that follows.
  for (let i = 0; i < 6; i++) {
    globalThis.gc?.()
    await new Promise(resolve => setImmediate(resolve))
    const { heapUsed, external } = process.memoryUsage()
    least = Math.min(least, heapUsed + external)
  }
  return least / MB
}

void new Rpc(process, {
  start,
  state,
  quiet,
  heard,
  heap,
  kept,
  advance: (ms: number) => { ahead += ms },
  begin: () => {
    globalThis.gc?.()
    base = peak = process.memoryUsage.rss()
    cpu = process.cpuUsage()
    delay.reset()
  },
  usage: (): Usage => {
    sample()
    const { user, system } = process.cpuUsage(cpu)
    return { memory: (peak - base) / MB, cpu: (user + system) / 1000, stall: delay.max / 1e6 }
  },
  stop: () => app?.close()
})
