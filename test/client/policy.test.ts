import fc from 'fast-check'
import t from 'tap'
import { Backoff } from '../../lib/client/base/backoff.js'
import { reconnectPolicy } from '../../lib/client/signalling/reconnect-policy.js'
import { World } from '../helpers/fakes/client-world.js'

const MINUTE = 60_000

t.test('the policy tries at once, then after growing delays, and stops after ten minutes', async t => {
  const rows = [
    { attempt: 0, elapsed: 0, random: 0, delay: 0 },
    { attempt: 0, elapsed: 0, random: 1, delay: 0 },
    { attempt: 1, elapsed: 0, random: 0, delay: 300 },
    { attempt: 1, elapsed: 0, random: 1, delay: 210 },
    { attempt: 2, elapsed: 300, random: 0, delay: 1200 },
    { attempt: 3, elapsed: 1500, random: 0, delay: 2700 },
    { attempt: 4, elapsed: 4200, random: 0, delay: 4800 },
    { attempt: 5, elapsed: 9000, random: 0, delay: 7000 },
    { attempt: 6, elapsed: 16_000, random: 0, delay: 7000 },
    { attempt: 1000, elapsed: 16_000, random: 0.5, delay: 5950 },
    { attempt: 90, elapsed: 10 * MINUTE - 1, random: 0, delay: 7000 },
    { attempt: 90, elapsed: 10 * MINUTE, random: 0, delay: null },
    { attempt: 0, elapsed: 11 * MINUTE, random: 0, delay: null }
  ]
  for (const { delay, ...failed } of rows) t.equal(reconnectPolicy(failed), delay, JSON.stringify(failed))
})

t.test('whatever it is asked, the policy answers with a whole number of ms that is not above its cap, or stops', async t => {
  fc.assert(fc.property(fc.nat(), fc.nat({ max: 20 * MINUTE }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, elapsed, random) => {
    const delay = reconnectPolicy({ attempt, elapsed, random })
    return delay === null ? elapsed >= 10 * MINUTE : Number.isInteger(delay) && delay >= 0 && delay <= 7000
  }))
  t.pass()
})

t.test('a backoff counts attempts and the time since the first failure', async t => {
  const { environment } = new World().page(t)
  const asked: unknown[] = []
  let now = 1000
  const backoff = new Backoff({ ...environment, now: () => now }, failed => {
    asked.push(failed)
    return failed.attempt < 2 ? -1 : null
  })
  t.equal(backoff.next(), 0, 'never less than nothing')
  now = 1500
  t.equal(backoff.next(), 0)
  t.equal(backoff.next(), null)
  t.same(asked, [{ attempt: 0, elapsed: 0, random: 0 }, { attempt: 1, elapsed: 500, random: 0 }, { attempt: 2, elapsed: 500, random: 0 }])
})
