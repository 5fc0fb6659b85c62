// A Redis that keeps nothing on disk, on the core of the load, and what it says of itself.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { Redis } from 'ioredis'

export class OwnRedis {
  #process
  #client
  port

  static async start (core) {
    const redis = new OwnRedis()
    redis.port = await freePort()
    redis.#process = spawn('redis-server', ['--port', String(redis.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], { stdio: 'ignore' })
    if (core !== undefined) spawnSync('taskset', ['-a', '-p', '-c', core, String(redis.pid)], { stdio: 'ignore' })
    redis.#client = new Redis({ port: redis.port, host: '127.0.0.1' })
    redis.#client.on('error', () => {})
    await redis.#client.ping()
    return redis
  }

  get pid () {
    return this.#process.pid
  }

  /** Commands and bytes since its start, those within scripts included, and the memory in use, in bytes. */
  async figures () {
    const info = await this.#client.info()
    const read = name => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1])
    return { commands: read('total_commands_processed'), bytes: read('total_net_input_bytes') + read('total_net_output_bytes'), memory: read('used_memory') }
  }

  async keys () {
    return await this.#client.dbsize()
  }

  async stop () {
    this.#client.disconnect()
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await ended
  }
}

async function freePort () {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
