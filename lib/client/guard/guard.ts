import type { AdaptorError, Device } from '../base/client-errors.js'
import type { Guarding, Intent } from '../base/guarding.js'
import { quiet } from '../base/deferred.js'
import type { Extra, ExtraContext } from '../extras/extra.js'
import type { ExtraMethods } from '../extras/extra-methods.js'
import { mediaError } from '../extras/media-errors.js'
import { askForEach } from './device-requests.js'
import { finishAnswers } from './final-answers.js'
import { replaceLostDevices } from './lost-devices.js'
import { watchPage } from './page-life.js'
import { RemoteMedia } from './remote-media.js'
import { Repair } from './repair.js'
import { SignallingGuard } from './signalling-guard.js'
import { UsableServers } from './usable-servers.js'

/**
 * Has the browser start what it needs for its first peer connection, ahead of time. In Chromium this makes the threads and the codecs' lists of
 * all connections, up to 40 ms that are missed when the other side comes. The certificate itself is not used: each connection has one of its own.
 */
function warmUp (): void {
  RTCPeerConnection.generateCertificate?.({ name: 'ECDSA', namedCurve: 'P-256' } as AlgorithmIdentifier).catch(() => {})
}

type Methods = Pick<ExtraMethods, 'negotiate'>

/**
 * What guards a call that the core sets up: against a network that breaks or is slow, a way between the two that is lost, devices and servers
 * that cannot be had, and a page that comes and goes. It is loaded as soon as an adaptor begins, and takes over whenever it comes: a call can
 * come about without it.
 */
class Guard implements Methods, Guarding, Extra {
  readonly #context: ExtraContext
  readonly #signalling: SignallingGuard
  readonly #remoteMedia: RemoteMedia
  readonly #repair: Repair
  readonly #servers: UsableServers
  readonly #unwatch: () => void

  constructor (context: ExtraContext) {
    this.#context = context
    const { current, environment, media, signalling } = context
    const { heart, sender } = this.#signalling = new SignallingGuard(context)
    current.on('ended', id => sender.forget(id))
    this.#remoteMedia = new RemoteMedia(context)
    this.#repair = new Repair(context, sender)
    this.#servers = new UsableServers(context)
    finishAnswers(context)
    replaceLostDevices(context)
    this.#unwatch = watchPage(environment, {
      handleWakeUp: () => {
        signalling.connection.hurry()
        heart.verify()
      },
      handleDoubt: () => heart.verify(),
      // The seat is given up, so that no empty one is left to the others.
      handleHide: () => signalling.suspend(),
      handleReturn: () => signalling.connection.open()
    })
    // What failed while this part could not be had.
    if (media.failure !== null) void askForEach(context, media.failure)
    const prepare = environment.warmUp ?? warmUp
    prepare()
  }

  say (
    intent: Intent | null, room: string | null | undefined, definition: string, data: string | undefined, signal: AbortSignal | undefined
  ): { sent: Promise<void> } {
    const { abortable, abortError, AdaptorError, signalling } = this.#context
    if (intent === null) throw new AdaptorError('notInRoom', 'Join a room first.')
    // Left, or aborted, while it waited for this part.
    if (intent !== signalling.roomJoin.intent) return { sent: quiet(Promise.reject(new AdaptorError('AbortError', 'The room was left before the message could be sent.'))) }
    if (signal?.aborted === true) return { sent: quiet(Promise.reject(abortError(signal))) }
    const streamId = signalling.room ?? ''
    if ((room ?? streamId) !== streamId) throw new AdaptorError('notInRoom', `You are not in the room ${room}.`)
    if (typeof definition !== 'string' || data === undefined) {
      throw new TypeError('sendPeerMessage needs a definition, and data that can be written as JSON.')
    }
    const { sent, giveUp } = this.#signalling.sender.send({ command: 'peerMessageCommand', streamId, definition, data: JSON.parse(data) })
    return { sent: quiet(abortable(sent, signal, giveUp)) }
  }

  async negotiate (): Promise<void> {
    const { call, current: { session } } = this.#context
    if (session !== null) await call.queue.push(() => call.offer(session))
  }

  askForEach (error: unknown): Promise<void> {
    return askForEach(this.#context, error)
  }

  explain (error: unknown, device?: Device): AdaptorError {
    return mediaError(this.#context, error, device)
  }

  mend (error: unknown): Promise<void> {
    return this.#servers.mend(error)
  }

  close (): void {
    this.#unwatch()
    this.#remoteMedia.close()
    this.#repair.close()
    this.#signalling.close()
  }
}

export default function createGuard (context: ExtraContext): Methods & Guarding & Extra {
  return new Guard(context)
}
