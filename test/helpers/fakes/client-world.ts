import type { Test } from 'tap'
import type { Environment } from '../../../lib/client/base/environment.js'
import type { ExtraName } from '../../../lib/client/extras/extra-methods.js'
import { LOADERS } from '../../../lib/client/extras/extras.js'
import { WebRTCAdaptor, type AdaptorError, type WebRTCAdaptorOptions } from '../../../lib/client/webrtc-adaptor.js'
import { FakeElement, FakeMediaDevices, FakeStream } from './fake-media.js'
import { FakeIce } from './fake-ice.js'
import type { FakePeerConnection } from './fake-peer-connection.js'
import { FakeServer } from './fake-server.js'
import { FakeNetwork, type FakeWebSocket } from './fake-web-socket.js'
import { Pending, turn } from './pending.js'
import { TestClock } from './test-clock.js'

/** The parts of the SDK that are being loaded, and other work of the browser. The loaders are those of the whole process, as in a browser. */
const loading = new Pending()
for (const [name, load] of Object.entries(LOADERS)) LOADERS[name as ExtraName] = () => loading.until(load())
/** Each adaptor asks for this one as it begins. It is there before anything else has come, so that no test depends on how fast a file is read. */
const guard = await LOADERS.guard()
LOADERS.guard = async () => guard

/** Hashes are made in another thread, and count as well. */
const { subtle } = crypto
const digest = subtle.digest.bind(subtle)
subtle.digest = (...args) => loading.until(digest(...args))

class FakeTarget {
  readonly #listeners = new Map<string, Set<(event: Event) => void>>()
  visibilityState: DocumentVisibilityState = 'visible'

