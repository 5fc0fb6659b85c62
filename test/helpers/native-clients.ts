import { EventEmitter, once } from 'node:events'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import { handshakeOf, wsOptions, type NativeName } from './native-handshakes.js'
import { SignallingClient, type Message } from './signalling-client.js'

/** How long a call may take to come up, ms. Only a test that fails ever waits for it. */
const MAX_WAIT = 60_000
const ROOM = 'room1'

export type ClientName = NativeName | 'our SDK'

/** What a client does at what it is told, read from the sources of each. */
interface Manners {
  join: Record<string, unknown>
  /** At `start`: offers from the peer connection that it has, and makes one where it has none; always makes one; or never does. */
  start: 'keeps' | 'makes' | 'keeps, makes none'
  /** At an offer where it has no peer connection. */
  offer: 'makes' | 'nothing'
  stop: 'closes its socket' | 'is over' | 'hangs up' | 'nothing' | 'drops'
  /** Where its media is lost. */
  lost: 'joins again' | 'leaves and joins' | 'nothing'
}

const REACT: Manners = { join: { multiPeer: false, mode: 'both' }, start: 'keeps', offer: 'makes', stop: 'drops', lost: 'nothing' }
const MANNERS: Record<ClientName, Manners> = {
  Android: { join: { token: '' }, start: 'makes', offer: 'makes', stop: 'closes its socket', lost: 'leaves and joins' },
  iOS: { join: { token: '', video: true, audio: true, trackList: [] }, start: 'keeps, makes none', offer: 'nothing', stop: 'is over', lost: 'joins again' },
  Flutter: { join: { multiPeer: false, mode: 'play or both' }, start: 'makes', offer: 'makes', stop: 'hangs up', lost: 'nothing' },
  GStreamer: { join: { multiPeer: false, mode: 'both' }, start: 'keeps', offer: 'makes', stop: 'nothing', lost: 'nothing' },
  'React Native on Android': REACT,
  'React Native on iOS': REACT,
  'our SDK': { join: { resume: true }, start: 'makes', offer: 'makes', stop: 'drops', lost: 'nothing' }
}

/** As much of a peer connection as signalling can see: whom it was described to, and whether it waits for an answer. */
interface Connection {
  readonly id: string
  remote: string | null
  offering: boolean
}

/** A client of the wire that answers by itself, as one make of client does, and notes what would have broken it. */
export class NativeClient {
  readonly name: ClientName
  readonly wire: SignallingClient
  readonly faults: string[] = []
  connection: Connection | null = null
  /** Whether camera and microphone are on. */
  capturing = false
  /** The errors that it was told, which iOS shows to its user in an alert that closes the call. */
  readonly alerts: string[] = []
  /** How often it was asked for an offer. */
  starts = 0
  readonly #manners: Manners
  readonly #events: EventEmitter
  #made = 0
  static readonly #changes = new EventEmitter().setMaxListeners(0)

  private constructor (name: ClientName, wire: SignallingClient) {
    this.name = name
    this.wire = wire
    this.#manners = MANNERS[name]
    this.#events = NativeClient.#changes
    wire.socket.on('message', (data: Buffer) => {
      this.#receive(JSON.parse(data.toString()) as Message, data.length)
      this.#events.emit('change')
    })
  }

  /** Connects by the handshake that this client makes. */
  static async connect (t: Test, name: ClientName, address: string): Promise<NativeClient> {
    const { host } = new URL(address)
    const handshake = name === 'our SDK' ? { headers: {}, protocols: [], deflate: false } : handshakeOf(name, host)
    const wire = await SignallingClient.connect(t, address, wsOptions(handshake), handshake.protocols)
    return new NativeClient(name, wire)
  }

