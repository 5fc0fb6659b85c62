import type { AdaptorError } from '../../base/client-errors.js'
import { guarded } from '../../base/emitter.js'
import type { Environment } from '../../base/environment.js'
import type { CheckOptions, CheckReport, CheckStep } from './check-types.js'
import { FINDINGS } from './findings.js'
import { CheckFailure, StepScope } from './step-scope.js'

type Figures = Partial<Pick<CheckStep, 'device' | 'roundTrip' | 'bitrate'>>

const TIMEOUT = 10_000

/** Runs the steps of a check, and tells each as it begins and ends. */
export class CheckSteps {
  readonly #options: CheckOptions
  readonly #AdaptorError: typeof AdaptorError
  readonly #steps: CheckStep[] = []

  constructor (options: CheckOptions, AdaptorErrorClass: typeof AdaptorError) {
    this.#options = options
    this.#AdaptorError = AdaptorErrorClass
  }

  get report (): CheckReport {
    return { ok: this.#steps.every(({ status }) => status !== 'failed'), steps: this.#steps }
  }

  /**
   * Runs one step. Resolves with what came of it, and with `null` where it failed or was left out. Rejects where the check is cancelled.
   *
   * @param environment `null` where it is not known yet, and nothing is opened
   * @param figures what of the result is told
   */
  async run<T> (
    about: Pick<CheckStep, 'name' | 'url'>, environment: Environment | null, perform: (scope: StepScope) => Promise<T>,
    figures: (result: T) => Figures = () => ({})
  ): Promise<T | null> {
    const { signal, timeout = TIMEOUT } = this.#options
    this.#heed()
    const step: CheckStep = { ...about, status: 'running' }
    this.#steps.push(step)
    this.#tell(step)
    const scope = new StepScope(environment as Environment, timeout)
    const cancel = () => scope.close(this.#reason)
    signal?.addEventListener('abort', cancel)
    try {
      // What is told may cancel.
      this.#heed()
      const result = await scope.until(perform(scope))
      this.#heed()
      Object.assign(step, { status: 'passed' }, figures(result))
      return result
    } catch (error) {
      this.#heed()
      this.#fail(step, error instanceof CheckFailure ? error : new CheckFailure('unexpected', String(error)))
      return null
    } finally {
      signal?.removeEventListener('abort', cancel)
      scope.close(new CheckFailure('unexpected'))
      if (step.status !== 'running') this.#tell(step)
    }
  }

  #fail (step: CheckStep, { code, message, skipped }: CheckFailure): void {
    Object.assign(step, { status: skipped ? 'skipped' : 'failed', code, ...FINDINGS[code], ...message === '' ? {} : { detail: message } })
  }

  #tell (step: CheckStep): void {
    const { onStep } = this.#options
    // A copy, since the step goes on.
    if (onStep !== undefined) guarded(() => onStep({ ...step }))
  }

  /** Throws where the check is cancelled. */
  #heed (): void {
    if (this.#options.signal?.aborted === true) throw this.#reason
  }

  get #reason (): unknown {
    // Safari before 15.4 has no reason.
    return this.#options.signal?.reason ?? new this.#AdaptorError('AbortError', 'The check was cancelled.')
  }
}
