import type { Environment } from '../../../lib/client/base/environment.js'
import { FakeDataChannel } from './fake-data-channel.js'
import { parse, sends } from './fake-description.js'
import { FakePeerConnection } from './fake-peer-connection.js'
import { Pending } from './pending.js'

/** What the peer connections of one test share: they find each other here, and time passes as the test says. */
export class FakeIce {
  readonly connections: FakePeerConnection[] = []
  /** The tasks that the browser has queued. */
  readonly pending = new Pending()
  /** Whether two sides that know each other's candidates get through to each other. */
  open = true
  /** Whether pictures move: frames of the cameras that are on come through. */
  frames = true
  /** The fingerprint of every certificate; where it is undefined, each connection has one of its own. */
  fingerprint: string | undefined
  /** Awaited in the middle of each asynchronous operation. */
  pause: () => Promise<void> = async () => {}
  /** What a browser would have refused: a description in the wrong state, an answer to another offer. */
  readonly faults: string[] = []

  get RTCPeerConnection (): Environment['RTCPeerConnection'] {
    const make = (configuration?: RTCConfiguration) => new FakePeerConnection(this, configuration)
    return function RTCPeerConnection (configuration?: RTCConfiguration) { return make(configuration) } as unknown as Environment['RTCPeerConnection']
  }

  find (origin: string): FakePeerConnection | undefined {
    return this.connections.find(connection => connection.origin === origin)
  }

  /** A connection is connected where both sides have agreed and know a candidate of each other's present generation. */
  connect (connection: FakePeerConnection): void {
    const { closed, signalingState, currentLocal, currentRemote, origin, candidates } = connection
    if (closed || signalingState !== 'stable' || currentRemote === null || currentLocal === null) return
    const remote = parse(currentRemote.sdp)
    const other = this.find(remote.origin)
    if (other === undefined || other.closed || other.currentRemote === null) return
    if (parse(other.currentRemote.sdp).origin !== origin || !candidates.includes(remote.ufrag)) return
    if (!this.open) return
    connection.become('connected')
    this.#openChannels(connection, other)
    this.#openChannels(other, connection)
  }

  /** Whether the camera of the other side is on and gets through. */
  carriesPictures ({ currentRemote, connectionState }: FakePeerConnection): boolean {
    const other = currentRemote === null ? undefined : this.find(parse(currentRemote.sdp).origin)
    const sending = other?.getTransceivers().some(({ sender, currentDirection }) =>
      sender.track?.kind === 'video' && sender.track.readyState === 'live' && sends(currentDirection)) ?? false
    return this.frames && sending && other?.connectionState === 'connected' && connectionState === 'connected'
  }

  /** RFC 8831: where both have agreed on a section for data, each channel comes out at the other side. */
  #openChannels (connection: FakePeerConnection, other: FakePeerConnection): void {
    if (![connection.currentLocal, connection.currentRemote].every(description => description !== null && parse(description.sdp).data)) return
    for (const channel of connection.channels.filter(({ twin }) => twin === null)) {
      const twin = channel.twin = new FakeDataChannel(channel.label, this.pending)
      twin.twin = channel
      other.channels.push(twin)
      this.pending.task(() => {
        if (connection.closed || other.closed) return
        channel.readyState = twin.readyState = 'open'
        other.ondatachannel?.({ channel: twin })
        for (const end of [channel, twin]) end.onopen?.()
      })
    }
  }
}
