import type { CallStats } from './call-stats.js'

/** The methods whose code is loaded when one of them is called first. They reject with `moduleNotLoaded` where that fails. */
export interface ExtraMethods {
  /**
   * What the call sends and receives, as `updated_stats` tells it too. Rejects with `InvalidStateError` where there is no call.
   */
  getStats (streamId?: string): Promise<CallStats>
  /** Tells `updated_stats` every `periodMs` ms (5,000 unless you say otherwise), in this call and in the next ones. */
  enableStats (streamId?: string, periodMs?: number): Promise<void>
  /** Ends what `enableStats` began. */
  disableStats (streamId?: string): Promise<void>
  /** Sets the most that the picture may take, in kbit/s, or `'unlimited'`. Rejects with `InvalidStateError` where none is sent. */
  changeBandwidth (bandwidth: number | 'unlimited', streamId?: string): Promise<void>
}

export type ExtraName = 'stats'

/** Which module has which method. */
export const EXTRA_METHODS: Record<keyof ExtraMethods, ExtraName> = {
  getStats: 'stats',
  enableStats: 'stats',
  disableStats: 'stats',
  changeBandwidth: 'stats'
}
