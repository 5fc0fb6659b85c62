import type { Test } from 'tap'
import type { Arena, Measured, Result } from './arena.js'
import type { Outcome } from './attack.js'

/** One attack, and the bounds that hold whatever it does. */
export interface Row {
  /** A sentence: what the server does about it. */
  says: string
  attack: string
  /** How much more memory than before the server may hold meanwhile, MB. */
  memory: number
  /** How much CPU time the whole attack may cost the server, ms. */
  cpu: number
  /** How the attackers fared. */
  fared: (t: Test, outcome: Outcome, result: Result) => void
}

// Three processes share what may be two cores with other tests, so these say that a call goes on, and goes on as before;
// how much an attack costs is said by the bounds on memory and CPU, which nobody else's work changes.
/** How much longer than its share of the machine's own time a round trip of the bystanders may take at the median while the attack lasts, ms. */
const MEDIAN = 1_500
/** And at the worst. */
const WORST = 6_000
/** How much longer one may take at the median before, and again as soon as it is over. */
const QUIET = 100
/** What a round trip of the call may take of the machine's: it wakes four processes, and each may be unlucky once more than the yardstick's. */
const WAKES = 4
/** How much more the heap may hold after all attacks than before. */
const GROWTH = 1.05
/** What each attack is tried with before the heap is measured first: code that has run once holds more than code that has not. */
const WARM_UP = 0.5

/** What a round trip took beyond what the machine takes anyway with all that runs on it, at the median and at the worst, ms. */
function beyond ({ median, worst, machine }: Measured): { median: number, worst: number } {
  return { median: median - WAKES * machine.median, worst: worst - WAKES * machine.worst }
}

const round = (value: number): string => value < 10 ? value.toFixed(1) : value.toFixed(0)

/** Runs each row with a call beside it, and measures the heap before and after them all. */
export async function table (t: Test, arena: Arena, rows: Row[]): Promise<void> {
  for (const { attack } of rows) await arena.unleash(attack, WARM_UP)
  const heapBefore = await arena.heapAtRest()
  for (const row of rows) await t.test(row.says, async t => await one(t, arena, row))
  const heapAfter = await arena.heapAtRest()
  await t.test('Afterwards the heap is what it was', async t => {
    t.comment(`heap after a forced collection: ${heapBefore.toFixed(2)} MB before, ${heapAfter.toFixed(2)} MB after`)
    t.ok(heapAfter < heapBefore * GROWTH, `${heapBefore} MB before, ${heapAfter} MB after`)
  })
}

async function one (t: Test, arena: Arena, { attack, memory, cpu, fared }: Row): Promise<void> {
  const result = await arena.attack(attack)
  const { before, during, after, outcome } = result
  t.comment(`${attack} | ${round(result.took)} ms | +${round(result.memory)} of ${memory} MB | CPU ${round(result.cpu)} of ${cpu} ms | longest stall ${round(result.stall)} ms`)
  t.comment(`  call's round trip, median/worst ms: before ${round(before.median)}/${round(before.worst)}, during ${round(during.median)}/${round(during.worst)} (${during.trips}), after ${round(after.median)}/${round(after.worst)}; machine ${round(during.machine.median)}/${round(during.machine.worst)}`)
  t.comment(`  ${Object.entries(outcome).map(([name, count]) => `${name}: ${count}`).join(', ')}`)
  fared(t, outcome, result)
  t.ok(result.memory < memory, `${result.memory} MB more, and at most ${memory}`)
  t.ok(result.cpu < cpu, `${result.cpu} ms of CPU, and at most ${cpu}`)
  t.ok(during.trips > 0 && beyond(during).median < MEDIAN, `a median round trip of ${during.median} ms meanwhile, and ${during.machine.median} ms of the machine's`)
  t.ok(beyond(during).worst < WORST, `a worst round trip of ${during.worst} ms meanwhile, and ${during.machine.worst} ms of the machine's`)
  t.ok(beyond(before).median < QUIET && beyond(after).median < QUIET, `median round trips of ${before.median} ms before and ${after.median} ms after`)
  t.same(arena.bystander.foreign, [], 'nothing else comes to the call, and nothing of it is lost')
  const state = await arena.state()
  t.same(state.faults, [], 'nothing is thrown, rejected or warned of, and no prototype is changed')
  t.same([state.connections, state.rooms], [2, 1], 'nobody is left but the call')
}
