import { Timer } from '../base/timer.js'
import type { CallStats } from './call-stats.js'
import type { Extra, ExtraContext } from './extra.js'
import type { ExtraMethods } from './extra-methods.js'

type Methods = Pick<ExtraMethods, 'getStats' | 'enableStats' | 'disableStats' | 'changeBandwidth'>
type Entry = RTCStats & Record<string, unknown>

/** As Ant Media's SDK has it, in ms. */
const PERIOD = 5_000

/** A call in numbers, and how much of the network its picture may take. */
class Stats implements Methods, Extra {
  readonly #context: ExtraContext
  readonly #timer: Timer
  readonly #end: () => void
  #period: number | null = null
  /** The last measurement of the peer connection that there is. */
  #last: CallStats | null = null

  constructor (context: ExtraContext) {
    this.#context = context
    this.#timer = new Timer(context.environment)
    this.#end = context.current.on('session', session => {
      this.#last = null
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
  }

  close (): void {
    this.#period = null
    this.#timer.stop()
    this.#end()
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

function measure (report: RTCStatsReport, streamId: string | null, last: CallStats | null): CallStats {
  const entries: Entry[] = []
  report.forEach((entry: Entry) => entries.push(entry))
  const find = (type: string, kind?: string) => entries.filter(entry => entry.type === type && (kind === undefined || entry.kind === kind))
  const number = (found: Entry[], name: string) => {
    const values = found.map(entry => entry[name]).filter(value => typeof value === 'number')
    return values.length === 0 ? -1 : values.reduce((sum, value) => sum + value, 0)
  }
  const [inAudio, inVideo] = [find('inbound-rtp', 'audio'), find('inbound-rtp', 'video')]
  const [outAudio, outVideo] = [find('outbound-rtp', 'audio'), find('outbound-rtp', 'video')]
  const pair = find('candidate-pair').filter(({ state, nominated }) => state === 'succeeded' && nominated !== false).slice(0, 1)
  const source = find('media-source', 'video')
  const totalBytesReceived = number([...inAudio, ...inVideo], 'bytesReceived')
  const totalBytesSent = number([...outAudio, ...outVideo], 'bytesSent')
  const currentTime = entries[0]?.timestamp ?? 0
  const rate = (bytes: number, before: number | undefined) => {
    const elapsed = last === null ? 0 : currentTime - last.currentTime
    return elapsed > 0 && before !== undefined && bytes >= before ? (bytes - before) * 8 / elapsed : 0
  }
  const available = number(pair, 'availableOutgoingBitrate')
  return {
    streamId,
    currentTime,
    totalBytesReceived,
    totalBytesSent,
    currentIncomingBitrate: rate(totalBytesReceived, last?.totalBytesReceived),
    currentOutgoingBitrate: rate(totalBytesSent, last?.totalBytesSent),
    availableOutgoingBitrate: available < 0 ? -1 : available / 1_000,
    currentRoundTripTime: number(pair, 'currentRoundTripTime'),
    audioPacketsSent: number(outAudio, 'packetsSent'),
    videoPacketsSent: number(outVideo, 'packetsSent'),
    audioPacketsReceived: number(inAudio, 'packetsReceived'),
    videoPacketsReceived: number(inVideo, 'packetsReceived'),
    audioPacketsLost: number(inAudio, 'packetsLost'),
    videoPacketsLost: number(inVideo, 'packetsLost'),
    audioJitter: number(inAudio, 'jitter'),
    videoJitter: number(inVideo, 'jitter'),
    frameWidth: number(inVideo, 'frameWidth'),
    frameHeight: number(inVideo, 'frameHeight'),
    currentFPS: number(inVideo, 'framesPerSecond'),
    framesReceived: number(inVideo, 'framesReceived'),
    framesDecoded: number(inVideo, 'framesDecoded'),
    framesDropped: number(inVideo, 'framesDropped'),
    resWidth: number(source, 'width'),
    resHeight: number(source, 'height'),
    srcFps: number(source, 'framesPerSecond'),
    totalFramesEncoded: number(outVideo, 'framesEncoded'),
    qualityLimitationReason: String(outVideo[0]?.qualityLimitationReason ?? '')
  }
}

export const createStats = (context: ExtraContext): Methods & Extra => new Stats(context)
