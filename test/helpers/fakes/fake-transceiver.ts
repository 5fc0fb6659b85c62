import type { Direction } from './fake-description.js'
import { FakeTrack } from './fake-media.js'

export class FakeTransceiver {
  mid: string | null = null
  direction: Direction
  currentDirection: Direction | null = null
  /** Whether the other side's track has been announced by an event and not been taken away since. */
  announced = false
  readonly receiver: { track: FakeTrack, getStats: () => Promise<Map<string, object>> }
  readonly sender: {
    track: FakeTrack | null
    streams: object[]
    replaceTrack: (track: FakeTrack | null) => Promise<void>
    setStreams: (...streams: object[]) => void
  }

  constructor (kind: string, direction: Direction, track: FakeTrack | null, changed: () => void, frames: () => number) {
    this.direction = direction
    const stats = () => new Map([['one', { type: 'inbound-rtp', kind, ...kind === 'video' ? { framesDecoded: frames() } : {} }]])
    this.receiver = { track: new FakeTrack(kind, `remote ${kind}`), getStats: async () => stats() }
    this.sender = {
      track,
      replaceTrack: async track => { this.sender.track = track },
      streams: [],
      setStreams: (...streams) => { this.sender.streams = streams }
    }
    return new Proxy(this, {
      set: (target, field, value) => {
        const done = Reflect.set(target, field, value)
        if (field === 'direction') changed()
        return done
      }
    })
  }
}
