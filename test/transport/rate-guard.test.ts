import t from 'tap'
import { RateGuard } from '../../lib/transport/limits/rate-guard.js'

const rates = { messages: { rate: 10, burst: 20 }, bytes: { rate: 100, burst: 1_000 } }
const count = (guard: RateGuard, times: number, bytes: number, now: number) => {
  const verdicts = { take: 0, refuse: 0, close: 0 }
  for (let n = 0; n < times; n++) verdicts[guard.check(bytes, now)]++
  return verdicts
}

t.test('A client is told fifty times that it sends too fast, and is then closed', async t => {
  const guard = new RateGuard(rates, 0)
  t.same(count(guard, 71, 1, 0), { take: 20, refuse: 50, close: 1 })
})

t.test('One refusal a second is given back, as is what may be sent', async t => {
  const guard = new RateGuard(rates, 0)
  count(guard, 70, 1, 0)
  t.same(count(guard, 13, 1, 1_000), { take: 10, refuse: 1, close: 2 })
  t.same(count(guard, 81, 1, 100_000), { take: 20, refuse: 50, close: 11 }, 'and never more than at the start')
})

t.test('Bytes are counted beside messages, and a message without any counts as a message', async t => {
  const guard = new RateGuard(rates, 0)
  t.same(count(guard, 5, 400, 0), { take: 2, refuse: 3, close: 0 })
  t.same(count(guard, 20, 0, 0), { take: 15, refuse: 5, close: 0 })
})
