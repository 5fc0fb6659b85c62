import { deferred, type Deferred } from '../../base/deferred.js'
import type { Environment } from '../../base/environment.js'
import { Timer } from '../../base/timer.js'
import type { CheckCode } from './check-types.js'

/** Why a step failed or was left out. */
export class CheckFailure extends Error {
  readonly code: CheckCode
  readonly skipped: boolean

  /** `detail`: what the browser or the server said. */
  constructor (code: CheckCode, detail = '', skipped = false) {
    super(detail)
    this.code = code
    this.skipped = skipped
  }
}

/** What one step has opened, and what it waits for. All of it ends with the step, also where the check is cancelled in its middle. */
export class StepScope {
  readonly environment: Environment
  /** Maximum time for an answer, in ms. */
  readonly timeout: number
  readonly #closers = new Set<() => void>()
  /** Rejects when the step is over. */
  readonly #end = deferred<never>()
  #closed = false

  constructor (environment: Environment, timeout: number) {
    this.environment = environment
    this.timeout = timeout
  }

  /** Runs `close` at the end of the step, at once where that has come. */
  add (close: () => void): void {
    if (this.#closed) close()
    else this.#closers.add(close)
  }

  /** Waits for whatever the browser does, or for the end of the step. */
  async until<T> (promise: Promise<T>): Promise<T> {
    return await Promise.race([this.#end.promise, promise])
  }

  /** Waits until `answer` is resolved. Rejects with `code` where that takes too long. */
  async answer<T> (answer: Deferred<T>, code: CheckCode, ms = this.timeout): Promise<T> {
    const timer = new Timer(this.environment)
    const stop = () => timer.stop()
    this.add(stop)
    try {
      if (!this.#closed) timer.startDeadline(ms, () => answer.reject(new CheckFailure(code)))
      return await this.until(answer.promise)
    } finally {
      stop()
      this.#closers.delete(stop)
    }
  }

  /** A peer connection that ends with the step. */
  connect (configuration: RTCConfiguration): RTCPeerConnection {
    const connection = new this.environment.RTCPeerConnection(configuration)
    this.add(() => {
      connection.onicecandidate = connection.onicecandidateerror = connection.ondatachannel = null
      connection.close()
    })
    return connection
  }

  close (reason: unknown): void {
    if (this.#closed) return
    this.#closed = true
    for (const close of this.#closers) close()
    this.#closers.clear()
    this.#end.reject(reason as Error)
  }
}
