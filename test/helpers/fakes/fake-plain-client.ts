import type { FakePeerConnection } from './fake-peer-connection.js'
import type { World } from './client-world.js'
import { FakeNetwork, type FakeWebSocket } from './fake-web-socket.js'

interface PlainManner {
  /** In which order it adds its tracks. */
  kinds?: readonly string[]
  /** Whether it has a data channel. */
  data?: boolean
}

/** A client of another make, as Ant Media's are: it knows no sessions, resolves no collisions, and never offers but at `start`. */
export class FakePlainClient {
  readonly network = new FakeNetwork()
  readonly heard: Array<{ command: string, [field: string]: unknown }> = []
  connection: FakePeerConnection | null = null
  readonly #world: World
  readonly #room: string
  readonly #manner: PlainManner
  /** What its own browser has refused it. */
  readonly faults: string[] = []
  #socket: FakeWebSocket
  #early: RTCIceCandidateInit[] = []

  constructor (world: World, room = 'room1', manner: PlainManner = {}) {
    this.#world = world
    this.#manner = manner
    this.#room = room
    this.network.listener = world.server.listen
    world.networks.push(this.network)
    this.#socket = this.#open()
  }

  say (message: object): void {
    this.#socket.send(JSON.stringify({ streamId: this.#room, ...message }))
  }

  async join (): Promise<void> {
    await this.#world.whenIdle()
    this.say({ command: 'join', mode: 'both', multiPeer: false })
    await this.#world.whenIdle()
  }

  /** Comes back by another socket, with the peer connection that it has. */
  async reconnect (): Promise<void> {
    this.#socket = this.#open()
    await this.join()
  }

  /** The page is loaded anew. */
  async reload (): Promise<void> {
    this.#socket.close(1000)
    this.connection?.close()
    this.connection = null
    await this.reconnect()
  }

  get socket (): FakeWebSocket {
    return this.#socket
  }

  #open (): FakeWebSocket {
    const socket = new this.network.WebSocket('ws://plain') as unknown as FakeWebSocket
    socket.onmessage = ({ data }) => {
      this.#receive(JSON.parse(data) as { command: string }).catch(error => this.faults.push(String(error)))
    }
    return socket
  }

  #connect (): FakePeerConnection {
    if (this.connection !== null) return this.connection
    const connection = new this.#world.ice.RTCPeerConnection() as unknown as FakePeerConnection
    connection.adopting = true
    for (const kind of this.#manner.kinds ?? ['audio', 'video']) connection.addTransceiver(kind, { direction: 'sendrecv' })
    if (this.#manner.data === true) connection.createDataChannel(this.#room)
    connection.onicecandidate = ({ candidate }) => {
      const { sdpMLineIndex, sdpMid, candidate: text } = (candidate ?? {}) as RTCIceCandidateInit
      if (candidate !== null) this.say({ command: 'takeCandidate', label: sdpMLineIndex, id: sdpMid, candidate: text })
    }
    this.connection = connection
    return connection
  }

  async #receive (frame: { command: string, [field: string]: unknown }): Promise<void> {
    this.heard.push(frame)
    if (frame.command === 'start') {
      await this.#describe(this.#connect(), 'offer')
    } else if (frame.command === 'stop') {
      this.connection?.close()
      this.connection = null
      this.#early = []
    } else if (frame.command === 'takeConfiguration') {
      const connection = this.#connect()
      const type = frame.type as string
      await connection.setRemoteDescription({ type, sdp: String(frame.sdp) })
      for (const candidate of this.#early.splice(0)) await connection.addIceCandidate(candidate)
      if (type === 'offer') await this.#describe(connection, 'answer')
    } else if (frame.command === 'takeCandidate') {
      const connection = this.#connect()
      const candidate = { candidate: String(frame.candidate), sdpMLineIndex: Number(frame.label) }
      if (connection.remoteDescription === null) this.#early.push(candidate)
      else await connection.addIceCandidate(candidate)
    }
  }

  async #describe (connection: FakePeerConnection, type: 'offer' | 'answer'): Promise<void> {
    await connection.setLocalDescription()
    if (connection.closed) return
    this.say({ command: 'takeConfiguration', type, sdp: connection.localDescription?.sdp })
  }
}
