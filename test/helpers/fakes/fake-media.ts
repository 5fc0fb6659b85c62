/** A track that knows whether its device is running. */
export class FakeTrack {
  readonly kind: string
  readonly label: string
  enabled = true
  muted = false
  readyState: 'live' | 'ended' = 'live'
  onended: (() => void) | null = null
  onmute: (() => void) | null = null
  onunmute: (() => void) | null = null
  /** What was asked for when it was fetched. */
  readonly constraint: unknown

  constructor (kind: string, label: string, constraint: unknown = true) {
    this.kind = kind
    this.label = label
    this.constraint = constraint
  }

  /** The system takes the device for something else, or gives it back. */
  interrupt (muted: boolean): void {
    this.muted = muted
    if (muted) this.onmute?.()
    else this.onunmute?.()
  }

  contentHint = ''
  applied: unknown
  async applyConstraints (constraints: unknown): Promise<void> {
    this.applied = constraints
  }

  stop (): void {
    this.readyState = 'ended'
  }

  /** The device is pulled out. */
  unplug (): void {
    this.readyState = 'ended'
    this.onended?.()
  }
}

export class FakeStream {
  readonly #tracks = new Set<FakeTrack>()

  getTracks (): FakeTrack[] {
    return [...this.#tracks]
  }

  getVideoTracks (): FakeTrack[] {
    return this.getTracks().filter(track => track.kind === 'video')
  }

  getAudioTracks (): FakeTrack[] {
    return this.getTracks().filter(track => track.kind === 'audio')
  }

  addTrack (track: FakeTrack): void {
    this.#tracks.add(track)
  }

  removeTrack (track: FakeTrack): void {
    this.#tracks.delete(track)
  }
}

type Constraints = { audio?: unknown, video?: unknown }

/** Camera and microphone. Gives tracks at once, or when the test says so, or fails as a browser does. */
export class FakeMediaDevices extends EventTarget {
  list: Array<{ kind: string, deviceId: string, label: string }> = []
  /** How many listen for devices that come and go. */
  listening = 0
  readonly tracks: FakeTrack[] = []
  readonly requests: Constraints[] = []
  /** The error with which requests fail, by what they ask for. */
  fail: (constraints: Constraints) => string | null = () => null
  /** While true, requests wait for `answer`. */
  slow = false
  #waiting: Array<() => void> = []

  getUserMedia = async (constraints: Constraints): Promise<FakeStream> => {
    this.requests.push(constraints)
    if (this.slow) await new Promise<void>(resolve => this.#waiting.push(resolve))
    const error = this.fail(constraints)
    if (error !== null) throw new DOMException(`${error} for ${Object.keys(constraints).join()}`, error)
    const stream = new FakeStream()
    for (const kind of ['audio', 'video'] as const) {
      if (constraints[kind] === undefined || constraints[kind] === false) continue
      const track = new FakeTrack(kind, `${kind} ${this.tracks.length}`, constraints[kind])
      this.tracks.push(track)
      stream.addTrack(track)
    }
    return stream
  }

  /** The error with which the person's choice of a screen ends. */
  refuseScreen: string | null = null

  getDisplayMedia = async (): Promise<FakeStream> => {
    if (this.refuseScreen !== null) throw new DOMException('Not chosen', this.refuseScreen)
    const stream = new FakeStream()
    const track = new FakeTrack('video', 'screen')
    this.tracks.push(track)
    stream.addTrack(track)
    return stream
  }

  enumerateDevices = async () => this.list

  override addEventListener (...args: Parameters<EventTarget['addEventListener']>): void {
    this.listening++
    super.addEventListener(...args)
  }

  override removeEventListener (...args: Parameters<EventTarget['removeEventListener']>): void {
    this.listening--
    super.removeEventListener(...args)
  }

  get waiting (): number {
    return this.#waiting.length
  }

  /** The requests that wait are answered. */
  answer (): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** What is running now. */
  get live (): string[] {
    return this.tracks.filter(track => track.readyState === 'live').map(track => track.kind).sort()
  }
}

/** A video element, as far as the SDK uses one. */
export class FakeElement {
  srcObject: FakeStream | null = null
  muted = false
  /** The name of the error with which it refuses to play. */
  refuses: string | null = null
  /** How often it was played. */
  played = 0

  async play (): Promise<void> {
    if (this.refuses !== null) throw new DOMException('The page may not play', this.refuses)
    this.played++
  }
}
