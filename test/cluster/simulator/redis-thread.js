// A thread of its own that talks to a real Redis, so that the simulation can stand still until it has answered.
import { parentPort, workerData } from 'node:worker_threads'
import { Redis } from 'ioredis'

const { redis: at, port, answered } = workerData
const redis = new Redis({ port: at, host: '127.0.0.1' })
// What fails is told by the command that fails.
redis.on('error', () => {})

port.on('message', async ([command, ...args]) => {
  const answer = await redis.call(command, ...args).then(reply => ({ reply }), ({ message }) => ({ message }))
  port.postMessage(answer)
  Atomics.store(answered, 0, 1)
  Atomics.notify(answered, 0)
})

redis.once('ready', () => parentPort.postMessage('ready'))
