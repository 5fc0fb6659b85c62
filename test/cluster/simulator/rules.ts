import { RECOVERS_AFTER } from './person.js'
import { Random } from './random.js'

/** How the servers of one simulation are set up, in ms where nothing else is said. */
export interface Rules {
  readonly servers: number
  readonly lease: number
  readonly timeout: number
  readonly probeTimeout: number
  readonly window: number
  readonly hold: boolean
  readonly interval: number
  readonly pong: number
  readonly joinTimeout: number
  readonly grace: number
  /** How many may sit in each room. */
  readonly capacities: readonly number[]
  /** Whether the application takes its time to let somebody in. */
  readonly slowToDecide: boolean
  /** How often each person says something. */
  readonly talksEvery: number
  /** Between a person and a server, where nothing is wrong. */
  readonly latency: number
}

/** The SDK's own times: between two pings, for a pong, until the next attempt to connect or to join, and for a connection to open. */
const SDK_NOTICES = 20_000 + 8_000
const SDK_TRIES_AFTER = 7_000
const SDK_RETRIES_AFTER = 30_000
const SDK_OPENS_WITHIN = 10_000

export function rulesOf (seed: number): Rules {
  const random = new Random(seed, 'rules')
  const [lease, timeout] = random.pick([[1_000, 300], [3_000, 1_000], [10_000, 2_000]] as const)
  const [interval, pong] = random.pick([[5_000, 3_000], [25_000, 10_000]] as const)
  const rooms = random.int(1, 3)
  return {
    servers: random.int(2, 3),
    lease,
    timeout,
    probeTimeout: random.pick([500, 2_000]),
    window: random.pick([0, 4_000, 20_000, 20_000]),
    hold: random.chance(0.6),
    interval,
    pong,
    joinTimeout: random.pick([10_000, 60_000]),
    grace: 5_000,
    capacities: Array.from({ length: rooms }, () => random.chance(0.85) ? 2 : 3),
    slowToDecide: random.chance(0.25),
    talksEvery: random.pick([700, 2_000, 4_000]),
    latency: random.pick([5, 40, 150])
  }
}

/** Until somebody who is gone has no seat any more, at most: a server notices it, or dies of it; then the window is over, and whoever comes by ends it. */
export function gone ({ interval, pong, window, lease, timeout, probeTimeout }: Rules): number {
  return interval + 3 * pong + 2 * window + 3 * lease + timeout + probeTimeout + 2_000
}

/** Until two who want to talk do talk once nothing goes wrong any more, at most. */
export function healed (rules: Rules): number {
  return SDK_NOTICES + SDK_TRIES_AFTER + SDK_OPENS_WITHIN + gone(rules) + SDK_RETRIES_AFTER + RECOVERS_AFTER + 3 * rules.talksEvery
}
