import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from 'tap'
import { latencyOf, type Latency } from './latency.js'

const PACE = 25

/**
 * A process beside the server that has nothing to do but to give back what it is sent. How long that takes is what the machine takes to
 * wake two processes, with all that runs on it now: what a round trip through the server takes beyond that is the server's.
 */
export class Yardstick {
  readonly #echo: ChildProcess
  #times: number[] = []
  #sent = 0
  #timer: NodeJS.Timeout | undefined
  #back: (() => void) | undefined

  private constructor (echo: ChildProcess) {
    this.#echo = echo
    echo.on('message', (at: number) => {
      this.#times.push(performance.now() - at)
      if (this.#times.length === this.#sent) this.#back?.()
    })
  }

  static open (t: Test): Yardstick {
    const { NODE_OPTIONS, ...env } = process.env
    const echo = spawn(process.execPath, ['-e', 'process.on("message", sent => process.send(sent))'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env })
    t.teardown(async () => {
      echo.kill('SIGKILL')
      await once(echo, 'exit')
    })
    return new Yardstick(echo)
  }

  /** One after the other. */
  async measure (trips: number): Promise<Latency> {
    this.#start()
    for (let i = 0; i < trips; i++) await this.#trip()
    return latencyOf(this.#times)
  }

  /** One now and each 25 ms, until {@link rest}. */
  begin (): void {
    this.#start()
    this.#send()
    this.#timer = setInterval(() => this.#send(), PACE)
  }

  /** Stops, and waits for one more, behind all that is under way. */
  async rest (): Promise<Latency> {
    clearInterval(this.#timer)
    await this.#trip()
    return latencyOf(this.#times)
  }

  #start (): void {
    this.#times = []
    this.#sent = 0
  }

  #send (): void {
    this.#sent++
    this.#echo.send(performance.now())
  }

  async #trip (): Promise<void> {
    const back = new Promise<void>(resolve => { this.#back = resolve })
    this.#send()
    await back
  }
}
