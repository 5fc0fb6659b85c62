import type { FastifyInstance } from 'fastify'
import { DecoratorTakenError } from '../errors.js'

/**
 * Decorates a scope of the host, under a name that the host may want for itself.
 *
 * Where the host wants it later, Fastify would refuse it by an error that names neither us nor the way out. Only that one refusal is
 * put into other words: all other names go to Fastify as they came, and so does this one in a scope of the host's that has none of its own.
 *
 * @throws FST_WEBRTC_DECORATOR_TAKEN
 */
export function addOwnDecorator (scope: FastifyInstance, name: string, value: unknown): void {
  if (Object.hasOwn(scope, name)) throw new DecoratorTakenError(name)
  scope.decorate(name, value)
  const { decorate } = scope as unknown as { decorate: (...args: unknown[]) => unknown }
  Object.assign(scope, {
    decorate (this: FastifyInstance, ...args: unknown[]) {
      if (args[0] === name && Object.hasOwn(this, name)) throw new DecoratorTakenError(name)
      return decorate.apply(this, args)
    }
  })
}
