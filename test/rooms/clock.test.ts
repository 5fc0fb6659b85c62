import t from 'tap'
import { systemClock } from '../../lib/rooms/clock.js'

// What the machine's clock gives back, and how much of it. What hangs on it is in standstill.test.ts.

t.test('A process that stands still again and again is given back the first standstills alone, so that its deadlines come', async t => {
  const timer = systemClock.after(600_000, () => {})
  t.teardown(() => systemClock.cancel(timer))
  const lost = (): number => systemClock.now() - systemClock.lived()
  const from = systemClock.lived()
  let given = 0
  for (let i = 0; i < 25; i++) {
    const before = lost()
    const end = performance.now() + 250
    while (performance.now() < end);
    await new Promise(resolve => setImmediate(resolve))
    if (lost() - before > 100) given++
  }
  const more = Math.floor((systemClock.lived() - from) / 10_000)
  t.ok(given >= 19, `${given} are given back`)
  t.ok(given <= 20 + more, `${given} are given back, and ${more} for the time lived`)
})
