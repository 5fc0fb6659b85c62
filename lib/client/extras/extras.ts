import { AdaptorError, browserError } from '../base/client-errors.js'
import { quiet } from '../base/deferred.js'
import type { Guarding } from '../base/guarding.js'
import { Timer } from '../base/timer.js'
import type { CreateExtra, Extra, ExtraContext } from './extra.js'
import type { Frame } from '../signalling/frames.js'
import type { ExtraName } from './extra-methods.js'

type Method = (...args: unknown[]) => unknown

/** How long after the guard could not be loaded it is tried again, in ms: twice as long each time, up to the longest. */
const FIRST_RETRY = 1_000
const LONGEST_RETRY = 60_000
/** How long something that has failed waits for the guard, in ms. */
const GUARD_WITHIN = 5_000

/** The build makes a file of each. */
export const LOADERS: Record<ExtraName, () => Promise<{ default: CreateExtra<object> }>> = {
  data: () => import('../data/data.js'),
  'debug-log': () => import('./debug-log.js'),
  developer: () => import('./developer.js'),
  devices: () => import('./devices.js'),
  guard: () => import('../guard/guard.js'),
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

/** Loads what a call does not need at once: the guard as soon as the adaptor begins, anything else when it is asked for. */
export class Extras {
  readonly #context: ExtraContext
  readonly #loaded = new Map<ExtraName, Promise<Extra>>()
  readonly #there = new Map<ExtraName, Extra>()
  readonly #retry: Timer
  #closing: Promise<void> | null = null

  constructor (context: Omit<ExtraContext, 'part'>) {
    this.#context = { ...context, part: async name => await this.#load(name) as never }
    this.#retry = new Timer(context.environment)
  }

  /** Calls a method of a module, at once where that is there. What it throws is reported, and is what the promise rejects with. */
  call<T> (part: ExtraName, name: string, args: unknown[]): Promise<T> {
    return quiet(this.#call(part, name, args) as Promise<T>)
  }

  /** Loads the guard, however often that takes. The first failure is reported. */
  async guard (delay = FIRST_RETRY): Promise<void> {
    await (delay === FIRST_RETRY ? this.load('guard') : this.#load('guard').catch(() => {}))
    if (this.#there.has('guard') || this.#closing !== null) return
    this.#retry.start(delay, () => { void this.guard(Math.min(delay * 2, LONGEST_RETRY)) })
  }

  /** The guard, or null where it cannot be loaded, or takes too long. */
  async findGuard (): Promise<Guarding | null> {
    const deadline = new Timer(this.#context.environment)
    const late = new Promise<null>(resolve => deadline.start(GUARD_WITHIN, () => resolve(null)))
    try {
      return await Promise.race([this.#load('guard'), late]) as Guarding | null
    } catch {
      return null
    } finally {
      deadline.stop()
    }
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
    this.#retry.stop()
    this.#there.clear()
    this.#closing ??= Promise.all([...this.#loaded.values()].map(loading => loading.then(extra => extra.close(), () => {}))).then(() => {})
    return this.#closing
  }

  async #call (part: ExtraName, name: string, args: unknown[]): Promise<unknown> {
    try {
      const extra = (this.#there.get(part) ?? await this.#load(part)) as Extra & Record<string, Method>
      return await (extra[name] as Method)(...args)
    } catch (error) {
      return this.#context.announcer.fail(browserError(error))
    }
  }

  async #load (name: ExtraName): Promise<Extra> {
    const loading = this.#loaded.get(name) ?? loadPart(name, LOADERS[name]).then(
      ({ default: create }) => {
        const extra = create(this.#context)
        this.#there.set(name, extra)
        return extra
      },
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
