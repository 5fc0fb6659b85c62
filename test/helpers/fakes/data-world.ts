import { AdaptorError } from '../../../lib/client/base/client-errors.js'
import type { CallbackEvents } from '../../../lib/client/base/client-events.js'
import { Emitter } from '../../../lib/client/base/emitter.js'
import type { PeerKind } from '../../../lib/client/call/peer-session.js'
import createData from '../../../lib/client/data/data.js'
import type { ReceivedFile } from '../../../lib/client/data/data-types.js'
import type { ExtraContext } from '../../../lib/client/extras/extra.js'
import { TestClock } from './test-clock.js'

type Message = string | ArrayBuffer

/** One end of a data channel, whose messages wait until the test lets the next one through. */
export class FakeLinkedChannel {
  readonly sent: Message[] = []
  readyState: 'open' | 'closed' = 'open'
  bufferedAmountLowThreshold = 0
  onbufferedamountlow: (() => void) | null = null
  largest = 0

  get bufferedAmount (): number {
    return this.sent.reduce((sum, message) => sum + sizeOf(message), 0)
  }

  send (message: Message): void {
    if (this.readyState !== 'open') throw new DOMException('closed', 'InvalidStateError')
    this.largest = Math.max(this.largest, sizeOf(message))
    this.sent.push(message)
  }

  /** Takes the oldest message off. */
  shift (): Message | undefined {
    const before = this.bufferedAmount
    const message = this.sent.shift()
    if (before > this.bufferedAmountLowThreshold && this.bufferedAmount <= this.bufferedAmountLowThreshold) this.onbufferedamountlow?.()
    return message
  }
}

const sizeOf = (message: Message): number => typeof message === 'string' ? message.length : message.byteLength

interface FakeSession {
  peer: PeerKind
  state: RTCPeerConnectionState
  dataChannel: FakeLinkedChannel | undefined
  peerConnection: { sctp: { maxMessageSize: number } }
}

class FakeCurrent extends Emitter<{ session: FakeSession | null, channel: boolean, state: RTCPeerConnectionState }> {
  session: FakeSession | null = null

  open (session: FakeSession): void {
    this.session = session
    this.emit('session', session)
    this.emit('state', session.state)
    this.emit('channel', true)
  }

  /** The connection is in another state. */
  change (state: RTCPeerConnectionState): void {
    this.emit('state', state)
  }

  end (): void {
    if (this.session === null) return
    this.session = null
    this.emit('channel', false)
    this.emit('session', null)
  }
}

class FakeNotifications extends Emitter<{ notification: object }> {
  notify (notification: object): void {
    this.emit('notification', notification)
  }
}

let instances = 0

/** One side: the real module of the data channel, on a channel that the test moves. */
export class DataSide {
  readonly current = new FakeCurrent()
  readonly signalling = new FakeNotifications()
  readonly received: Message[] = []
  readonly files: ReceivedFile[] = []
  readonly data: ReturnType<typeof createData>
  room: string | null = 'room'

  constructor (clock: TestClock) {
    const announcer = {
      tell: (name: keyof CallbackEvents, payload: unknown) => {
        if (name === 'data_received') this.received.push((payload as CallbackEvents['data_received']).data)
        if (name === 'file_received') this.files.push(payload as ReceivedFile)
      }
    }
    const id = `side ${instances++}`
    const environment = {
      setTimeout: (task: () => void, delay: number) => clock.after(delay, task),
      clearTimeout: (timer: unknown) => clock.cancel(timer),
      now: () => clock.now(),
      random: () => 0.5,
      secret: () => id
    }
    this.data = createData({
      environment, current: this.current, signalling: this.signalling, announcer, media: null, room: () => this.room, AdaptorError
    } as unknown as ExtraContext)
  }

  get channel (): FakeLinkedChannel | undefined {
    return this.current.session?.dataChannel
  }
}

/** Two sides, and the way between them. */
export class DataWorld {
  readonly clock = new TestClock()
  readonly anna = new DataSide(this.clock)
  ben = new DataSide(this.clock)

  connect (peer: PeerKind = 'ours', maxMessageSize = 65_536): void {
    for (const side of [this.anna, this.ben]) {
      side.current.open({ peer, state: 'connected', dataChannel: new FakeLinkedChannel(), peerConnection: { sctp: { maxMessageSize } } })
    }
  }

  /** The connection is gone, with all that was under way on it. */
  cut (): void {
    for (const side of [this.anna, this.ben]) {
      if (side.channel !== undefined) side.channel.readyState = 'closed'
      side.current.end()
    }
  }

  /** Ben gives up his seat or loses it, and the server says so to Anna. `connected`: the connection between the two was well. */
  leave (reason: 'left' | 'removed' | 'lost', connected = true): void {
    if (!connected) this.anna.current.change('failed')
    this.cut()
    this.anna.signalling.notify({ command: 'notification', definition: 'peerLeft', streamId: 'room', reason })
  }

  /** Lets one message through to a side. Returns whether there was one. */
  deliverTo (side: DataSide): boolean {
    const message = (side === this.anna ? this.ben : this.anna).channel?.shift()
    if (message === undefined) return false
    side.data.receive(side.current.session?.peer === 'ours' && typeof message === 'string' ? JSON.parse(message) : message)
    return true
  }

  /** Lets everything through until nothing comes any more. */
  async whenIdle (): Promise<void> {
    for (let idle = 0; idle < 3; idle++) {
      while (this.deliverTo(this.anna) || this.deliverTo(this.ben)) idle = 0
      await turn()
    }
  }
}

/** All promises that can go on have gone on. */
export const turn = async (): Promise<void> => new Promise(resolve => setImmediate(resolve))
