import type { FastifyBaseLogger } from 'fastify'

type Level = 'debug' | 'info' | 'warn' | 'error'

const NOTHING = (): object => ({})

const known = new WeakMap<object, boolean>()

/** Whether a function does nothing, by its text: looked at once for each. */
function isEmpty (method: FastifyBaseLogger[Level]): boolean {
  let empty = known.get(method)
  if (empty === undefined) known.set(method, empty = /^function \w*\s*\(\)\s*{\s*}$/.test(String(method)))
  return empty
}

/**
 * The host's log, which must not undo what it tells of. A serializer or a mixin of the host may throw, and that would keep a client
 * from its answer, let a connection live that is to be cut off, or end the process where nobody else catches it.
 */
export class SafeLog {
  readonly #log: FastifyBaseLogger
  readonly #bindings: () => object

  /** @param bindings what every line is about; asked for a line that is written */
  constructor (log: FastifyBaseLogger, bindings: () => object = NOTHING) {
    this.#log = log
    this.#bindings = bindings
  }

  /** Whether lines of this level are written, as the log's level is by now: what is only put together for a line need not be. */
  writes (level: Level): boolean {
    const log = this.#log as FastifyBaseLogger & { isLevelEnabled?: (level: Level) => boolean }
    try {
      // Only pino has it; the log of a Fastify without one is made of an empty function.
      return typeof log.isLevelEnabled === 'function' ? log.isLevelEnabled(level) : !isEmpty(log[level])
    } catch {
      return true
    }
  }

  debug (about: object, message: string): void {
    this.#write('debug', about, message)
  }

  info (about: object, message: string): void {
    this.#write('info', about, message)
  }

  warn (about: object, message: string): void {
    this.#write('warn', about, message)
  }

  error (about: object, message: string): void {
    this.#write('error', about, message)
  }

  #write (level: Level, about: object, message: string): void {
    if (!this.writes(level)) return
    try {
      this.#log[level]({ ...this.#bindings(), ...about }, message)
    } catch {
      // Serializers are asked about what the line is about: without that it may still be written.
      try {
        this.#log[level](message)
      } catch {}
    }
  }
}
