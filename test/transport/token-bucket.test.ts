import t from 'tap'
import fc from 'fast-check'
import { TokenBucket } from '../../lib/transport/limits/token-bucket.js'

t.test('A full bucket lets its burst through at once, and nothing more', async t => {
  const bucket = new TokenBucket({ rate: 1, burst: 3 }, 0)
  t.same([1, 2, 3, 4].map(() => bucket.take(1, 0)), [true, true, true, false])
})

t.test('What is taken comes back at the rate, and no further than the burst', async t => {
  const bucket = new TokenBucket({ rate: 10, burst: 5 }, 1000)
  t.equal(bucket.take(5, 1000), true)
  t.equal(bucket.take(1, 1099), false, 'a tenth of a second is not over')
  t.equal(bucket.take(1, 1100), true)
  t.equal(bucket.take(5, 60_000), true)
  t.equal(bucket.take(1, 60_000), false, 'a minute of quiet is worth no more than the burst')
})

t.test('A refused amount takes nothing: something smaller still passes', async t => {
  const bucket = new TokenBucket({ rate: 1, burst: 100 }, 0)
  t.equal(bucket.take(60, 0), true)
  t.equal(bucket.take(60, 0), false)
  t.equal(bucket.take(40, 0), true)
})

t.test('An amount above the burst never passes', async t => {
  const bucket = new TokenBucket({ rate: 1000, burst: 10 }, 0)
  t.equal(bucket.take(11, 1e9), false)
  t.equal(bucket.take(10, 1e9), true)
})

t.test('A clock that goes back gives nothing, then or once it is right again', async t => {
  const bucket = new TokenBucket({ rate: 1, burst: 1 }, 10_000)
  t.equal(bucket.take(1, 10_000), true)
  t.equal(bucket.take(1, 0), false)
  t.equal(bucket.take(1, 9_999), false)
  t.equal(bucket.take(1, 10_999), false)
  t.equal(bucket.take(1, 11_000), true)
})

t.test('An infinite limit never refuses', async t => {
  const unlimited = new TokenBucket({ rate: Infinity, burst: Infinity }, 0)
  t.ok([0, 0, 1, 1].every(now => unlimited.take(1e12, now)))
  const bursts = new TokenBucket({ rate: Infinity, burst: 10 }, 0)
  t.ok([1, 2, 3].every(now => bursts.take(10, now)))
  t.equal(bursts.take(1, 3), false, 'even an infinite rate needs time to pass')
})

t.test('What is no number never passes and does no harm', async t => {
  const bucket = new TokenBucket({ rate: 1, burst: 1 }, 0)
  t.equal(bucket.take(NaN, 0), false)
  t.equal(bucket.take(1, 0), true)
  t.equal(bucket.take(1, NaN), false)
  t.equal(bucket.take(1, 1000), true)
})

t.test('Between any two moments no more passes than the burst and the rate allow, and nothing less is refused', async t => {
  const steps = fc.array(fc.record({ wait: fc.nat({ max: 3000 }), amount: fc.integer({ min: 1, max: 12 }) }), { minLength: 1, maxLength: 60 })
  t.doesNotThrow(() => fc.assert(fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 10 }), steps, (rate, burst, steps) => {
    const bucket = new TokenBucket({ rate, burst }, 0)
    const taken: Array<{ at: number, amount: number }> = []
    let now = 0
    for (const { wait, amount } of steps) {
      now += wait
      // The most that may pass now is what keeps every window that ends now within its allowance.
      const room = (from: number, i: number) =>
        burst + (now - from) / 1000 * rate - taken.slice(i).reduce((sum, { amount }) => sum + amount, 0)
      const allowed = Math.min(burst, ...taken.map(({ at }, i) => room(at, i)))
      if (Math.abs(amount - allowed) > 1e-6) {
        if (bucket.take(amount, now) !== (amount < allowed)) return false
        if (amount < allowed) taken.push({ at: now, amount })
      } else if (bucket.take(amount, now)) taken.push({ at: now, amount })
    }
    return true
  }), { numRuns: 2000 }))
})
