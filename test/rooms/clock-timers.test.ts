import t, { type Test } from 'tap'
import { systemClock } from '../../lib/rooms/clock.js'
import { timer } from '../helpers/timer.js'

// When the timers of the machine's clock are due, where the process stood still meanwhile.

function standStill (ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

/** Resolves when a timer of the clock is due. Its timers keep no process alive, so something else does. */
async function due (t: Test, ms: number): Promise<void> {
  const alive = setInterval(() => {}, 10_000)
  t.teardown(() => clearInterval(alive))
  await new Promise<void>(resolve => { systemClock.after(ms, resolve) })
}

t.test('A timer that comes late after a standstill gets what is left of its own time, and not the whole standstill', async t => {
  const done = due(t, 300)
  standStill(2_000)
  const beside = timer(1_500)
  await done
  t.notOk(beside.fired)
})

t.test('A timer that is due after a standstill is given back all of it', async t => {
  const from = systemClock.lived()
  const done = due(t, 1_000)
  standStill(700)
  await done
  // Node's timers may be up to one millisecond early, and it takes two of them.
  t.ok(systemClock.lived() - from >= 998, `${systemClock.lived() - from} ms were lived`)
})

t.test('An alarm does not wait for what a standstill took, and can be cancelled', async t => {
  const over: string[] = []
  const done = due(t, 500).then(() => over.push('timer'))
  systemClock.cancel(systemClock.alarm(450, () => over.push('cancelled')))
  systemClock.alarm(500, () => over.push('alarm'))
  standStill(400)
  await done
  t.same(over, ['alarm', 'timer'])
})
