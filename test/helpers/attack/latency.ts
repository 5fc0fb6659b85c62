/** What a number of round trips took, ms. */
export interface Latency {
  trips: number
  median: number
  worst: number
}

export function latencyOf (times: number[]): Latency {
  const sorted = [...times].sort((a, b) => a - b)
  return { trips: sorted.length, median: sorted[sorted.length >> 1] ?? 0, worst: sorted.at(-1) ?? 0 }
}
