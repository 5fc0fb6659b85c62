import type { CallStats } from './call-stats.js'

type Entry = RTCStats & Record<string, unknown>

/** For how long a report of the other side counts, in ms. RFC 3550, section 6.2: they come every 5 s at least, give or take half of it. */
const LAST_REPORT = 10_000

/** Makes figures of a browser's report; `last` is the measurement before it on the same peer connection. */
export function measure (report: RTCStatsReport, streamId: string | null, last: CallStats | null): CallStats {
  const entries: Entry[] = []
  report.forEach((entry: Entry) => entries.push(entry))
  const find = (type: string, kind?: string) => entries.filter(entry => entry.type === type && (kind === undefined || entry.kind === kind))
  const number = (found: Entry[], name: string) => {
    const values = found.map(entry => entry[name]).filter(value => typeof value === 'number')
    return values.length === 0 ? -1 : values.reduce((sum, value) => sum + value, 0)
  }
  const [inAudio, inVideo] = [find('inbound-rtp', 'audio'), find('inbound-rtp', 'video')]
  const [outAudio, outVideo] = [find('outbound-rtp', 'audio'), find('outbound-rtp', 'video')]
  const byId = new Map(entries.map(entry => [entry.id, entry]))
  const selected = find('transport').map(({ selectedCandidatePairId }) => byId.get(String(selectedCandidatePairId))).find(entry => entry !== undefined)
  // Firefox has no transport in its figures.
  const way = selected ?? find('candidate-pair').find(({ state, nominated }) => state === 'succeeded' && nominated !== false)
  const pair = way === undefined ? [] : [way]
  const ends = way === undefined ? [] : [way.localCandidateId, way.remoteCandidateId].map(id => byId.get(String(id))?.candidateType)
  const source = find('media-source', 'video')
  const totalBytesReceived = number([...inAudio, ...inVideo], 'bytesReceived')
  const totalBytesSent = number([...outAudio, ...outVideo], 'bytesSent')
  const currentTime = entries[0]?.timestamp ?? 0
  const rate = (bytes: number, before: number | undefined) => {
    const elapsed = last === null ? 0 : currentTime - last.currentTime
    return elapsed > 0 && before !== undefined && bytes >= before ? (bytes - before) * 8 / elapsed : 0
  }
  // The last report of a track that is sent no more stays as it is.
  const reports = find('remote-inbound-rtp').filter(({ timestamp }) => currentTime - timestamp < LAST_REPORT)
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
    path: way === undefined ? '' : ends.includes('relay') ? 'relayed' : 'direct',
    audioPacketsSent: number(outAudio, 'packetsSent'),
    videoPacketsSent: number(outVideo, 'packetsSent'),
    audioPacketsReceived: number(inAudio, 'packetsReceived'),
    videoPacketsReceived: number(inVideo, 'packetsReceived'),
    audioPacketsLost: number(inAudio, 'packetsLost'),
    videoPacketsLost: number(inVideo, 'packetsLost'),
    outgoingLoss: Math.max(-1, ...reports.map(({ fractionLost }) => Number(fractionLost ?? -1))),
    audioJitter: number(inAudio, 'jitter'),
    videoJitter: number(inVideo, 'jitter'),
    frameWidth: number(inVideo, 'frameWidth'),
    frameHeight: number(inVideo, 'frameHeight'),
    currentFPS: number(inVideo, 'framesPerSecond'),
    framesReceived: number(inVideo, 'framesReceived'),
    framesDecoded: number(inVideo, 'framesDecoded'),
    framesDropped: number(inVideo, 'framesDropped'),
    frozenTime: number(inVideo, 'totalFreezesDuration'),
    resWidth: number(source, 'width'),
    resHeight: number(source, 'height'),
    srcFps: number(source, 'framesPerSecond'),
    totalFramesEncoded: number(outVideo, 'framesEncoded'),
    qualityLimitationReason: String(outVideo[0]?.qualityLimitationReason ?? '')
  }
}
