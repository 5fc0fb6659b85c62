import type { FastifyRequest } from 'fastify'
import type { Authorization } from '../config/options.js'
import { isThenable } from '../config/origins.js'
import type { AppSettings } from '../config/settings.js'
import type { Join } from '../protocol/client-messages.js'
import { isJson } from '../protocol/codec.js'
import type { Clock } from '../rooms/clock.js'
import type { Grant } from '../rooms/participant-ports.js'
import type { Refusal } from '../rooms/refusal.js'
import type { ConnectionGroup, ConnectionServer } from './connection-group.js'
import { inTime, TimeoutError } from './in-time.js'
import type { SafeLog } from './safe-log.js'

/** The connection that asks to join. */
export interface JoiningConnection {
  readonly app: string
  readonly group: ConnectionGroup
  /** The key under which its address is counted. */
  readonly key: string
  /** The connection's id: `peer` of `authorize`. */
  readonly id: string
  logIn (room: string): SafeLog
}

const TOO_MANY_JOINS: Refusal = { refused: 'rateExceeded', message: 'Too many joins from this address within a minute.', retryAfter: 60_000 }
const OVERLOADED: Refusal = { refused: 'rateExceeded', message: 'The server has too many joins in flight.', retryAfter: 1_000 }
const UNAUTHORIZED: Refusal = { refused: 'unauthorized_access' }

/**
 * Decides whether a connection may join. The limits are checked first, because they cost nothing; then the application is asked.
 *
 * @param request the handshake request; null if the application has no use for it
 */
export function admitJoin (
  server: ConnectionServer, connection: JoiningConnection, request: FastifyRequest | null, join: Join
): Grant | Refusal | Promise<Grant | Refusal> {
  const { rooms, clock, settings } = server
  const { group } = connection
  if (rooms.draining) return { refused: 'serverDraining', retryAfter: server.retryAfter() }
  if (!group.addresses.join(connection.key, clock.now())) return TOO_MANY_JOINS
  if (rooms.joinsInFlight >= settings.defaults.limits.joinsInFlight) return OVERLOADED
  return request === null ? {} : authorizeJoin(group.settings, connection, request, join, clock)
}

/**
 * Asks the option `authorize` whether a connection may join. The reason of a refusal is only logged: an error of the application may contain
 * what a stranger should not read.
 */
function authorizeJoin (
  { authorize, authorizeTimeout }: AppSettings, connection: JoiningConnection, request: FastifyRequest, join: Join, clock: Clock
): Grant | Refusal | Promise<Grant | Refusal> {
  if (authorize === undefined) return {}
  const room = join.streamId
  const refuse = (error: unknown): Refusal => {
    if (error instanceof TimeoutError) {
      connection.logIn(room).warn({}, 'authorize took longer than authorizeTimeout: join refused')
      return { ...UNAUTHORIZED, message: 'Whether you may join could not be found out in time.' }
    }
    connection.logIn(room).info({ err: error }, 'authorize refused a join')
    return UNAUTHORIZED
  }
  try {
    const answer = authorize(request, { app: connection.app, room, peer: connection.id, token: join.token ?? undefined })
    // Any thenable counts as a promise. The query of a database library may be one, and taken for an answer it would let everybody in.
    return isThenable(answer) ? inTime(answer, authorizeTimeout, clock).then(grantOf).catch(refuse) : grantOf(answer)
  } catch (error) {
    return refuse(error)
  }
}

/**
 * Checks the answer of `authorize`.
 *
 * @throws TypeError if it is no object, if the role is no string, or if the metadata cannot be written as JSON
 * @throws RangeError if the capacity is neither 1 nor 2
 */
function grantOf (answer: Authorization | undefined | void): Grant {
  if (answer === undefined || answer === null) return {}
  // An application that returns `false` means a refusal.
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
