import type { WaitOptions } from '../base/abort.js'
import type { AdaptorError } from '../base/client-errors.js'
import { Timer } from '../base/timer.js'
import type { PeerSession } from '../call/peer-session.js'
import type { Extra, ExtraContext } from '../extras/extra.js'
import type { ExtraMethods } from '../extras/extra-methods.js'
import { sourceOf } from './byte-source.js'
import { DataLink } from './data-link.js'
import type { Sendable, SendFileOptions } from './data-types.js'
import type { OutgoingTransfer } from './outgoing-transfer.js'
import { PlainData } from './plain-data.js'
import { Receiving } from './receiving.js'
import { Sending } from './sending.js'
import { shortened, transferFrame } from './transfer-frames.js'

type Methods = Pick<ExtraMethods, 'sendData' | 'sendFile'>

/** How long a new connection to the same peer is waited for, in ms. */
const ABSENCE = 60_000
/** When the other side is asked again who it is: its module may not have been loaded, in ms. */
const GREETING = 5_000
/** A peer whose connection has failed may leave the room to join it anew; it is back within this time, in ms. */
const REJOIN = 5_000

/**
 * The data channel of an adaptor. To a client of another make it sends what Ant Media's SDKs understand. Two of this SDK first tell
 * each other who they are, so that transfers go on over the next connection if it leads to the same peer, and to no other.
 */
class Data implements Methods, Extra {
  readonly #context: ExtraContext
  readonly #id: string
  readonly #sending: Sending
  readonly #receiving: Receiving
  readonly #plain: PlainData
  readonly #timer: Timer
  readonly #ends: Array<() => void>
  #link: DataLink | null = null
  /** The other side of the current or last connection, where it has said who it is. */
  #peer: string | null = null
  #state: RTCPeerConnectionState | undefined
  #greeted = false
  #attached = false

  constructor (context: ExtraContext) {
    this.#context = context
    this.#id = context.environment.secret()
    this.#timer = new Timer(context.environment)
    const { current, announcer, signalling } = context
    const deliver = (data: string | ArrayBuffer) => announcer.tell('data_received', { streamId: context.room(), data })
    const abort = (why: string) => this.#abort(why)
    this.#sending = new Sending(abort)
    this.#receiving = new Receiving({ room: context.room, deliver, deliverFile: file => announcer.tell('file_received', file), abort })
    this.#plain = new PlainData(deliver, abort, () => context.environment.random())
    this.#ends = [
      current.on('channel', open => this.#handleChannel(open)),
      current.on('session', session => this.#handleSession(session)),
      current.on('state', state => { this.#state = state }),
      signalling.on('notification', ({ definition, reason }) => {
        if (definition === 'peerLeft' && reason !== 'lost') this.#handleLeft()
      })
    ]
    this.#state = current.session?.state
    this.#handleChannel(current.session?.dataChannel !== undefined)
  }

  async sendData (streamId: string, data: Sendable, { signal }: WaitOptions = {}): Promise<void> {
    const session = this.#session(streamId)
    if (signal?.aborted === true) throw this.#cancelled()
    const found = sourceOf(data)
    if (found === null || found.size === null) throw new TypeError('sendData needs a text, an ArrayBuffer, a view of one, or a Blob.')
    const { source, size } = found
    const text = typeof data === 'string' ? data : null
    if (session.peer === 'plain') {
      if (text !== null && this.#link !== null && size > this.#link.maxMessage) {
        throw new this.#context.AdaptorError('tooLarge', 'The other client takes no text of that size.')
      }
      return this.#plain.send(text, source, size)
    }
    return this.#sent(this.#sending.add({ kind: text === null ? 'binary' : 'text', size, name: '', type: '' }, source), signal)
  }

  async sendFile (file: Blob | ReadableStream<Uint8Array>, options: SendFileOptions = {}): Promise<void> {
    const session = this.#session()
    const { AdaptorError } = this.#context
    if (session.peer === 'plain') throw new AdaptorError('NotSupportedError', 'The other client knows no files; send it a binary.')
    const { signal } = options
    if (signal?.aborted === true) throw this.#cancelled()
    const found = file instanceof Blob || file instanceof ReadableStream ? sourceOf(file) : null
    if (found === null) throw new TypeError('sendFile needs a Blob or a ReadableStream of Uint8Array.')
    const blob = file as Partial<File>
    return this.#sent(this.#sending.add({
      kind: 'file',
      size: found.size ?? options.size ?? null,
      name: shortened(options.name ?? blob.name ?? ''),
      type: shortened(options.type ?? blob.type ?? '')
    }, found.source, options.onProgress), signal)
  }

