import { AdaptorError, browserError } from '../base/client-errors.js'
import { quiet } from '../base/deferred.js'
import type { Guarding } from '../base/guarding.js'
import { Timer } from '../base/timer.js'
import type { CreateExtra, Extra, ExtraContext } from './extra.js'
import type { Frame } from '../signalling/frames.js'
import { EXTRA_METHODS, type ExtraMethods, type ExtraName } from './extra-methods.js'

type Methods = Record<keyof ExtraMethods, (...args: unknown[]) => unknown>

/** What the guard has beside what other modules have. */
type Guard = Guarding & Extra

/** A module, and the build that it is of, which the build script adds. */
interface Loaded { default: CreateExtra<object>, build?: string }

/** The build that this is of, which the build script puts here; none where the sources run as they are. */
const BUILD = (globalThis as { SDK_BUILD?: string }).SDK_BUILD

/** How long after the guard could not be loaded it is tried again, in ms: twice as long each time, up to the longest. */
const FIRST_RETRY = 1_000
const LONGEST_RETRY = 60_000
/** How long something that has failed waits for the guard, in ms. */
const GUARD_WITHIN = 5_000

/** The build makes a file of each. */
export const LOADERS: Record<ExtraName, () => Promise<Loaded>> = {
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

/** Loads a module. Rejects with `moduleNotLoaded`, also where it is of another build, to which the names of this one mean something else. */
export async function loadPart<T> (name: string, load: () => Promise<T>): Promise<T> {
  try {
    const part = await load()
    if ((part as { build?: string }).build !== BUILD) throw new Error('It is of another build.')
    return part
  } catch (cause) {
    throw new AdaptorError('moduleNotLoaded', `The SDK's part ${name} could not be loaded.`, { cause })
  }
}

/** Loads what a call does not need at once: the guard as soon as the adaptor begins, anything else when it is asked for. */
export class Extras {
  readonly #context: ExtraContext
  readonly #loaded = new Map<ExtraName, Promise<Methods & Extra>>()
  readonly #there = new Map<ExtraName, Extra>()
  readonly #retry: Timer
  /** How many messages wait for the guard. */
  #waiting = 0
  #closing: Promise<void> | null = null

  constructor (context: Omit<ExtraContext, 'part'>) {
    this.#context = { ...context, part: async name => await this.#load(name) as never }
    this.#retry = new Timer(context.environment)
  }

  /** Whether the guard is there. */
  get guarded (): boolean {
    return this.#there.has('guard')
  }

  /** Calls a method of a module. What it throws is reported, and is what the promise rejects with. */
  call (name: keyof ExtraMethods, args: unknown[]): Promise<unknown> {
    return this.#reported(async () => await (await this.#load(EXTRA_METHODS[name]))[name](...args))
  }

  /** Has the guard say something: at once where it is there, and behind what waits for it. Resolves when it has taken that. */
  say (...[intent, room, definition, data, signal]: Parameters<Guarding['say']>): Promise<{ sent: Promise<void> }> {
    return this.#reported(async () => {
      // As it is now, whatever becomes of the object.
      const text = JSON.stringify(data)
      if (this.#waiting > 0 || !this.guarded) {
        this.#waiting++
        await this.#load('guard').finally(() => { this.#waiting-- })
      }
      return (this.#there.get('guard') as Guard).say(intent, room, definition, text, signal)
    })
  }

  /** Loads the guard, however often that takes. The first failure is reported. */
  async guard (delay = FIRST_RETRY): Promise<void> {
    await (delay === FIRST_RETRY ? this.load('guard') : this.#load('guard').catch(() => {}))
    if (this.guarded || this.#closing !== null) return
    this.#retry.start(delay, () => { void this.guard(Math.min(delay * 2, LONGEST_RETRY)) })
  }

  /** The guard, or null where it cannot be loaded, or takes too long. */
  async findGuard (): Promise<Guarding | null> {
    const deadline = new Timer(this.#context.environment)
    const late = new Promise<null>(resolve => deadline.start(GUARD_WITHIN, () => resolve(null)))
    const guard = await Promise.race([this.#load('guard').catch(() => null), late])
    deadline.stop()
    return guard as Extra as Guard | null
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

  /** Closes the parts that are there. One that is still being loaded is not made any more, and nobody waits for it. */
  close (): Promise<void> {
    this.#retry.stop()
    this.#closing ??= Promise.all([...this.#there.values()].map(async extra => {
      // When all that the core has to say of its end is said.
      await undefined
      await extra.close()
    })).then(() => {})
    return this.#closing
  }

  /** Reports what is thrown; it is what the promise rejects with. */
  #reported<T> (run: () => Promise<T>): Promise<T> {
    return quiet(run().catch(error => this.#context.announcer.fail<T>(browserError(error))))
  }

  async #load (name: ExtraName): Promise<Methods & Extra> {
    const loading = this.#loaded.get(name) ?? loadPart(name, LOADERS[name]).then(({ default: create }) => {
      this.#ensureOpen()
      const extra = create(this.#context) as Methods & Extra
      this.#there.set(name, extra)
      return extra
    }).catch(error => {
      // The next call may find the network back.
      this.#loaded.delete(name)
      throw error
    })
    this.#loaded.set(name, loading)
    const extra = await loading
    this.#ensureOpen()
    return extra
  }

  #ensureOpen (): void {
    if (this.#closing !== null) throw new AdaptorError('InvalidStateError', 'The adaptor was closed.')
  }
}
