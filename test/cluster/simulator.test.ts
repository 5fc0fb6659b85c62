import t from 'tap'
import { complaint, shrink, simulate } from './simulator/simulate.js'

// Many servers, a Redis, a network and the people who use them, in one process on one moved clock. A seed decides what goes wrong, and when.
// More seeds: npm run simulate.

const SEEDS = 100

t.test(`${SEEDS} seeds: whatever goes wrong, the invariants hold, and everybody talks again in time`, async t => {
  let [hours, messages] = [0, 0]
  for (let seed = 1; seed <= SEEDS; seed++) {
    const result = await simulate({ seed })
    hours += result.simulated / 3_600_000
    messages += result.messages
    if (result.failure !== null) t.fail(complaint(await shrink(seed, result)))
    // Whoever runs the tests is to hear of it in time.
    await new Promise(resolve => setImmediate(resolve))
  }
  t.comment(`${hours.toFixed(1)} hours of simulated time, ${messages} messages heard`)
})

t.test('A seed does the same again', async t => {
  const [once, again] = [await simulate({ seed: 7, trace: true }), await simulate({ seed: 7, trace: true })]
  t.same(again.trace, once.trace)
  t.equal(again.steps, once.steps)
})

t.test('A replica that takes over at once, without what was written last, is told again who sits where', async t => {
  for (const seed of [2, 7, 11]) {
    for (let at = 1_000; at <= 2_000; at += 100) {
      const { failure } = await simulate({ seed, faults: [{ kind: 'failOver', at, lasts: 100, which: 0, how: 0.6 }] })
      t.equal(failure, null, `seed ${seed}, at ${at} ms`)
    }
  }
})

t.test('Seeds that once failed hold', async t => {
  // A Redis that was away for longer than an answer may take came back without its data, and somebody got into a full room.
  // Somebody who was joining when everybody went got a seat, and it was not waited for that this one is noticed too.
  // A page that was closed while its machine slept said something when that awoke, under a number that the next page had too.
  // A `join` that was held up on an old connection took the seat from the one that its client had got since.
  for (const seed of [20_235, 20_269, 599, 16_156, 8_702]) {
    const { failure } = await simulate({ seed })
    t.equal(failure, null, `seed ${seed}`)
  }
})
