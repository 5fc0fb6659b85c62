// Starts the servers and the load generator, each on a core of its own where there are two.
import { fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

export const cores = availableParallelism()
const [SERVER_CORE, LOAD_CORE] = cores > 1 ? ['0', '1'] : ['0', '0']

function start (file, args, core, flags = []) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, { execArgv: ['--expose-gc', ...flags], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  // -a: all its threads, the garbage collector's too.
  if (cores > 1) spawnSync('taskset', ['-a', '-p', '-c', core, String(child.pid)], { stdio: 'ignore' })
  return child
}

/** What a process says next. One that ends first is an error: it would be waited for for ever. */
async function nextMessage (child) {
  const over = new AbortController()
  try {
    const [message] = await Promise.race([
      once(child, 'message', over),
      once(child, 'exit', over).then(([code, signal]) => { throw endError(child, code, signal) })
    ])
    return message
  } finally {
    over.abort()
  }
}

function endError (child, code, signal) {
  return new Error(`${child.spawnargs.slice(1).join(' ')} has ended (${signal ?? code})`)
}

/** Where each server leaves a profile of its CPU, if anywhere. */
let profiles

export function keepProfiles (directory) {
  profiles = directory
}

export class Server {
  #process
  port = 0

  get pid () {
    return this.#process.pid
  }

  static async start ({ file, args = [] }) {
    const server = new Server()
    server.#process = start(file, args, SERVER_CORE, profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`])
    const { port } = await nextMessage(server.#process)
    server.port = port
    return server
  }

  /** The memory in use, in bytes. */
  memory (collect) {
    return this.#ask('memory', { collect })
  }

  watch () {
    return this.#ask('watch')
  }

  /** The longest pause of the event loop since `watch`, ms. */
  pause () {
    return this.#ask('pause')
  }

  async stop () {
    const ended = once(this.#process, 'exit')
    // A profile is only written by a process that ends by itself.
    if (profiles === undefined) this.#process.kill('SIGKILL')
    else this.#process.disconnect()
    await ended
  }

  async #ask (ask, more) {
    this.#process.send({ ask, ...more })
    const { answer } = await nextMessage(this.#process)
    return answer
  }
}

export class Load {
  #process = start('./load/main.js', [], LOAD_CORE)
  #waiting = new Map()
  #id = 0

  constructor () {
    this.#process.on('message', ({ id, result, error }) => {
      const { resolve, reject } = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) resolve(result)
      else reject(new Error(error))
    })
    this.#process.on('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(endError(this.#process, code, signal))
      this.#waiting.clear()
    })
  }

  run (task, more) {
    const id = this.#id++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#process.send({ id, task, ...more })
    })
  }

  async stop () {
    this.#process.kill('SIGKILL')
    await once(this.#process, 'exit')
  }
}
