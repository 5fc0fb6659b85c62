import type { ExtraContext } from '../extras/extra.js'

/**
 * Leaves out the STUN and TURN servers that this browser refuses, such as a TURN server without credentials. With one of them the constructor
 * of RTCPeerConnection throws (W3C WebRTC 1.0, section 4.4.1.6), and there would be no call.
 */
export class UsableServers {
  readonly #context: ExtraContext
  /** What was told of servers that were left out: each is told once, even if the server is named again. */
  readonly #told = new Set<string>()

  constructor (context: ExtraContext) {
    this.#context = context
  }

  /**
   * Has the call go on without them after `error`, and tells an error for each.
   *
   * @throws AdaptorError `SyntaxError`, if it is not for a server that the configuration is refused
   */
  async mend (error: unknown): Promise<void> {
    const { AdaptorError, browserError, iceServers } = this.#context
    const servers: unknown = iceServers.configuration.iceServers
    if (Array.isArray(servers)) {
      const usable = (servers as RTCIceServer[]).filter(server => this.#usable(server))
      if (usable.length < servers.length) return iceServers.use(usable)
    }
    throw new AdaptorError('SyntaxError', `peerconnection_config cannot be used: ${browserError(error).message}`, { cause: error })
  }

  #usable (server: RTCIceServer): boolean {
    const { environment, announcer, AdaptorError, browserError } = this.#context
    try {
      new environment.RTCPeerConnection({ iceServers: [server] }).close()
      return true
    } catch (error) {
      const what = `The server ${String(server?.urls)} cannot be used and is left out: ${browserError(error).message}`
      if (!this.#told.has(what)) announcer.report(new AdaptorError('invalidIceServer', what, { cause: error }))
      this.#told.add(what)
      return false
    }
  }
}
