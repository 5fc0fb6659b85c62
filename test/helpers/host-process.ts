import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'

const PROGRAM = fileURLToPath(new URL('../../example/basic/server.js', import.meta.url))

/** The basic example in a process of its own, which can be killed and started again on the same port. */
export class HostProcess {
  #child: ChildProcess | undefined
  #port = 0

  /** Where the page is, as the program itself prints it. */
  address = ''

  static async start (t: Test): Promise<HostProcess> {
    const host = new HostProcess()
    t.teardown(() => host.kill())
    await host.start()
    return host
  }

  async start (): Promise<void> {
    const child = spawn(process.execPath, [PROGRAM], {
      env: { ...process.env, PORT: String(this.#port) },
      stdio: ['ignore', 'pipe', 'inherit']
    })
    this.#child = child
    for await (const line of createInterface({ input: child.stdout })) {
      const address = /http:\/\/localhost:\d+\/\S+/.exec(line)?.[0]
      if (address === undefined) continue
      this.address = address
      this.#port = Number(new URL(address).port)
      return
    }
    throw new Error('The example ended before it listened.')
  }

  /** SIGKILL: nothing of it says goodbye. */
  async kill (): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}
