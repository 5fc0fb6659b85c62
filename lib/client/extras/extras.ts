import { AdaptorError, browserError } from '../base/client-errors.js'
import { quiet } from '../base/deferred.js'
import type { CreateExtra, Extra, ExtraContext } from './extra.js'
import type { Frame } from '../signalling/frames.js'
import { EXTRA_METHODS, type ExtraMethods, type ExtraName } from './extra-methods.js'

type Methods = Record<keyof ExtraMethods, (...args: unknown[]) => unknown>

/** The build makes a file of each. */
export const LOADERS: Record<ExtraName, () => Promise<{ default: CreateExtra<object> }>> = {
  data: () => import('../data/data.js'),
  'debug-log': () => import('./debug-log.js'),
  developer: () => import('./developer.js'),
  devices: () => import('./devices.js'),
  screen: () => import('./screen.js'),
  sound: () => import('./sound.js'),
  stats: () => import('./stats.js'),
  verification: () => import('./verification/verification.js')
}

/** Loads a module. Rejects with `moduleNotLoaded`. */
export async function loadPart<T> (name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    throw new AdaptorError('moduleNotLoaded', `The SDK's part ${name} could not be loaded.`, { cause })
  }
}

/** Loads what a call does not need at once, when it is asked for. */
export class Extras {
  readonly #context: ExtraContext
  readonly #loaded = new Map<ExtraName, Promise<Methods & Extra>>()
  #closing: Promise<void> | null = null

  constructor (context: Omit<ExtraContext, 'part'>) {
    this.#context = { ...context, part: async name => await this.#load(name) as never }
  }

  /** Calls a method of a module. What it throws is reported, and is what the promise rejects with. */
  call (name: keyof ExtraMethods, args: unknown[]): Promise<unknown> {
    return quiet(this.#load(EXTRA_METHODS[name]).then(methods => methods[name](...args)).catch(error => {
      return this.#context.announcer.fail(browserError(error))
    }))
  }

  /** Loads a part that has no methods, before it is needed. That it cannot be loaded is reported. */
  async load (name: ExtraName): Promise<void> {
    await this.#load(name).catch(error => {
      if (this.#closing === null) this.#context.announcer.report(browserError(error))
    })
  }

  /** Hands what came over the data channel to its module, in order: a frame of another one of this SDK, or whatever an application sends. */
  receive (data: unknown): void {
    this.#load((data as Partial<Frame>).command === 'verification' ? 'verification' : 'data').then(extra => extra.receive?.(data)).catch(error => {
      if (this.#closing === null) this.#context.announcer.report(browserError(error))
    })
  }

  /** Closes the parts that were loaded, or are being loaded. */
  close (): Promise<void> {
    this.#closing ??= Promise.all([...this.#loaded.values()].map(loading => loading.then(extra => extra.close(), () => {}))).then(() => {})
    return this.#closing
  }

  async #load (name: ExtraName): Promise<Methods & Extra> {
    const loading = this.#loaded.get(name) ?? loadPart(name, LOADERS[name]).then(
      ({ default: create }) => create(this.#context) as Methods & Extra,
      error => {
        // The next call may find the network back.
        this.#loaded.delete(name)
        throw error
      }
    )
    this.#loaded.set(name, loading)
    const extra = await loading
    if (this.#closing !== null) throw new AdaptorError('InvalidStateError', 'The adaptor was closed.')
    return extra
  }
}
