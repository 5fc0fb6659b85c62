import type { FastifyRequest } from 'fastify'
import type { Join } from '../protocol/client-messages.js'
import type { IceServerConfig } from '../protocol/server-messages.js'
import type { Grant } from '../rooms/participant-ports.js'
import type { Refusal } from '../rooms/refusal.js'
import type { Authorization } from '../config/options.js'
import { buildIceServerConfig } from '../turn/ice-config.js'
import { issueCredentials } from '../turn/credentials.js'
import type { Connection } from './connection.js'
import type { ConnectionRegistry } from './connection-registry.js'
import { isJson } from '../protocol/codec.js'
import { isThenable } from '../config/origins.js'

const UNAUTHORIZED: Refusal = { refused: 'unauthorized_access' }

/** Asks the application whether a connection may join, where it wants to be asked. */
export function authorizeJoin (
  connection: Connection, request: FastifyRequest, join: Join, registry: ConnectionRegistry
): Grant | Refusal | Promise<Grant | Refusal> {
  const { authorize, authorizeTimeout } = connection.settings
  if (authorize === undefined) return {}
  const context = { app: connection.app, room: join.streamId, peer: connection.id, token: join.token ?? undefined }
  try {
    const answer = authorize(request, context)
    // A promise of any make: a query of a database is one too, and would let everybody in if it passed for an answer.
    if (!isThenable(answer)) return grant(answer)
    return inTime(answer, authorizeTimeout, registry).then(grant).catch((error: unknown) => {
      if (!(error instanceof TimeoutError)) return refuse(error, context, registry)
      registry.log.warn({ app: context.app, room: context.room }, 'authorize took longer than authorizeTimeout: join refused')
      return { ...UNAUTHORIZED, message: 'Whether you may join could not be found out in time.' }
    })
  } catch (error) {
    return refuse(error, context, registry)
  }
}

/** The application has not answered in time. */
class TimeoutError extends Error {}

/** What the application answers, or a TimeoutError: whoever asks never waits for an answer that does not come. */
function inTime<T> (answer: PromiseLike<T>, ms: number, { clock }: ConnectionRegistry): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => reject(new TimeoutError('The answer took too long.')))
    Promise.resolve(answer).finally(() => clock.cancel(timer)).then(resolve, reject)
  })
}

function grant (answer: Authorization | undefined | void): Grant {
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

function isText (value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

// Why is for the log: what an application throws may say more than a stranger should read.
function refuse (error: unknown, context: { app: string, room: string }, registry: ConnectionRegistry): Refusal {
  registry.log.info({ err: error, app: context.app, room: context.room }, 'authorize refused a join')
  return UNAUTHORIZED
}

/**
 * The answer to `getIceServerConfig`. TURN costs money, so its credentials are for those who may join: where `authorize`
 * decides that, for whoever sits in a room; else for whoever got past the route's hooks.
 */
export function iceServerConfig (
  connection: Connection, seat: string | undefined, request: FastifyRequest | null, registry: ConnectionRegistry
): IceServerConfig | Promise<IceServerConfig> {
  const { turn, iceServers, authorize, authorizeTimeout } = connection.settings
  if (turn === undefined || (authorize !== undefined && seat === undefined)) return buildIceServerConfig({ iceServers })
  const { urls, ttl, algorithm } = turn
  const peer = seat ?? connection.id
  if (turn.secret !== undefined) {
    return buildIceServerConfig({
      iceServers,
      turn: { urls, ...issueCredentials({ secret: turn.secret, user: peer, ttl, algorithm, now: Date.now() }) }
    })
  }
  const { credentials } = turn
  if (request === null) return buildIceServerConfig({ iceServers })
  return inTime(Promise.resolve().then(() => credentials(request, peer)), authorizeTimeout, registry).then(issued => {
    const { username, credential } = issued
    // RTCPeerConnection throws on a TURN server without both (W3C WebRTC 1.0, section 4.2.4), and there would be no call at all.
    if (!isText(username) || !isText(credential)) throw new TypeError('turn.credentials returned no username, or no credential')
    const lifetime = Math.floor(issued.ttl ?? ttl)
    // The client asks again when they end: a time that is none would have it ask without end, or never.
    if (typeof issued.ttl === 'string' || !Number.isSafeInteger(lifetime) || lifetime < 1) throw new RangeError('turn.credentials returned a ttl that is no number of seconds')
    return buildIceServerConfig({ iceServers, turn: { urls, username, credential, ttl: lifetime } })
  }).catch((error: unknown) => {
    // A call may well come up without TURN, and existing clients show an error to this question to their user.
    registry.log.error({ err: error, app: connection.app }, 'turn.credentials failed: answered without TURN')
    return buildIceServerConfig({ iceServers })
  })
}
