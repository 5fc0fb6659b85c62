import type { FastifyBaseLogger } from 'fastify'

type Level = 'debug' | 'info' | 'warn' | 'error'

const NOTHING = (): object => ({})

const known = new WeakMap<object, boolean>()

/** Whether a function has an empty body. Its text is read once for each function. */
function isEmpty (method: FastifyBaseLogger[Level]): boolean {
  let empty = known.get(method)
  if (empty === undefined) known.set(method, empty = /^function \w*\s*\(\)\s*{\s*}$/.test(String(method)))
  return empty
}

/**
 * The host's log, made safe: writing a line never throws. A serializer or mixin of the host may throw. Then a client would get no answer, a
 * connection would not be cut off, or the process would end.
 */
export class SafeLog {
  readonly #log: FastifyBaseLogger
  readonly #bindings: () => object

  /** @param bindings makes the fields that every line has. It is only called for a line that is written */
  constructor (log: FastifyBaseLogger, bindings: () => object = NOTHING) {
    this.#log = log
    this.#bindings = bindings
  }

  /** Whether lines of this level are written at present. If not, a line need not be put together. The host may change the level at any time. */
  writes (level: Level): boolean {
    const log = this.#log as FastifyBaseLogger & { isLevelEnabled?: (level: Level) => boolean }
    try {
      // Only pino has `isLevelEnabled`. The log of a Fastify without a logger has empty functions.
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
      // Serializers are called for the fields. Without fields the line may still be written.
      try {
        this.#log[level](message)
      } catch {}
    }
  }
}
