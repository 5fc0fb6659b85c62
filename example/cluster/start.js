import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { closeOnSignal } from '../close-on-signal.js'

// Redis, two servers and HAProxy, started and ended together, to try out what happens. In production a supervisor does this: see the README.

const file = name => fileURLToPath(new URL(name, import.meta.url))

/** A program that runs beside this one. */
class Program {
  #child
  #stopped = null
  /** Resolves with what became of it. */
  ended

  constructor (command, args, { directory, env }) {
    const ipc = command === process.execPath ? 'ipc' : 'ignore'
    // In a process group of its own: Ctrl-C is for this program alone, which ends the others in order.
    const child = this.#child = spawn(command, args, { cwd: directory, env, detached: true, stdio: ['ignore', 'pipe', 'inherit', ipc] })
    this.ended = new Promise(resolve => {
      child.once('exit', (code, signal) => resolve(`${command} has ended (${signal ?? code}).`))
      child.once('error', ({ code }) => resolve(`${command} cannot be started (${code}). On Debian: apt-get install haproxy redis-server`))
    })
  }

  get isStopping () {
    return this.#stopped !== null
  }

  /** Waits until it writes such a line. */
  async writes (words) {
    const lines = createInterface(this.#child.stdout)
    await this.#ready(new Promise(resolve => lines.on('line', line => { if (words.test(line)) resolve() })))
  }

  /** Waits until it sends a message, as a Node.js process can. */
  async speaks () {
    this.#child.stdout.pipe(process.stdout)
    await this.#ready(once(this.#child, 'message'))
  }

  async stop () {
    if (this.#stopped === null) {
      this.#stopped = this.ended
      this.#child.kill()
    }
    await this.#stopped
  }

  async #ready (sign) {
    const end = await Promise.race([sign.then(() => null), this.ended])
    if (end !== null) throw new Error(end)
  }
}

/** Two servers that share their rooms by Redis, behind a load balancer. */
export class Cluster {
  #port
  #directory
  #env
  #programs = new Map()
  #isClosing = false
  #fail
  /** Rejects where a program has ended by itself, and cannot be started again. */
  broken

  /** @param {number} port where the load balancer listens */
  constructor (port) {
    this.#port = port
    this.broken = new Promise((_resolve, reject) => { this.#fail = error => { if (!this.#isClosing) reject(error) } })
    this.broken.catch(() => {})
  }

  async start () {
    this.#directory = await mkdtemp(join(tmpdir(), 'cluster-'))
    this.#env = {
      ...process.env,
      // Debian puts HAProxy where only root looks for programs.
      PATH: `${process.env.PATH}:/usr/sbin`,
      PORT: String(this.#port),
      DIRECTORY: this.#directory,
      REDIS: join(this.#directory, 'redis.sock')
    }
    const redis = this.#run('redis', 'redis-server', ['--port', '0', '--unixsocket', this.#env.REDIS, '--save', ''])
    await redis.writes(/ready to accept connections/i)
    const balancer = this.#run('balancer', 'haproxy', ['-db', '-q', '-f', file('haproxy.cfg')])
    for (const { ended } of [redis, balancer]) ended.then(end => this.#fail(new Error(end)))
    await Promise.race([Promise.all([this.#startServer('a'), this.#startServer('b')]), this.broken])
  }

  /** Restarts one server after the other, while calls go on: what is done for a new version. */
  async restart () {
    for (const name of ['a', 'b']) {
      await this.#programs.get(name).stop()
      await this.#startServer(name).catch(this.#fail)
    }
  }

  /** Ends everything, the servers first: they tell their clients to come back later. */
  async close () {
    this.#isClosing = true
    const stop = async name => this.#programs.get(name)?.stop()
    await Promise.all([stop('a'), stop('b')])
    await Promise.all([stop('balancer'), stop('redis')])
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true })
  }

  /** Resolves when the load balancer has seen it. A server that ends by itself is started again. */
  async #startServer (name) {
    const SOCKET = join(this.#directory, `${name}.sock`)
    // A server that was killed has left it.
    await rm(SOCKET, { force: true })
    if (this.#isClosing) return
    const server = this.#run(name, process.execPath, [file('server.js')], { SOCKET })
    await server.speaks()
    server.ended.then(() => server.isStopping ? undefined : this.#startServer(name)).catch(this.#fail)
  }

  #run (name, command, args, env = {}) {
    const program = new Program(command, args, { directory: this.#directory, env: { ...this.#env, ...env } })
    this.#programs.set(name, program)
    return program
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const port = Number(process.env.PORT ?? 8081)
  const cluster = new Cluster(port)
  closeOnSignal(cluster)
  // Whoever has forked this program is gone.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  try {
    await cluster.start()
    console.log(`Open http://localhost:${port}/WebRTCApp4/peer.html in two tabs: each is on another server. Enter restarts both, one after the other.`)
    let restarted = Promise.resolve()
    createInterface(process.stdin).on('line', () => {
      restarted = restarted.then(() => cluster.restart()).then(() => console.log('Both servers were restarted.'))
    })
    await cluster.broken
  } catch (error) {
    console.error(error.message)
    await cluster.close()
    process.exit(1)
  }
}
