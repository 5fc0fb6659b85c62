import type { FastifyBaseLogger } from 'fastify'

type Level = 'debug' | 'info' | 'warn' | 'error'

/**
 * The host's log, which must not undo what it tells of. A serializer or a mixin of the host may throw, and that would keep a client
 * from its answer, let a connection live that is to be cut off, or end the process where nobody else catches it.
 */
export class SafeLog {
  readonly #log: FastifyBaseLogger
  readonly #bindings: object

  /** @param bindings what every line is about */
  constructor (log: FastifyBaseLogger, bindings: object = {}) {
    this.#log = log
    this.#bindings = bindings
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
    try {
      this.#log[level]({ ...this.#bindings, ...about }, message)
    } catch {
      // Serializers are asked about what the line is about: without that it may still be written.
      try {
        this.#log[level](message)
      } catch {}
    }
  }
}
