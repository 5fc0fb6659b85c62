import { Timer } from '../base/timer.js'
import type { CallStats } from './call-stats.js'
import type { Extra, ExtraContext } from './extra.js'
import type { ExtraMethods } from './extra-methods.js'
import { measure } from './measurement.js'
import { judge, settle, UNSETTLED } from './quality.js'

type Methods = Pick<ExtraMethods, 'getStats' | 'enableStats' | 'disableStats' | 'changeBandwidth'>

/** As Ant Media's SDK has it, in ms. */
const PERIOD = 5_000
/** How much time is judged at a time, at least, in ms: in less of it one lost packet would be a disaster. */
const SPAN = 1_000

/** A call in numbers, how good it is by them, and how much of the network its picture may take. */
class Stats implements Methods, Extra {
  readonly #context: ExtraContext
  readonly #timer: Timer
  readonly #end: () => void
  #period: number | null = null
  /** The last measurement of the peer connection that there is. */
  #last: CallStats | null = null
  /** The last one that the quality was judged by. */
  #judged: CallStats | null = null
  #quality = UNSETTLED
  /** In kbit/s. */
  #limit = Infinity

  constructor (context: ExtraContext) {
    this.#context = context
    this.#timer = new Timer(context.environment)
    this.#end = context.current.on('session', session => {
      this.#last = this.#judged = null
      this.#quality = UNSETTLED
      context.current.quality = null
      if (session === null) this.#timer.stop()
      else this.#schedule()
    })
  }

  async getStats (): Promise<CallStats> {
    const connection = this.#connection('')
    const report = await connection.getStats()
    const stats = measure(report, this.#context.room(), this.#last)
    if (connection === this.#context.current.session?.peerConnection) {
      this.#last = stats
      this.#context.announcer.tell('updated_stats', stats)
      this.#judge(stats, connection.iceConnectionState)
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

  async changeBandwidth (bandwidth: number | 'unlimited'): Promise<void> {
    const sender = this.#connection(' to limit').getSenders().find(({ track }) => track?.kind === 'video')
    if (sender === undefined) throw new this.#context.AdaptorError('InvalidStateError', 'No picture is sent.')
    const parameters = sender.getParameters()
    // Firefox before 110 has none before they are set.
    const [encoding = {}, ...others] = parameters.encodings ?? []
    if (bandwidth === 'unlimited') delete encoding.maxBitrate
    else encoding.maxBitrate = bandwidth * 1_000
    await sender.setParameters({ ...parameters, encodings: [encoding, ...others] })
    this.#limit = encoding.maxBitrate === undefined ? Infinity : encoding.maxBitrate / 1_000
  }

  close (): void {
    this.#period = null
    this.#timer.stop()
    this.#end()
  }

  #judge (stats: CallStats, state: RTCIceConnectionState): void {
    const before = this.#judged
    if (before !== null && stats.currentTime - before.currentTime < SPAN) return
    this.#judged = stats
    if (before === null) return
    const { announcer, current, remoteMedia, room } = this.#context
    const judged = judge(before, stats, {
      interrupted: state === 'disconnected' || state === 'failed',
      frozen: remoteMedia.state.video === 'frozen',
      limit: this.#limit
    })
    const { shown } = this.#quality = settle(this.#quality, judged, before.currentTime, stats.currentTime)
    if (shown === null || shown === current.quality) return
    current.quality = shown
    announcer.tell('quality_changed', { streamId: room(), ...shown })
  }

  #connection (what: string): RTCPeerConnection {
    const { session } = this.#context.current
    if (session === null) throw new this.#context.AdaptorError('InvalidStateError', `There is no call${what}.`)
    return session.peerConnection
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
