import { Timer } from '../base/timer.js'
import type { CallStats } from './call-stats.js'
import type { Extra, ExtraContext } from './extra.js'
import type { ExtraMethods } from './extra-methods.js'
import { measure } from './measurement.js'
import { Picture } from './picture.js'
import { judge, smooth, NOT_JUDGED } from './quality.js'

type Methods = Pick<ExtraMethods, 'getStats' | 'enableStats' | 'disableStats' | 'changeBandwidth' | 'preferVideoCodecs'>

/** As Ant Media's SDK has it, in ms. */
const PERIOD = 5_000
/** How much time is judged at a time, at least, in ms: in less of it one lost packet would be a disaster. */
const SPAN = 1_000

/** A call in numbers, how good it is by them, and how its picture is sent. */
class Stats implements Methods, Extra {
  readonly #context: ExtraContext
  readonly #timer: Timer
  readonly #picture: Picture
  readonly #end: () => void
  #period: number | null = null
  /** The last measurement of the peer connection that there is. */
  #last: CallStats | null = null
  /** The last one that the quality was judged by. */
  #judged: CallStats | null = null
  #quality = NOT_JUDGED

  constructor (context: ExtraContext) {
    this.#context = context
    this.#timer = new Timer(context.environment)
    this.#picture = new Picture(context)
    this.#end = context.current.on('session', session => {
      this.#last = this.#judged = null
      this.#quality = NOT_JUDGED
      context.current.quality = null
      if (session === null) this.#timer.stop()
      else this.#schedule()
    })
  }

  async getStats (): Promise<CallStats> {
    const connection = this.#context.current.session?.peerConnection
    if (connection === undefined) throw new this.#context.AdaptorError('InvalidStateError', 'There is no call.')
    const report = await connection.getStats()
    const stats = measure(report, this.#context.room(), this.#last)
    if (connection === this.#context.current.session?.peerConnection) {
      this.#last = stats
      this.#context.announcer.tell('updated_stats', stats)
      this.#judge(stats, connection)
    }
    return stats
  }

  async enableStats (_streamId?: string, periodMs = PERIOD): Promise<void> {
    this.#period = Math.max(periodMs, 100)
    if (this.#context.current.session !== null) this.#schedule()
  }

  async disableStats (): Promise<void> {
    this.#period = null
    this.#timer.stop()
  }

  changeBandwidth (bandwidth: number | 'unlimited'): Promise<void> {
    return this.#picture.changeBandwidth(bandwidth)
  }

  preferVideoCodecs (codecs: readonly string[]): Promise<void> {
    return this.#picture.preferVideoCodecs(codecs)
  }

  close (): void {
    this.#picture.close()
    this.#period = null
    this.#timer.stop()
    this.#end()
  }

  #judge (stats: CallStats, connection: RTCPeerConnection): void {
    const before = this.#judged
    if (before !== null && stats.currentTime - before.currentTime < SPAN) return
    this.#judged = stats
    if (before === null) return
    const { announcer, current, room } = this.#context
    const { iceConnectionState: state } = connection
    const sender = connection.getSenders().find(({ track }) => track?.kind === 'video')
    const judged = judge(before, stats, {
      interrupted: state === 'disconnected' || state === 'failed',
      frozen: current.remoteMedia.video === 'frozen',
      limit: (sender?.getParameters().encodings?.[0]?.maxBitrate ?? Infinity) / 1_000
    })
    const { shown } = this.#quality = smooth(this.#quality, judged, before.currentTime, stats.currentTime)
    if (shown === null || shown === current.quality) return
    current.quality = shown
    announcer.tell('quality_changed', { streamId: room(), ...shown })
  }

  #schedule (): void {
    if (this.#period === null) return
    this.#timer.start(this.#period, () => {
      // The call may end meanwhile, which is no failure.
      void this.getStats().catch(() => {}).then(() => { if (this.#context.current.session !== null) this.#schedule() })
    })
  }
}

export default function createStats (context: ExtraContext): Methods & Extra {
  return new Stats(context)
}