  /** Its user wants to call. */
  join (): void {
    this.capturing = true
    // iOS makes its peer connection before anybody asks for it, and at no other time.
    if (this.#manners.start === 'keeps, makes none') this.connection ??= this.#make()
    this.#say({ command: 'join', ...this.#manners.join })
  }

  /** Its user hangs up. */
  hangUp (): void {
    // iOS sends nothing at all while it is connected.
    if (this.name !== 'iOS') this.#say({ command: 'leave' })
    // React Native keeps its peer connection, Flutter waits for a `stop`.
    if (this.#manners.stop !== 'hangs up' && this.#manners !== REACT) this.connection = null
    if (this.#manners.stop !== 'hangs up') this.capturing = false
  }

  /** Its media is lost, for as long as it waits before it does something about it. */
  loseMedia (): void {
    if (this.#manners.lost === 'nothing') return
    this.connection = null
    if (this.#manners.lost === 'leaves and joins') this.#say({ command: 'leave' })
    this.join()
  }

  /** Its network is gone, with no word to anybody. */
  vanish (): void {
    this.wire.raw.destroy()
  }

  /** Waits until each of the two is described to the other's peer connection, and neither waits for an answer. */
  static async inCall (one: NativeClient, other: NativeClient): Promise<void> {
    await NativeClient.#until(() => one.#meets(other) && other.#meets(one), () => `${one.#story()}; ${other.#story()}`)
  }

  static async #until (holds: () => boolean, story: () => string): Promise<void> {
    const signal = AbortSignal.timeout(MAX_WAIT)
    while (!holds()) {
      await once(NativeClient.#changes, 'change', { signal }).catch(() => { throw new Error(`Waited in vain: ${story()}`) })
    }
  }

  #meets ({ connection }: NativeClient): boolean {
    return this.connection !== null && !this.connection.offering && connection !== null && this.connection.remote === connection.id
  }

  #story (): string {
    return `${this.name} ${JSON.stringify(this.connection)} heard ${this.wire.frames.slice(-8).map(frame => frame.slice(0, 80)).join(' ')}`
  }

  #make (): Connection {
    return { id: `${this.name} ${++this.#made}`, remote: null, offering: false }
  }

  #say (message: Record<string, unknown>): void {
    if (this.wire.socket.readyState === WebSocket.OPEN) this.wire.send({ streamId: ROOM, ...message })
  }

  #describe (type: 'offer' | 'answer', connection: Connection): void {
    this.#say({ command: 'takeConfiguration', type, sdp: connection.id })
    this.#say({ command: 'takeCandidate', label: 0, id: '0', candidate: `candidate:${connection.id}` })
  }

  #receive (message: Message, bytes: number): void {
    if (this.name === 'GStreamer' && bytes >= 8_192) this.faults.push('a text of 8,192 bytes or more')
    switch (message.command) {
      case 'start': return this.#start(message)
      case 'stop': return this.#stop()
      case 'takeConfiguration': return this.#take(message)
      case 'takeCandidate':
        if (typeof message.id !== 'string' || !Number.isInteger(message.label)) this.faults.push('a candidate without id or label')
        if (this.name === 'GStreamer' && this.connection === null) this.faults.push('a candidate before an offer')
        return
      case 'error': this.alerts.push(String(message.definition))
    }
  }

  #start ({ streamId }: Message): void {
    this.starts++
    if (streamId !== ROOM) this.faults.push('a start of no room')
    const { start } = this.#manners
    if (start === 'makes' || (start === 'keeps' && this.connection === null)) this.connection = this.#make()
    const { connection } = this
    if (connection === null) return
    connection.offering = true
    this.#describe('offer', connection)
  }

  #stop (): void {
    const { stop } = this.#manners
    if (stop === 'closes its socket') this.wire.socket.close()
    else if (stop !== 'nothing') this.connection = null
    if (stop === 'hangs up') this.capturing = false
  }

  #take ({ type, sdp }: Message): void {
    if (typeof sdp !== 'string') {
      this.faults.push('a description without sdp')
    } else if (type === 'offer') {
      if (this.connection === null && this.#manners.offer === 'makes') this.connection = this.#make()
      const { connection } = this
      if (connection === null) return
      // None of them takes an offer back: two at once leave both without an answer.
      if (connection.offering) {
        this.faults.push('an offer that meets its own')
        return
      }
      connection.remote = sdp
      this.#describe('answer', connection)
    } else if (type === 'answer') {
      const { connection } = this
      if (connection?.offering !== true) return
      connection.offering = false
      connection.remote = sdp
    } else {
      this.faults.push(`a description of the type ${String(type)}`)
    }
  }
}
