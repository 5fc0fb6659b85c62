import type { CallStats } from './call-stats.js'

/** How good a call is. `fair`: a person notices that something is amiss. `poor`: it is hard to go on. */
export type QualityLevel = 'good' | 'fair' | 'poor'

/**
 * What makes a call less than good. `interrupted`: there is no way between the two just now. `loss`: packets do not arrive, of either side.
 * `delay`: it takes long there and back. `jitter`: packets come unevenly. `bandwidth`: the network takes less than the picture needs.
 * `cpu`: this device is too slow for its own picture. `frozen`: the other side's picture stands still, and nothing of the above says why.
 */
export type QualityReason = 'interrupted' | 'loss' | 'delay' | 'jitter' | 'bandwidth' | 'cpu' | 'frozen'

export interface CallQuality {
  level: QualityLevel
  /** Null where the call is good. */
  reason: QualityReason | null
}

/** What figures alone do not tell. */
export interface Situation {
  /** ICE has lost the way to the other side. */
  interrupted: boolean
  /** The other side's picture should move, and no frame of it comes. */
  frozen: boolean
  /** The most that the application lets the picture take, in kbit/s. */
  limit: number
}

/** What is judged so far. */
export interface Judgement {
  /** What the application was told; null before that. */
  shown: CallQuality | null
  /** What may be told next, and since when there is nothing else, in ms. */
  pending: { quality: CallQuality, towards: number, since: number } | null
}

export const NOT_JUDGED: Judgement = { shown: null, pending: null }

const LEVELS: readonly QualityLevel[] = ['good', 'fair', 'poor']

/** Above the first value a call is fair, above the second it is poor. */
const LIMITS = {
  /**
   * A part of the packets. Google's congestion control, which browsers use, sends more up to the first and less from the second on
   * (draft-ietf-rmcat-gcc-02, section 6).
   */
  loss: [0.02, 0.1],
  /** Seconds there and back. ITU-T G.114: one way, 150 ms disturb hardly anybody, and 400 ms should not be exceeded. */
  delay: [0.3, 0.8],
  /**
   * Seconds. A receiver holds some four times the jitter in its buffer (Ramjee et al., INFOCOM 1994), and that alone is then what G.114
   * allows one way. The picture's is left out: a large frame takes many packets, which is jitter, too.
   */
  jitter: [0.15 / 4, 0.4 / 4],
  /**
   * How many times more the picture wants than the network takes. It wants 1 bit a second for each pixel: with less, libwebrtc does not
   * begin with a picture of that size (`GetDefaultSinglecastBitrateLimits`: 300 kbit/s for 640 × 360, 900 for 1280 × 720). That a third of
   * it is poor is our own choice.
   */
  bandwidth: [1, 3],
  /** A part of the time in which the picture stood still. Our own choice. */
  frozen: [0.05, 0.2]
} as const

/** How long it has to be worse until that is told, and better, in ms: our own choice, so that it does not change with each gust. */
export const WORSE_AFTER = 3_000
export const BETTER_AFTER = 6_000

/** Judges what was between two measurements of one peer connection. Of several reasons it gives the one that weighs the most, a cause before its effect. */
export function judge (before: CallStats, after: CallStats, { interrupted, frozen, limit }: Situation): CallQuality {
  const since = (name: keyof CallStats) => Math.max(0, Math.max(0, Number(after[name])) - Math.max(0, Number(before[name])))
  const lost = since('audioPacketsLost') + since('videoPacketsLost')
  const came = since('audioPacketsReceived') + since('videoPacketsReceived')
  const sending = since('totalFramesEncoded') > 0
  const needed = after.resWidth * after.resHeight / 1_000
  const wanted = Math.min(limit, needed)
  const limitedBy = (reason: string) => sending && after.qualityLimitationReason === reason
  const weigh = (value: number, [fair, poor]: readonly [number, number]) => value > poor ? 2 : value > fair ? 1 : 0
  const weights: Array<[QualityReason, number]> = [
    ['interrupted', interrupted ? 2 : 0],
    ['loss', weigh(Math.max(after.outgoingLoss, lost / Math.max(1, lost + came)), LIMITS.loss)],
    ['delay', weigh(after.currentRoundTripTime, LIMITS.delay)],
    ['bandwidth', Math.max(
      sending && after.availableOutgoingBitrate > 0 ? weigh(wanted / after.availableOutgoingBitrate, LIMITS.bandwidth) : 0,
      // Below what the picture needs it is the application's limit that the browser keeps.
      limit >= needed && limitedBy('bandwidth') ? 1 : 0
    )],
    ['jitter', weigh(after.audioJitter, LIMITS.jitter)],
    ['cpu', limitedBy('cpu') ? 1 : 0],
    ['frozen', frozen ? 2 : weigh(since('frozenTime') * 1_000 / Math.max(1, since('currentTime')), LIMITS.frozen)]
  ]
  const most = Math.max(...weights.map(([, weight]) => weight))
  const reason = most === 0 ? undefined : weights.find(([, weight]) => weight === most)?.[0]
  return { level: LEVELS[most] ?? 'poor', reason: reason ?? null }
}

/**
 * Takes in what was judged of the time between `from` and `to`, in ms. What is shown changes once all that was judged for a while was worse,
 * or better, and then by no more than all of it was. A first `good` is shown at once.
 */
export function smooth ({ shown, pending }: Judgement, judged: CallQuality, from: number, to: number): Judgement {
  const rank = ({ level }: CallQuality) => LEVELS.indexOf(level)
  if (shown === null && judged.level === 'good') return { shown: judged, pending: null }
  const towards = Math.sign(rank(judged) - (shown === null ? 0 : rank(shown)))
  if (towards === 0 && judged.reason === shown?.reason) return { shown, pending: null }
  const before = pending?.towards === towards ? pending : null
  const quality = before !== null && towards * (rank(judged) - rank(before.quality)) > 0 ? before.quality : judged
  const since = before?.since ?? from
  if (to - since >= (towards > 0 ? WORSE_AFTER : BETTER_AFTER)) return { shown: quality, pending: null }
  return { shown, pending: { quality, towards, since } }
}