  addEventListener (type: string, listener: (event: Event) => void): void {
    this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(listener))
  }

  removeEventListener (type: string, listener: (event: Event) => void): void {
    this.#listeners.get(type)?.delete(listener)
  }

  get listening (): number {
    return [...this.#listeners.values()].reduce((sum, listeners) => sum + listeners.size, 0)
  }

  fire (type: string, more: object = {}): void {
    for (const listener of [...this.#listeners.get(type) ?? []]) listener(Object.assign(new Event(type), more))
  }
}

/** One browser page with an adaptor in it, and all that it is told. */
export class FakePage {
  readonly network = new FakeNetwork()
  readonly devices = new FakeMediaDevices()
  /** What the browser remembers of a device, where it tells. */
  permissions: Partial<Record<'camera' | 'microphone', PermissionState>> = {}
  /** The debug log: whether the browser has it switched on, and what was printed. */
  debugging = false
  /** Whether the browser was told to get ready for a peer connection. */
  warmedUp = false
  readonly printed: string[] = []
  readonly window = new FakeTarget()
  readonly document = new FakeTarget()
  readonly elements: Record<string, FakeElement> = { localVideo: new FakeElement(), remoteVideo: new FakeElement() }
  readonly ice: FakeIce
  readonly told: string[] = []
  readonly errors: AdaptorError[] = []
  readonly payloads: Array<[string, unknown]> = []
  readonly environment: Environment
  adaptor!: WebRTCAdaptor

  constructor (world: World) {
    const { clock } = world
    this.ice = world.ice
    this.network.listener = world.server.listen
    const { elements, devices } = this
    this.environment = {
      WebSocket: this.network.WebSocket,
      RTCPeerConnection: world.ice.RTCPeerConnection,
      MediaStream: FakeStream as unknown as Environment['MediaStream'],
      mediaDevices: devices as unknown as MediaDevices,
      permission: async device => this.permissions[device],
      setTimeout: (callback, delay) => clock.after(delay, callback),
      clearTimeout: handle => clock.cancel(handle),
      now: () => clock.now(),
      random: () => 0,
      secret: () => String(++world.secrets).padStart(32, '0'),
      warmUp: () => { this.warmedUp = true },
      debugging: () => this.debugging,
      print: line => this.printed.push(line),
      window: this.window,
      document: Object.assign(this.document, { getElementById: (id: string) => (elements[id] ?? null) as unknown as HTMLElement | null }),
      location: 'https://example.org/app/peer.html?room=1'
    }
  }

  open (options: WebRTCAdaptorOptions = {}): WebRTCAdaptor {
    this.adaptor = new WebRTCAdaptor({
      localVideoId: 'localVideo',
      remoteVideoId: 'remoteVideo',
      callback: (info, payload) => {
        this.told.push(info)
        this.payloads.push([info, payload])
      },
      callbackError: (_error, message) => this.errors.push(message),
      ...options
    }, this.environment)
    return this.adaptor
  }

  get errorNames (): string[] {
    return this.errors.map(error => error.name)
  }

  /** How often `callback` was called with this name. */
  count (info: string): number {
    return this.told.filter(told => told === info).length
  }

  get socket (): FakeWebSocket {
    return this.network.last
  }

  /** The adaptor's peer connection. */
  get connection (): FakePeerConnection | null {
    return this.adaptor.peerConnection as unknown as FakePeerConnection | null
  }

  /** What is on show of the other side. */
  get remote (): string[] {
    return this.elements.remoteVideo?.srcObject?.getTracks().map(({ kind }) => kind).sort() ?? []
  }

  /** What was sent by this page, on all its sockets. */
  get sent (): Array<{ command: string, [field: string]: unknown }> {
    return this.network.sockets.flatMap(({ sent }) => sent).map(text => JSON.parse(text) as { command: string })
  }
}

/** Pages, the network between them and a server, and time, which passes only when the test says so. */
export class World {
  readonly clock = new TestClock()
  readonly server = new FakeServer(this.clock)
  readonly ice = new FakeIce()
  readonly networks: FakeNetwork[] = []
  secrets = 0

  /** A page whose adaptor has not been made yet; all are closed when the test ends. */
  page (t: Test): FakePage {
    const page = new FakePage(this)
    this.networks.push(page.network)
    t.teardown(() => page.adaptor?.close())
    return page
  }

  /** Two pages in one room, in a call. */
  async call (t: Test, options: WebRTCAdaptorOptions = {}): Promise<[FakePage, FakePage]> {
    const [one, two] = [this.page(t), this.page(t)]
    for (const page of [one, two]) {
      page.open(options)
      void page.adaptor.join('room1')
      await this.whenIdle()
    }
    return [one, two]
  }

  /** Whether anything is under way that ends without time: frames, tasks of the peer connections, parts of the SDK that are being loaded. */
  get busy (): boolean {
    return this.ice.pending.count > 0 || loading.count > 0 || this.networks.some(network => network.busy)
  }

  /** Carries everything that is under way to where it goes, until nothing happens any more but by time. */
  async whenIdle (): Promise<void> {
    await this.carry(() => true)
  }

  /** As {@link whenIdle}; what is not to be carried in this turn, as `some` says, is asked for again in the next. */
  async carry (some: () => boolean): Promise<void> {
    do {
      for (const network of this.networks) network.step(some)
      await turn()
    } while (this.busy)
  }

  /** Lets time pass, and whatever comes of it happen. */
  async pass (ms: number): Promise<void> {
    await this.whenIdle()
    await this.clock.advanceSlowly(ms, () => this.whenIdle())
    await this.whenIdle()
  }
}

/** The data of every message of the other side's application, in order. */
export function heard (page: FakePage): unknown[] {
  return page.payloads
    .filter(([info]) => info === 'peerMessageCommand')
    .map(([, message]) => (message as { data: unknown }).data)
}

/** Whether two pages are in one call, both ends agreed and connected. */
export function inCall (one: FakePage, two: FakePage): boolean {
  const [a, b] = [one.connection, two.connection]
  return a !== null && b !== null && a.connectionState === 'connected' && b.connectionState === 'connected' && agree(a, b)
}

/** Whether two peer connections are at rest, with the same two descriptions at both ends. */
export function agree (a: FakePeerConnection, b: FakePeerConnection): boolean {
  return a.signalingState === 'stable' && b.signalingState === 'stable' &&
    a.currentLocal?.sdp === b.currentRemote?.sdp && b.currentLocal?.sdp === a.currentRemote?.sdp
}
