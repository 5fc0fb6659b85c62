import type { Direction } from './fake-description.js'
import { FakeTrack } from './fake-media.js'

/** What a sender is told, as far as the SDK tells it anything. */
export interface FakeParameters {
  encodings: Array<{ maxBitrate?: number }>
  degradationPreference?: string
}

export class FakeTransceiver {
  mid: string | null = null
  direction: Direction
  currentDirection: Direction | null = null
  /** Whether the other side's track has been announced by an event and not been taken away since. */
  announced = false
  /** Which codecs are to be used, the best first; null where nobody has said so. */
  codecs: string[] | null = null
  readonly receiver: { track: FakeTrack, getStats: () => Promise<Map<string, object>> }
  readonly sender: {
    track: FakeTrack | null
    streams: object[]
    parameters: FakeParameters
    replaceTrack: (track: FakeTrack | null) => Promise<void>
    getParameters: () => FakeParameters
    setParameters: (parameters: FakeParameters) => Promise<void>
    setStreams: (...streams: object[]) => void
  }

  setCodecPreferences: (codecs: Array<{ mimeType: string }>) => void

  constructor (kind: string, direction: Direction, track: FakeTrack | null, changed: () => void, frames: () => number) {
    this.direction = direction
    const stats = () => new Map([['one', { type: 'inbound-rtp', kind, ...kind === 'video' ? { framesDecoded: frames() } : {} }]])
    this.receiver = { track: new FakeTrack(kind, `remote ${kind}`), getStats: async () => stats() }
    this.sender = {
      track,
      parameters: { encodings: [{}] },
      getParameters: () => structuredClone(this.sender.parameters),
      setParameters: async parameters => { this.sender.parameters = parameters },
      replaceTrack: async track => { this.sender.track = track },
      streams: [],
      setStreams: (...streams) => { this.sender.streams = streams }
    }
    // It is called by the SDK on the proxy below.
    this.setCodecPreferences = codecs => { this.codecs = codecs.map(({ mimeType }) => mimeType) }
    return new Proxy(this, {
      set: (target, field, value) => {
        const done = Reflect.set(target, field, value)
        if (field === 'direction') changed()
        return done
      }
    })
  }
}
