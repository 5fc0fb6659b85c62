import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Test } from 'tap'
import type { Outcome } from './attack.js'
import { Bystander } from './bystander.js'
import type { Latency } from './latency.js'
import { Rpc } from './rpc.js'
import type { ServerOptions, State, Usage } from './server-process.js'
import { Yardstick } from './yardstick.js'

/** Few enough that the call stays within its own limits, even where attacks are over at once. */
const TRIPS = 15
const here = fileURLToPath(new URL('.', import.meta.url))

/** What one attack did: to the attackers, to the server and to a call beside it. */
export interface Result extends Usage {
  outcome: Outcome
  /** How long it took, ms. */
  took: number
  before: Measured
  during: Measured
  after: Measured
}

/** Round trips of the call, and what the machine took at the same time to send something to another process and back. */
export interface Measured extends Latency {
  machine: Latency
}

/**
 * A server, its attackers and a call beside them: a process for each, so that what is measured of one is its own.
 * The programs are bundled first, so that neither process bears a TypeScript compiler.
 */
export class Arena {
  readonly server: Rpc
  readonly #attacker: Rpc | undefined
  readonly port: number
  readonly bystander: Bystander
  readonly #yardstick: Yardstick

  private constructor (server: Rpc, attacker: Rpc | undefined, port: number, bystander: Bystander, yardstick: Yardstick) {
    this.server = server
    this.#attacker = attacker
    this.port = port
    this.bystander = bystander
    this.#yardstick = yardstick
  }

  static async open (t: Test, options: ServerOptions = {}, attackers = true): Promise<Arena> {
    const outdir = t.testdir()
    await build({
      entryPoints: [join(here, 'server-process.ts'), join(here, 'attacker-process.ts')],
      outdir,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: 'inline'
    })
    const children: ChildProcess[] = []
    const spawn = (name: string): ChildProcess => {
      // Without what the test runner puts into its own processes.
      const { NODE_OPTIONS, ...env } = process.env
      const child = fork(join(outdir, name), { execArgv: ['--expose-gc', '--enable-source-maps'], env })
      children.push(child)
      return child
    }
    t.teardown(async () => {
      await Promise.all(children.map(async child => {
        if (child.exitCode !== null || child.signalCode !== null) return
        child.kill('SIGKILL')
        await once(child, 'exit')
      }))
    })
    const server = new Rpc(spawn('server-process.mjs'), {})
    const port = await server.call<number>('start', options)
    const attacker = attackers
      ? new Rpc(spawn('attacker-process.mjs'), {
        advance: async (ms: number) => await server.call('advance', ms),
        quiet: async (rest: number) => await server.call('quiet', rest),
        heard: async (from: number, bytes: number) => await server.call('heard', from, bytes),
        kept: async () => await server.call('kept')
      })
      : undefined
    const bystander = await Bystander.join(port)
    t.teardown(() => bystander.leave())
    return new Arena(server, attacker, port, bystander, Yardstick.open(t))
  }

  state (): Promise<State> {
    return this.server.call('state')
  }

  advance (ms: number): Promise<void> {
    return this.server.call('advance', ms)
  }

  /** One attack, and then the silence in which the server has nobody left but the call. */
  async unleash (name: string, scale: number): Promise<Outcome> {
    const outcome = await this.#attacker?.call<Outcome>('attack', name, this.port, scale) ?? {}
    await this.server.call('quiet', 2)
    return outcome
  }

  /** One attack with the call measured before, meanwhile and after. */
  async attack (name: string): Promise<Result> {
    const { server, bystander } = this
    const before = await this.#measure()
    await server.call('begin')
    this.#yardstick.begin()
    bystander.talk()
    const begun = performance.now()
    const outcome = await this.unleash(name, 1)
    const took = performance.now() - begun
    const during = { ...await bystander.rest(), machine: await this.#yardstick.rest() }
    const usage = await server.call<Usage>('usage')
    const after = await this.#measure()
    return { outcome, took, before, during, after, ...usage }
  }

  async #measure (): Promise<Measured> {
    return { ...await this.bystander.measure(TRIPS), machine: await this.#yardstick.measure(TRIPS) }
  }

  /** How much the heap holds when all that attacks leave behind has had the time to be forgotten, MB. */
  async heapAtRest (): Promise<number> {
    await this.advance(180_000)
    // A connection makes the server forget who has been quiet for two minutes.
    const passer = await Bystander.join(this.port, 'passers')
    passer.leave()
    await this.server.call('quiet', 2)
    return await this.server.call('heap')
  }
}
