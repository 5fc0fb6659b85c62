import type { FastifyBaseLogger } from 'fastify'
import type { Settings } from '../config/settings.js'

/** The host's log at the level, and with the serializers, that the options say. */
export function hostLog (log: FastifyBaseLogger, { logLevel, logSerializers }: Settings): FastifyBaseLogger {
  if (logLevel === undefined && logSerializers === undefined) return log
  return log.child({}, {
    ...(logLevel === undefined ? {} : { level: logLevel }),
    ...(logSerializers === undefined ? {} : { serializers: logSerializers })
  })
}
