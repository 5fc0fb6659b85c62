import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { freePort } from './redis.js'

const PROGRAM = fileURLToPath(new URL('../../example/cluster/start.js', import.meta.url))

/** example/cluster as a person starts it: two servers, Redis and HAProxy. */
export class ClusterProcess {
  readonly #child: ChildProcess
  readonly #lines: Interface
  /** Where it may leave something behind. */
  readonly #directory: string
  /** Where the load balancer is, as the program itself prints it. */
  readonly address: string

  private constructor (child: ChildProcess, lines: Interface, directory: string, address: string) {
    this.#child = child
    this.#lines = lines
    this.#directory = directory
    this.address = address
  }

  static async start (t: Test): Promise<ClusterProcess> {
    // Not the test's own directory: the name of a socket has 107 characters at the most.
    const directory = await mkdtemp(join(tmpdir(), 'test-'))
    // Without what tap has its own processes load.
    const env: NodeJS.ProcessEnv = { ...process.env, NODE_OPTIONS: '', PORT: String(await freePort()), TMPDIR: directory }
    const child = fork(PROGRAM, { env, execArgv: [], stdio: ['pipe', 'pipe', 'inherit', 'ipc'] })
    t.teardown(async () => {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      await rm(directory, { recursive: true, force: true })
    })
    if (child.stdout === null) throw new Error('There is nothing to read.')
    const lines = createInterface(child.stdout)
    const address = await said(child, lines, /http:\/\/localhost:\d+\/\w+/)
    return new ClusterProcess(child, lines, directory, address)
  }

  /** Restarts both servers, one after the other. */
  async restart (): Promise<void> {
    const done = said(this.#child, this.#lines, /were restarted/)
    this.#child.stdin?.write('\n')
    await done
  }

  /** As Ctrl-C does. */
  async stop (): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGINT')
    await ended
  }

  /** A connection to its Redis. */
  async redis (t: Test): Promise<Redis> {
    const [own = ''] = await readdir(this.#directory)
    const redis = new Redis({ path: join(this.#directory, own, 'redis.sock') })
    t.teardown(() => redis.disconnect())
    return redis
  }

  /** How many processes of it there are, its own left out, and files. */
  async traces (): Promise<{ processes: number, files: string[] }> {
    const processes = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
    const directories = await Promise.all(processes.map(async pid => readlink(`/proc/${pid}/cwd`).catch(() => '')))
    return { processes: directories.filter(directory => directory.startsWith(this.#directory)).length, files: await readdir(this.#directory) }
  }
}

/** Waits for a line that it prints, and gives what was looked for. */
async function said (child: ChildProcess, lines: Interface, words: RegExp): Promise<string> {
  return await new Promise((resolve, reject) => {
    const look = (line: string): void => {
      const found = words.exec(line)?.[0]
      if (found === undefined) return
      lines.off('line', look)
      resolve(found)
    }
    lines.on('line', look)
    child.once('exit', code => reject(new Error(`It has ended (${String(code)}) without saying ${String(words)}.`)))
  })
}
