import type { FastifyBaseLogger } from 'fastify'
import type { LinkTrace } from '../rooms/peer-link.js'
import { SafeLog } from './safe-log.js'

interface LoggedConnection {
  readonly app: string
  /** Drawn when it is first asked for: a line that is not written does not ask. */
  readonly id: string
}

/**
 * Makes the log of one connection, or of its peer in a room. Each line bears the application and the connection's id, and all that the
 * host's log of the handshake bears, above all its `reqId`. It is made for each line: most connections write one or two in their life,
 * and a child of the host's log would be kept by each idle peer.
 *
 * @param log the host's log of the handshake
 */
export function logOf (log: FastifyBaseLogger, connection: LoggedConnection, room?: string, peer?: string): SafeLog {
  return new SafeLog(log, () => ({
    app: connection.app,
    connection: connection.id,
    ...(room === undefined ? {} : { room }),
    ...(peer === undefined ? {} : { peer })
  }))
}

/** The name and the log of a connection that is gone. Its absent peer keeps them, but not the connection. */
export class ConnectionTrace implements LinkTrace, LoggedConnection {
  readonly app: string
  readonly id: string
  readonly #log: FastifyBaseLogger

  /** @param log the host's log of the handshake */
  constructor (log: FastifyBaseLogger, { app, id }: LoggedConnection) {
    this.app = app
    this.id = id
    this.#log = log
  }

  logIn (room: string, peer?: string): SafeLog {
    return logOf(this.#log, this, room, peer)
  }
}
