import t from 'tap'
import { startRedis } from '../helpers/redis.js'
import { StillRedis } from './simulator/real-redis.js'
import { complaint, shrink, simulate } from './simulator/simulate.js'

// The simulator with a real Redis: its scripts decide who sits where and who is alive, and its streams carry what servers say. A command
// takes no time, and does the same at each run; the network before it is as it is in the simulator.

const SEEDS = 7

const { port, stop } = await startRedis()
const redis = await StillRedis.connect(port)
t.teardown(async () => {
  await redis.end()
  await stop()
})

t.test(`${SEEDS} seeds, two and three servers on a real Redis: the invariants hold, and all is as with the Redis of the simulator`, async t => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const [real, simulated] = [await simulate({ seed, trace: true, makeState: () => redis.makeState() }), await simulate({ seed, trace: true })]
    if (real.failure !== null) t.fail(complaint(await shrink(seed, real)))
    const first = real.trace.findIndex((line, place) => line !== simulated.trace[place])
    t.equal(first === -1 ? undefined : real.trace[first], first === -1 ? undefined : simulated.trace[first], `seed ${seed}`)
    t.equal(real.steps, simulated.steps)
  }
})
