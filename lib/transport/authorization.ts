import type { FastifyRequest } from 'fastify'
import type { Authorization } from '../config/options.js'
import { isThenable } from '../config/origins.js'
import type { AppSettings } from '../config/settings.js'
import type { Join } from '../protocol/client-messages.js'
import { isJson } from '../protocol/codec.js'
import type { Clock } from '../rooms/clock.js'
import type { Grant } from '../rooms/participant-ports.js'
import type { Refusal } from '../rooms/refusal.js'
import { inTime, TimeoutError } from './in-time.js'
import type { SafeLog } from './safe-log.js'

/** The connection that asks to join. */
export interface JoiningConnection {
  readonly app: string
  /** As the application sees it, in `peer`. */
  readonly id: string
  readonly log: SafeLog
}

const UNAUTHORIZED: Refusal = { refused: 'unauthorized_access' }

/**
 * Asks the application whether a connection may join, where it wants to be asked. Why it refuses is for the log alone: what an
 * application throws may say more than a stranger should read.
 */
export function authorizeJoin (
  { authorize, authorizeTimeout }: AppSettings, { app, id, log }: JoiningConnection, request: FastifyRequest, join: Join, clock: Clock
): Grant | Refusal | Promise<Grant | Refusal> {
  if (authorize === undefined) return {}
  const room = join.streamId
  const refuse = (error: unknown): Refusal => {
    if (error instanceof TimeoutError) {
      log.warn({ app, room }, 'authorize took longer than authorizeTimeout: join refused')
      return { ...UNAUTHORIZED, message: 'Whether you may join could not be found out in time.' }
    }
    log.info({ err: error, app, room }, 'authorize refused a join')
    return UNAUTHORIZED
  }
  try {
    const answer = authorize(request, { app, room, peer: id, token: join.token ?? undefined })
    // A promise of any make: a query of a database is one too, and would let everybody in if it passed for an answer.
    return isThenable(answer) ? inTime(answer, authorizeTimeout, clock).then(grantOf).catch(refuse) : grantOf(answer)
  } catch (error) {
    return refuse(error)
  }
}

/** @throws TypeError, RangeError where the answer is none that an application may give. */
function grantOf (answer: Authorization | undefined | void): Grant {
  if (answer === undefined || answer === null) return {}
  // `false` above all: who writes it means a refusal.
  if (typeof answer !== 'object') throw new TypeError(`authorize returned ${String(answer)}: to let in, return nothing or an object; to refuse, throw`)
  const { metadata, role, capacity } = answer
  if (capacity !== undefined && capacity !== 1 && capacity !== 2) throw new RangeError('authorize returned a capacity that is not 1 or 2')
  if (role !== undefined && typeof role !== 'string') throw new TypeError('authorize returned a role that is no string')
  if (metadata !== undefined && !isJson(metadata)) throw new TypeError('authorize returned metadata that cannot be written as JSON')
  return {
    ...(metadata === undefined ? {} : { metadata }),
    ...(role === undefined ? {} : { role }),
    ...(capacity === undefined ? {} : { capacity })
  }
}