  /** What the other side has sent: of this SDK a frame or bytes, of another client a text or bytes. */
  receive (data: unknown): void {
    if (this.#context.current.session?.peer !== 'ours') return this.#plain.receive(data as string | ArrayBuffer)
    if (data instanceof ArrayBuffer) return this.#receiving.handleBytes(data)
    const frame = transferFrame(data)
    if (frame === null) return
    switch (frame.command) {
      case 'data':
        return this.#handleGreeting(frame.id, frame.active)
      case 'transfer':
      case 'transferEnd':
        return this.#receiving.handle(frame)
      case 'transferCancel':
        return frame.mine ? this.#receiving.handle(frame) : this.#sending.handle(frame)
      default:
        return this.#sending.handle(frame)
    }
  }

  close (): void {
    for (const end of this.#ends) end()
    this.#handleChannel(false)
    this.#fail('The adaptor was closed.')
  }

  /** Resolves when the other side has all of it; `signal` cancels it until then. */
  async #sent ({ done, head }: OutgoingTransfer, signal: AbortSignal | undefined): Promise<void> {
    const cancel = () => this.#sending.cancel(head.number, this.#cancelled())
    signal?.addEventListener('abort', cancel)
    this.#greet()
    try {
      await done.promise
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }

  #cancelled (): AdaptorError {
    return this.#abort('The transfer was cancelled.')
  }

  #session (streamId?: string): PeerSession {
    const { current, AdaptorError } = this.#context
    if (streamId !== undefined && streamId !== this.#context.room()) throw new AdaptorError('notInRoom', `You are not in the room ${streamId}.`)
    if (current.session === null) throw new AdaptorError('InvalidStateError', 'There is no call.')
    return current.session
  }

  #abort (why: string): AdaptorError {
    return new this.#context.AdaptorError('AbortError', why)
  }

  #handleChannel (open: boolean): void {
    this.#link?.close()
    this.#link = null
    this.#sending.detach()
    this.#receiving.detach()
    this.#plain.detach()
    this.#greeted = this.#attached = false
    const { session } = this.#context.current
    const channel = session?.dataChannel
    if (!open || session === null || channel === undefined) return
    const link = this.#link = new DataLink(channel, session.peerConnection, () => {
      this.#sending.send()
      this.#plain.handleRoom()
    })
    if (session.peer === 'plain') {
      this.#fail('Another client is there now.')
      this.#plain.attach(link)
    } else if (this.#sending.size > 0 || this.#peer !== null) {
      this.#greet()
    }
  }

  #handleSession (session: PeerSession | null): void {
    if (session !== null) return
    // Nobody knows whether the next one is who these were meant for.
    if (this.#peer === null) this.#fail('The call has ended.')
    else this.#timer.start(ABSENCE, () => this.#fail('The other side has not come back.'))
    // The room is left right after its call has ended.
    queueMicrotask(() => { if (this.#context.room() === null) this.#fail('The room was left.') })
  }

  /** The other side has given up its seat, or the server has taken it. */
  #handleLeft (): void {
    if (this.#context.current.session !== null) return
    const fail = () => this.#fail('The other side has left.')
    // Nobody who was well connected leaves but on purpose. `#state` is that of the connection which has just been closed.
    if (this.#state === 'connected') fail()
    else if (this.#peer !== null) this.#timer.start(REJOIN, fail)
  }

  /** Says who this side is, once a connection, and again for as long as it matters and the other side has not. */
  #greet (): void {
    if (this.#link === null || this.#greeted) return
    this.#greeted = true
    this.#tellId(this.#link)
  }

  #tellId (link: DataLink): void {
    link.tell({ command: 'data', id: this.#id, active: this.#sending.active })
    if (!this.#attached) this.#timer.start(GREETING, () => { if (this.#link !== null) this.#tellId(this.#link) })
  }

  #handleGreeting (id: string, active: readonly number[]): void {
    const link = this.#link
    if (link === null) return
    this.#timer.stop()
    if (this.#peer !== null && this.#peer !== id) this.#fail('Somebody else is there now.')
    this.#peer = id
    this.#receiving.keep(active)
    if (this.#attached) return
    this.#attached = true
    this.#receiving.attach(link)
    this.#greet()
    this.#sending.attach(link)
  }

  #fail (why: string): void {
    this.#timer.stop()
    this.#peer = null
    const error = this.#abort(why)
    this.#sending.fail(error)
    this.#receiving.fail(error)
  }
}

export default function createData (context: ExtraContext): Methods & Extra & { receive: (data: unknown) => void } {
  return new Data(context)
}
