import { Redis } from 'ioredis'
import fc from 'fast-check'
import t from 'tap'
import { MemoryArbiter } from '../../lib/cluster/memory-arbiter.js'
import { RedisArbiter } from '../../lib/cluster/redis-arbiter.js'
import type { AnnouncedSeat, Answer, SeatArbiter, SeatAsk, SeatRecord } from '../../lib/rooms/seat-arbiter.js'
import { startRedis } from '../helpers/redis.js'

// The script for Redis and its twin in memory answer the same, whatever three servers ask in whatever order; and after each step the
// room is as it must be.

const HISTORIES = 500
const room = { app: 'app', room: 'room' }

type Step =
  | { step: 'join', ask: SeatAsk }
  | { step: 'lost', seat: number, fence: number, window: number, grace: number }
  | { step: 'expire' | 'leave', seat: number, fence: number }
  | { step: 'withdraw', seat: number }
  | { step: 'announce', server: string, seats: Array<{ seat: number, left: number | undefined, newer: number }>, capacity: number, ahead: number }
  | { step: 'time', passes: number }

const IDS = 5
const anId = fc.integer({ min: 0, max: IDS - 1 })
const aSecret = fc.integer({ min: 0, max: 3 }).map(String)
/** By how much the number is older than the one that counts: half the time not at all, so that something happens. */
const aFence = fc.integer({ min: -6, max: 6 }).map(older => Math.max(0, older))
const aServer = fc.constantFrom('a', 'b', 'c')
const option = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined })

const anAsk = fc.record({
  server: aServer,
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

/** `newer`: by how much the server's number is later than the one that is kept. Where it is, a replica lacks the last writes. */
const anAnnouncement = fc.record({ seat: anId, left: option(fc.constantFrom(500, 3_000)), newer: fc.constantFrom(0, 0, 5) })

const aStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ step: fc.constant('join' as const), ask: anAsk as fc.Arbitrary<SeatAsk> }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('lost' as const), seat: anId, fence: aFence, window: fc.constantFrom(0, 500, 3_000), grace: fc.constantFrom(0, 500) }) },
  { weight: 5, arbitrary: fc.record({ step: fc.constantFrom('expire' as const, 'leave' as const), seat: anId, fence: aFence }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('withdraw' as const), seat: anId }) },
  {
    weight: 2,
    arbitrary: fc.record({
      step: fc.constant('announce' as const),
      server: aServer,
      seats: fc.uniqueArray(anAnnouncement, { maxLength: 3, selector: ({ seat }) => seat }),
      capacity: fc.integer({ min: 1, max: 3 }),
      // How much later the state is that the server knows than the last change of an owner.
      ahead: fc.constantFrom(0, 0, 5_000)
    })
  },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('time' as const), passes: fc.constantFrom(500, 2_000, 3_000) }) }
)

/** A window that passes: single steps hardly ever lead there, since each join takes out what is over. */
const aPassedWindow = anId.map((seat): Step[] => [
  { step: 'lost', seat, fence: 0, window: 500, grace: 0 }, { step: 'time', passes: 500 }, { step: 'expire', seat, fence: 0 }
])

const aHistory = fc.array(fc.oneof({ weight: 15, arbitrary: aStep.map(step => [step]) }, { weight: 1, arbitrary: aPassedWindow }), { maxLength: 40, size: 'max' })

function take (arbiter: SeatArbiter, step: Exclude<Step, { step: 'time' }>, seats: readonly SeatRecord[]): Answer<unknown> {
  if (step.step === 'join') return arbiter.join(room, step.ask)
  if (step.step === 'announce') {
    const announced = step.seats.map(({ seat, left, newer }): AnnouncedSeat => {
      const id = String(seat)
      const known = seats.find(seat => seat.id === id)
      const fence = (known?.fence ?? 1) + newer
      return { id, connection: 'one', order: seat, toldPolite: false, kind: 'other', resumable: true, token: id, ...known, fence, ...(left === undefined ? {} : { left }) }
    })
    const latest = Math.max(0, ...seats.map(({ fence }) => fence))
    return arbiter.announce(room, step.server, announced, step.capacity, latest + step.ahead)
  }
  const id = String(step.seat)
  if (step.step === 'withdraw') return arbiter.withdraw(room, id)
  const fence = (seats.find(seat => seat.id === id)?.fence ?? 1_000) - step.fence
  if (step.step === 'lost') return arbiter.lost(room, { id, fence }, step.window, step.grace)
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
    const shared = new RedisArbiter(redis, `${histories++}:`, 1_000_000, () => time)
    for (const step of history.flat()) {
      if (step.step === 'time') {
        time += step.passes
        continue
      }
      const { version, seats: before } = memory.state(room)
      // Ids are random where they are real, so that no two seats ever have the same.
      if (step.step === 'join' && before.some(({ id }) => id === step.ask.id)) continue
      const expected = await take(memory, step, before) as { outcome?: string } | undefined
      const actual = await take(shared, step, before)
      if (JSON.stringify(actual, sorted) !== JSON.stringify(expected, sorted)) {
        throw new Error(`${JSON.stringify(step)}: Redis says ${JSON.stringify(actual)}, memory ${JSON.stringify(expected)}`)
      }
      seen.set(`${step.step} ${expected?.outcome}`, (seen.get(`${step.step} ${expected?.outcome}`) ?? 0) + 1)
      const state = memory.state(room)
      const after = state.seats
      if (JSON.stringify(await shared.state(room), sorted) !== JSON.stringify(state, sorted)) throw new Error('Redis and memory keep something else.')
      if (after.length > 0 && JSON.stringify(after) !== JSON.stringify(before) && state.version <= version) throw new Error('A change has no number of its own.')
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
  for (const outcome of ['lost absent', 'lost ended', 'lost stale', 'expire ended', 'expire stale', 'leave ended', 'leave stale']) {
    t.ok(seen.has(outcome), `some ended in ${outcome}`)
  }
})

/** Sorts the keys of an object, whose order means nothing. */
function sorted (_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1))
}
