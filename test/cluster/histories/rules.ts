import type { PlannedFault } from '../simulator/faults.js'
import { Random } from '../simulator/random.js'

/** How the servers of one history are set up, in ms where nothing else is said. All is shorter than servers have it, so that a history takes seconds. */
export interface Rules {
  readonly servers: number
  readonly rooms: number
  readonly lease: number
  readonly timeout: number
  readonly probeTimeout: number
  readonly window: number
  readonly hold: boolean
  /** How long the application takes to let somebody in; undefined where nobody asks it. */
  readonly decidesIn: number | undefined
  /** How often each person says something. */
  readonly talksEvery: number
  /** For how long things go wrong. */
  readonly lasts: number
}

/** Between two pings of a server, and for a pong. */
export const HEARTBEAT = { interval: 1_500, timeout: 2_000 }

/** How much faster than on a page the time of the SDK passes, so that it pings, gives up and tries again in time for a short history. */
export const SDK_SPEED = 4

/** Two servers for the seeds that are odd, three for those that are even. */
export function rulesOf (seed: number): Rules {
  const random = new Random(seed, 'rules')
  const [lease, timeout] = random.pick([[1_000, 400], [1_500, 500], [2_000, 700]] as const)
  return {
    servers: seed % 2 === 1 ? 2 : 3,
    rooms: 6,
    lease,
    timeout,
    probeTimeout: random.pick([400, 1_000]),
    window: random.pick([0, 1_500, 3_000, 3_000]),
    hold: random.chance(0.6),
    decidesIn: random.chance(0.3) ? random.int(1, 100) : undefined,
    talksEvery: random.pick([50, 150, 300]),
    lasts: 5_000
  }
}

/** What goes wrong with a person's page or network, with a server, and on its way to Redis. */
export const FAULTS = {
  cutPerson: 'the connection of a person is cut',
  freezePerson: 'a person hears nothing for a while, and nobody is told',
  leave: 'a person leaves, and joins again later',
  closePage: 'a person closes the page, and opens it again later',
  losePage: 'the page of a person is gone without a word; another one is opened later',
  pauseServer: 'a server stands still (SIGSTOP), and goes on',
  killServer: 'a server is killed (SIGKILL), and another one is started in its place',
  drainServer: 'a server drains, and another one is started in its place',
  cutRedis: 'the connections of a server to Redis are cut',
  refuseRedis: 'a server has no connection to Redis for a while',
  holdRedis: 'nothing goes between a server and Redis, and nobody is told',
  slowRedis: 'it takes long from a server to Redis and back',
  doubleRedis: 'Redis carries out what a server tells it, and its answers are lost: the server says it again'
} as const

export type FaultKind = keyof typeof FAULTS

export type Fault = PlannedFault<FaultKind>

const OF_PERSONS: readonly FaultKind[] = ['cutPerson', 'cutPerson', 'freezePerson', 'leave', 'closePage', 'losePage', 'losePage']
const OF_SERVERS: readonly FaultKind[] = ['pauseServer', 'pauseServer', 'pauseServer', 'killServer', 'killServer', 'drainServer']
const OF_WAYS: readonly FaultKind[] = ['cutRedis', 'refuseRedis', 'holdRedis', 'slowRedis', 'doubleRedis', 'doubleRedis']

/** What goes wrong in one history: each is over when its time is. */
export function plan (seed: number, { lease, window, rooms, lasts }: Rules): Fault[] {
  const random = new Random(seed, 'faults')
  const of = (kinds: readonly FaultKind[], count: number, longest: number): Fault[] => Array.from({ length: count }, () => {
    const ms = Math.min(random.duration(30, longest), lasts)
    return { kind: random.pick(kinds), at: random.int(0, lasts - ms), lasts: ms, which: random.int(0, 999), how: random.next() }
  })
  // Some histories know persons alone beside one other kind of fault, so that each is also seen without the others.
  const faults = [
    ...of(OF_PERSONS, random.int(rooms, 4 * rooms), 1.5 * Math.max(window, lease)),
    ...random.chance(0.75) ? of(OF_SERVERS, random.int(1, 4), 3 * lease) : [],
    ...random.chance(0.75) ? of(OF_WAYS, random.int(1, 8), 2.5 * lease) : []
  ]
  return faults.sort((a, b) => a.at - b.at)
}
