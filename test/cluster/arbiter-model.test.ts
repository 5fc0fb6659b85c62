import { Redis } from 'ioredis'
import fc from 'fast-check'
import t from 'tap'
import { MemoryArbiter } from '../../lib/cluster/memory-arbiter.js'
import { RedisArbiter } from '../../lib/cluster/redis-arbiter.js'
import type { Answer, SeatArbiter, SeatAsk } from '../../lib/rooms/seat-arbiter.js'
import { startRedis } from '../helpers/redis.js'

// The script for Redis and its twin in memory answer the same, whatever three servers ask in whatever order; and after each step the
// room is as it must be.

const HISTORIES = 500
const room = { app: 'app', room: 'room' }

type Step =
  | { step: 'join', ask: SeatAsk }
  | { step: 'lost', seat: number, fence: number, window: number }
  | { step: 'expire' | 'revive' | 'leave', seat: number, fence: number }
  | { step: 'remove' | 'withdraw', seat: number }
  | { step: 'time', passes: number }

const IDS = 5
const anId = fc.integer({ min: 0, max: IDS - 1 })
const aSecret = fc.integer({ min: 0, max: 3 }).map(String)
/** Small numbers, so that those of before are met often. */
const aFence = fc.integer({ min: 1, max: 12 })
const option = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined })

const anAsk = fc.record({
  server: fc.constantFrom('a', 'b', 'c'),
  connection: fc.constantFrom('one', 'two', 'three'),
  id: anId.map(String),
  kind: fc.constantFrom('other', 'ios', 'android', 'flutter'),
  proof: option(fc.record({ id: anId.map(String), token: option(aSecret), claim: option(aSecret) })),
  // Most can resume, or there would hardly be an absence.
  token: fc.option(aSecret, { nil: undefined, freq: 6 }),
  claim: option(aSecret),
  capacity: option(fc.integer({ min: 1, max: 3 })),
  hold: fc.boolean(),
  fresh: option(fc.boolean()),
  probed: option(fc.boolean()),
  waits: fc.constant(2_000)
})

const aStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ step: fc.constant('join' as const), ask: anAsk as fc.Arbitrary<SeatAsk> }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('lost' as const), seat: anId, fence: aFence, window: fc.constantFrom(0, 500, 3_000) }) },
  { weight: 5, arbitrary: fc.record({ step: fc.constantFrom('expire' as const, 'revive' as const, 'leave' as const), seat: anId, fence: aFence }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constantFrom('remove' as const, 'withdraw' as const), seat: anId }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('time' as const), passes: fc.constantFrom(500, 2_000, 3_000) }) }
)

/** A window that passes: single steps hardly ever lead there, since each join takes out what is over. */
const aPassedWindow = anId.map((seat): Step[] => [
  { step: 'lost', seat, fence: 1, window: 500 }, { step: 'time', passes: 500 }, { step: 'expire', seat, fence: 1 }
])

const aHistory = fc.array(fc.oneof({ weight: 15, arbitrary: aStep.map(step => [step]) }, { weight: 1, arbitrary: aPassedWindow }), { maxLength: 40, size: 'max' })

/** The number that the step names, or half the time the one that counts, so that something happens. */
function fenceOf (step: Step & { seat: number, fence: number }, memory: MemoryArbiter, lostAs: ReadonlyMap<string, number>): number {
  const id = String(step.seat)
  if (step.fence > 6) return step.fence - 6
  const current = step.step === 'revive' ? lostAs.get(id) : memory.seats(room).find(seat => seat.id === id)?.fence
  return current ?? step.fence
}

function take (arbiter: SeatArbiter, step: Exclude<Step, { step: 'time' }>, fence: number): Answer<unknown> {
  if (step.step === 'join') return arbiter.join(room, step.ask)
  const id = String(step.seat)
  if (step.step === 'remove' || step.step === 'withdraw') return arbiter[step.step](room, id)
  if (step.step === 'lost') return arbiter.lost(room, { id, fence }, step.window)
  return arbiter[step.step](room, { id, fence })
}

t.test(`${HISTORIES} histories of three servers end the same in Redis and in memory`, async t => {
  const { port, stop } = await startRedis()
  const redis = new Redis({ port, host: '127.0.0.1' })
  t.teardown(async () => {
    redis.disconnect()
    await stop()
  })
  let histories = 0
  const seen = new Map<string, number>()
  await fc.assert(fc.asyncProperty(aHistory, async history => {
    let time = 1_000
    const memory = new MemoryArbiter(() => time)
    const lostAs = new Map<string, number>()
    const shared = new RedisArbiter(redis, `${histories++}:`, () => time)
    for (const step of history.flat()) {
      if (step.step === 'time') {
        time += step.passes
        continue
      }
      const before = memory.seats(room)
      // Ids are random where they are real, so that no two seats ever have the same.
      if (step.step === 'join' && before.some(({ id }) => id === step.ask.id)) continue
      const fence = 'fence' in step ? fenceOf(step, memory, lostAs) : 0
      const expected = await take(memory, step, fence) as { outcome?: string } | undefined
      if (step.step === 'lost' && expected?.outcome === 'absent') lostAs.set(String(step.seat), fence)
      const actual = await take(shared, step, fence)
      if (JSON.stringify(actual, sorted) !== JSON.stringify(expected, sorted)) {
        throw new Error(`${JSON.stringify(step)}: Redis says ${JSON.stringify(actual)}, memory ${JSON.stringify(expected)}`)
      }
      seen.set(`${step.step} ${expected?.outcome}`, (seen.get(`${step.step} ${expected?.outcome}`) ?? 0) + 1)
      const after = memory.seats(room)
      if (JSON.stringify(await shared.seats(room), sorted) !== JSON.stringify(after, sorted)) throw new Error('Redis and memory keep something else.')
      for (const seat of after) {
        const old = before.find(({ id }) => id === seat.id)
        if (old !== undefined && old.fence > seat.fence) throw new Error('The number of a seat went back.')
        const moved = old !== undefined && (old.server !== seat.server || old.connection !== seat.connection || ('until' in old) !== ('until' in seat))
        if (moved && old.fence === seat.fence) throw new Error('A seat changed its owner under the same number.')
      }
      const fences = after.map(seat => seat.fence)
      if (new Set(fences).size !== fences.length) throw new Error('Two seats have the same number.')
      if (step.step === 'join' && expected?.outcome === 'seated' && step.ask.capacity !== undefined && after.length > step.ask.capacity) {
        throw new Error('There are more seats than the capacity allows.')
      }
    }
  }), { numRuns: HISTORIES })
  for (const outcome of ['seated', 'replaced', 'rejoined', 'resumed', 'wait', 'full']) t.ok(seen.has(`join ${outcome}`), `some ended in ${outcome}`)
  for (const outcome of ['lost absent', 'lost ended', 'lost stale', 'expire ended', 'revive present', 'revive stale', 'leave ended', 'leave stale']) {
    t.ok(seen.has(outcome), `some ended in ${outcome}`)
  }
})

/** Sorts the keys of an object, whose order means nothing. */
function sorted (_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1))
}
