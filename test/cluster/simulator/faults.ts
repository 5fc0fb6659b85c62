import { Random } from './random.js'
import type { Rules } from './rules.js'

/** What goes wrong with a person's page or network, with a server, and with Redis. */
export const FAULTS = {
  cutPerson: 'the connection of a person is cut',
  freezePerson: 'the network of a person carries nothing for a while, and tells nobody',
  slowPerson: 'the network of a person is slow',
  sleepPerson: 'the machine of a person sleeps',
  leave: 'a person leaves, and joins again later',
  closePage: 'a person closes the page, and opens it again later',
  losePage: 'the page of a person is gone without a word; another one is opened later',
  pauseServer: 'a server stands still',
  killServer: 'a server is killed, and another one is started in its place',
  loseServer: 'a server is gone without a word; another one is started in its place',
  drainServer: 'a server drains, and another one is started in its place',
  cutRedis: 'the connections of a server to Redis are cut',
  freezeRedis: 'nothing goes between a server and Redis, and nobody is told',
  stallDecisions: 'what a server says of who sits where reaches Redis late, and a person on it loses the connection meanwhile',
  slowRedis: 'it takes long from a server to Redis and back',
  pauseRedis: 'Redis stands still',
  restartRedis: 'Redis ends, and starts again with its data',
  failOver: 'Redis ends, and a replica takes over, without the last writes',
  emptyRedis: 'Redis ends, and starts again without its data',
  splitRedis: 'a replica takes over while some servers go on with the old Redis'
} as const

export type FaultKind = keyof typeof FAULTS

/** Plain data, so that a plan can be printed, and some of it left out. */
export interface PlannedFault<Kind> {
  readonly kind: Kind
  /** In ms since the beginning. */
  readonly at: number
  /** For how long, in ms. */
  readonly lasts: number
  /** Which person, room or server: a number that is taken modulo how many there are. */
  readonly which: number
  /** From 0 to 1: how bad it is. */
  readonly how: number
}

export type Fault = PlannedFault<FaultKind>

/** How long a slow way to Redis may take, in ms. */
export function longestDelay (how: number, timeout: number): number {
  return how * 2 * timeout
}

const OF_PERSONS: readonly FaultKind[] = ['cutPerson', 'cutPerson', 'freezePerson', 'slowPerson', 'sleepPerson', 'leave', 'closePage', 'losePage', 'losePage']
const OF_SERVERS: readonly FaultKind[] = ['pauseServer', 'pauseServer', 'killServer', 'loseServer', 'drainServer']
const OF_WAYS: readonly FaultKind[] = ['cutRedis', 'freezeRedis', 'slowRedis', 'pauseRedis', 'restartRedis']
const OF_DATA: readonly FaultKind[] = ['failOver', 'emptyRedis', 'splitRedis']

/** The faults of one round, which begins at `from` and lasts `ms`: each is over by then. */
export function plan (seed: number, round: number, from: number, ms: number, { lease, timeout, window }: Rules): Fault[] {
  const random = new Random(seed, `faults ${round}`)
  // Some rounds know one kind of fault alone, and all of them a few kinds, so that each is also seen without the others.
  const groups = [OF_PERSONS, ...random.chance(0.6) ? [OF_SERVERS] : [], ...random.chance(0.6) ? [OF_WAYS] : [], ...random.chance(0.3) ? [OF_DATA] : []]
  const count = random.int(1, 12)
  const faults = Array.from({ length: count }, (): Fault => {
    const kind = random.pick(random.pick(groups))
    const longest = random.pick([1_000, lease, 2.5 * lease, 1.5 * Math.max(window, lease)])
    const lasts = Math.min(random.duration(50, longest), ms - 1)
    return { kind, at: from + random.int(0, ms - lasts), lasts, which: random.int(0, 999), how: random.next() }
  })
  // By numbers of their own, so that what happens besides is what the seed has always meant.
  const late = new Random(seed, `late words ${round}`)
  for (let left = late.chance(0.2) ? late.int(1, 3) : 0; left > 0; left--) {
    // Where nobody waits for the answer any more, and the server is about to say all again, or has no time left for it, others know nothing of it.
    const lasts = late.chance(0.3) ? late.duration(50, timeout) : timeout + late.int(100, Math.round(lease / 3))
    const dies = late.chance(0.5) ? late.int(100, 1_000) : 0
    const [at, which] = [from + late.int(0, Math.max(0, ms - lasts - dies)), late.int(0, 999)]
    if (lasts + dies >= ms) continue
    faults.push({ kind: 'stallDecisions', at, lasts, which, how: late.next() })
    if (dies > 0) faults.push({ kind: 'killServer', at: at + lasts + 5, lasts: dies - 5, which, how: 0 })
  }
  return faults.sort((a, b) => a.at - b.at)
}
