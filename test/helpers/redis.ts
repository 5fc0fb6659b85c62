import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import type { Test } from 'tap'

export interface RedisServer {
  port: number
  stop (): Promise<void>
  /** SIGKILL. */
  kill (): Promise<void>
  /** SIGSTOP. */
  standStill (): void
  /** SIGCONT. */
  goOn (): void
}

const ATTEMPTS = 3
/** What a shell says of a command that it cannot find. */
const NOT_FOUND = 127

/** Ends Redis when the standard input ends: a test that is killed takes it with it. A shell gives a background job no input by itself. */
const LAUNCHER = `
exec 3<&0
redis-server "$@" 3<&- &
server=$!
{ read -r _ <&3; kill -9 $server; rm -rf "$PWD"; } >/dev/null 2>&1 &
wait $server`

/** Starts a real Redis on loopback, on a port of its own, which keeps nothing. */
export async function startRedis (): Promise<RedisServer> {
  return start(async () => [])
}

/** Starts a Redis that has what another one has, and waits until it has all of it. `promote` makes it go on by itself. */
export async function startReplica (t: Test, port: number): Promise<{ port: number, promote: () => Promise<void> }> {
  const replica = await start(async () => ['--replicaof', '127.0.0.1', String(port)])
  t.teardown(replica.stop)
  const client = new Redis({ port: replica.port, host: '127.0.0.1' })
  t.teardown(() => client.disconnect())
  while (!(await client.info('replication')).includes('master_link_status:up')) await new Promise(resolve => setTimeout(resolve, 20))
  return { port: replica.port, promote: async () => { await client.replicaof('NO', 'ONE') } }
}

/** A Redis that can be killed and started again on the same port. */
export class LastingRedis {
  readonly port: number
  readonly #directory: string
  readonly #options: readonly string[]
  #server: RedisServer | null = null

  private constructor (port: number, directory: string, options: readonly string[]) {
    this.port = port
    this.#directory = directory
    this.#options = options
  }

  static async start (t: Test, options: readonly string[] = []): Promise<LastingRedis> {
    const redis = new LastingRedis(await freePort(), await mkdtemp(join(tmpdir(), 'redis-')), options)
    t.teardown(async () => {
      await redis.#server?.stop()
      await rm(redis.#directory, { recursive: true, force: true })
    })
    await redis.startAgain()
    return redis
  }

  /** SIGKILL: what was written is on the disk. */
  async kill (): Promise<void> {
    await this.#server?.kill()
    this.#server = null
  }

  /** It answers nothing any more until it is killed, and takes what is sent. */
  standStill (): void {
    this.#server?.standStill()
  }

  goOn (): void {
    this.#server?.goOn()
  }

  /** @param forget without the data of before */
  async startAgain ({ forget = false } = {}): Promise<void> {
    if (forget) await rm(join(this.#directory, 'appendonlydir'), { recursive: true, force: true })
    this.#server = await launch(this.port, ['--dir', this.#directory, '--appendonly', 'yes', '--appendfsync', 'always', ...this.#options])
    if (this.#server === null) throw new Error('redis-server did not start again.')
  }
}

/** What makes a Redis a node of a cluster. */
async function asNode (): Promise<string[]> {
  return ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort()), '--cluster-node-timeout', '5000']
}

/** Ends once every node knows all others and all slots have an owner. */
async function makeCluster (nodes: ReadonlyArray<{ port: number }>): Promise<void> {
  await promisify(execFile)('redis-cli', ['--cluster', 'create', ...nodes.map(({ port }) => `127.0.0.1:${port}`), '--cluster-yes'])
}

/** Starts a Redis Cluster of three masters, of which each can be killed and started again. Without one, the others go on. */
export async function startLastingCluster (t: Test): Promise<LastingRedis[]> {
  const nodes: LastingRedis[] = []
  for (let i = 0; i < 3; i++) nodes.push(await LastingRedis.start(t, [...await asNode(), '--cluster-require-full-coverage', 'no']))
  await makeCluster(nodes)
  return nodes
}

/** Starts a Redis Cluster of three masters. */
export async function startRedisCluster (): Promise<{ ports: number[], stop: () => Promise<void> }> {
  const servers: RedisServer[] = []
  const stop = async (): Promise<void> => { await Promise.all(servers.map(async server => server.stop())) }
  try {
    // One after the other, so that no two find the same free port.
    for (let i = 0; i < 3; i++) servers.push(await start(asNode))
    await makeCluster(servers)
    return { ports: servers.map(({ port }) => port), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function start (options: () => Promise<string[]>): Promise<RedisServer> {
  for (let attempt = 1; ; attempt++) {
    const server = await launch(await freePort(), await options())
    if (server !== null) return server
    // Between finding a free port and Redis's taking it, someone else may have.
    if (attempt === ATTEMPTS) throw new Error('redis-server did not start.')
  }
}

async function launch (port: number, options: string[]): Promise<RedisServer | null> {
  const directory = await mkdtemp(join(tmpdir(), 'redis-'))
  const server = spawn('/bin/sh', [
    '-c', LAUNCHER, 'redis-server', '--port', String(port), '--bind', '127.0.0.1', '--save', '', '--daemonize', 'no', ...options
  ], { cwd: directory, stdio: ['pipe', 'pipe', 'ignore'] })
  const exited = once(server, 'exit')
  const stop = async (): Promise<void> => {
    server.stdin.end()
    await exited
    await rm(directory, { recursive: true, force: true })
  }
  let pid = 0
  const kill = async (): Promise<void> => {
    process.kill(pid, 'SIGKILL')
    await stop()
  }
  const ready = new Promise<true>(resolve => createInterface(server.stdout).on('line', line => {
    pid = Number(/^(\d+):/.exec(line)?.[1] ?? pid)
    if (line.includes('Ready to accept connections')) resolve(true)
  }))
  const outcome = await Promise.race([ready, exited.then(([code]) => code as number | null)])
  if (outcome === true) return { port, stop, kill, standStill: () => { process.kill(pid, 'SIGSTOP') }, goOn: () => { process.kill(pid, 'SIGCONT') } }
  await rm(directory, { recursive: true, force: true })
  if (outcome === NOT_FOUND) throw new Error('These tests need Redis: install it with "apt-get install redis-server", or put redis-server on the PATH.')
  return null
}

/** A port of the loopback that nobody has right now. */
export async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
