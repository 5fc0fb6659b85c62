import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  BadAppNameError, DrainingError, FullError, OriginNotAllowedError, TooManyConnectionsError, UnknownAppError
} from '../../errors.js'
import { isName } from '../../protocol/names.js'
import { addressKey } from '../limits/address-book.js'
import type { ConnectionRegistry } from '../connection-registry.js'
import { SafeLog } from '../safe-log.js'

/** Decides which handshakes are upgraded, and which get an HTTP error instead. */
export class Admission {
  readonly #registry: ConnectionRegistry
  readonly #keys = new WeakMap<FastifyRequest, string>()

  constructor (registry: ConnectionRegistry) {
    this.#registry = registry
  }

  /**
   * Checks a request before the host's hooks: whether the application exists, whether the server drains, and whether the page may connect.
   *
   * @throws FST_WEBRTC_BAD_APP_NAME (400), FST_WEBRTC_UNKNOWN_APP (404), FST_WEBRTC_DRAINING (503), FST_WEBRTC_ORIGIN_NOT_ALLOWED (403)
   */
  async before (request: FastifyRequest, reply: FastifyReply, app: string): Promise<void> {
    await this.known(request, app)
    if (this.#registry.rooms.draining) {
      this.#retryLater(reply)
      throw new DrainingError()
    }
    if (!request.ws) return
    if (await this.#registry.settingsOf(app).originAllowed(request) !== true) {
      new SafeLog(request.log).warn({ origin: request.headers.origin, app }, request.headers.origin === undefined
        ? "no page's origin came with the handshake, though a browser made it, or 'nativeClients' is false: a proxy must pass 'Origin' on. Refused with 403"
        : "a page's origin is not in the option 'allowedOrigins': refused with 403")
      throw new OriginNotAllowedError()
    }
  }

  /**
   * Checks a request after the host's hooks, right before the upgrade: whether the server drains by now, and whether a limit is reached.
   *
   * @throws FST_WEBRTC_DRAINING (503), FST_WEBRTC_FULL (503), FST_WEBRTC_TOO_MANY_CONNECTIONS (429)
   */
  last (request: FastifyRequest, reply: FastifyReply, app: string): void {
    if (!request.ws) return
    // The host's hooks may have taken long.
    if (this.#registry.rooms.draining) {
      this.#retryLater(reply)
      throw new DrainingError()
    }
    if (!this.#registry.hasCapacity(app)) {
      this.#retryLater(reply)
      throw new FullError()
    }
    // The connection is only counted once the upgrade has succeeded. The handshake may still be refused as malformed.
    if (!this.#registry.groupOf(app).hasCapacity(this.key(request), this.#registry.clock.now())) {
      this.#retryLater(reply)
      throw new TooManyConnectionsError()
    }
  }

  /**
   * Checks that the application exists.
   *
   * @throws FST_WEBRTC_BAD_APP_NAME (400), FST_WEBRTC_UNKNOWN_APP (404)
   */
  async known (request: FastifyRequest, app: string): Promise<void> {
    if (!isName(app)) throw new BadAppNameError()
    if (await this.#registry.settings.served(app, request) !== true) throw new UnknownAppError()
  }

  /**
   * The key under which the address of a request is counted. The option `keyGenerator` is called once for each request.
   *
   * @throws TypeError if `keyGenerator` returns no string. No two promises or objects are the same key, so that no limit per address would hold
   */
  key (request: FastifyRequest): string {
    const { keyGenerator } = this.#registry.settings
    if (keyGenerator === undefined) return addressKey(request.ip ?? '')
    const known = this.#keys.get(request)
    if (known !== undefined) return known
    const key: unknown = keyGenerator(request)
    if (typeof key !== 'string') throw new TypeError(`The option 'keyGenerator' returned no string: ${typeof key}`)
    this.#keys.set(request, key)
    return key
  }

  #retryLater (reply: FastifyReply): void {
    reply.header('retry-after', Math.max(1, Math.ceil(this.#registry.retryAfter() / 1000)))
  }
}
