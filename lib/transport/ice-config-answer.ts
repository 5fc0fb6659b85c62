import type { FastifyRequest } from 'fastify'
import type { TurnCredentialsFunction } from '../config/options.js'
import type { AppSettings } from '../config/settings.js'
import type { IceServerConfig } from '../protocol/server-messages.js'
import type { Clock } from '../rooms/clock.js'
import { issueCredentials, type TurnCredentials } from '../turn/credentials.js'
import { buildIceServerConfig } from '../turn/ice-config.js'
import { inTime } from './in-time.js'
import type { SafeLog } from './safe-log.js'

/** The connection that asks for ICE servers. */
export interface IceClient {
  readonly id: string
  readonly log: SafeLog
}

/**
 * Whether only a peer that sits in a room gets TURN credentials. Relayed traffic costs money. With `authorize`, credentials are for those whom it
 * has let in; without it, for everybody who has passed the hooks of the route.
 */
export function turnNeedsSeat ({ turn, authorize }: AppSettings): boolean {
  return turn !== undefined && authorize !== undefined
}

/**
 * Builds the answer to `getIceServerConfig`. If the application's `turn.credentials` fails, it has no TURN server.
 *
 * @param seat the id of a seat of the client, if it has one
 * @param request the handshake request; null if the application has no use for it
 */
export function answerIceConfig (
  settings: AppSettings, client: IceClient, seat: string | undefined, request: FastifyRequest | null, clock: Clock
): IceServerConfig | Promise<IceServerConfig> {
  const { turn, iceServers, authorizeTimeout } = settings
  if (turn === undefined || (turnNeedsSeat(settings) && seat === undefined)) return buildIceServerConfig({ iceServers })
  const { urls, ttl, algorithm, secret, credentials } = turn
  const user = seat ?? client.id
  if (secret !== undefined) {
    return buildIceServerConfig({ iceServers, turn: { urls, ...issueCredentials({ secret, user, ttl, algorithm, now: Date.now() }) } })
  }
  if (credentials === undefined || request === null) return buildIceServerConfig({ iceServers })
  return inTime(Promise.resolve().then(() => credentials(request, user)), authorizeTimeout, clock)
    .then(issued => buildIceServerConfig({ iceServers, turn: { urls, ...checked(issued, ttl) } }))
    .catch((error: unknown) => {
      // A call may come up without TURN. An `error` would be shown to the user by existing clients.
      client.log.error({ err: error }, 'turn.credentials failed: answered without TURN')
      return buildIceServerConfig({ iceServers })
    })
}

/**
 * Checks the credentials of the application.
 *
 * @throws TypeError if the username or the credential is missing
 * @throws RangeError if the ttl is no number of seconds
 */
function checked (issued: Awaited<ReturnType<TurnCredentialsFunction>>, ttl: number): TurnCredentials {
  const { username, credential } = issued
  // RTCPeerConnection throws on a TURN server without both (W3C WebRTC 1.0, section 4.2.4), and there would be no call at all.
  if (!isText(username) || !isText(credential)) throw new TypeError('turn.credentials returned no username, or no credential')
  const lifetime = Math.floor(issued.ttl ?? ttl)
  // The client renews the credentials by their ttl. With an invalid one it would ask all the time, or never.
  if (typeof issued.ttl === 'string' || !Number.isSafeInteger(lifetime) || lifetime < 1) {
    throw new RangeError('turn.credentials returned a ttl that is no number of seconds')
  }
  return { username, credential, ttl: lifetime }
}

function isText (value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
