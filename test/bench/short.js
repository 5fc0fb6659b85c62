// The short form of the benchmark: whether ours has become grossly dearer than its line, in at most a minute.
import { contestants, rows } from './contestants.js'
import { Load } from './processes.js'
import { quantile } from './quantile.js'

/** How much dearer than its line something must be to count: noise alone does not double the ratio of two windows side by side. */
const GROSS = 2
/** Fewer quiet rounds than this say nothing. */
const FEWEST = 3
const ROUNDS = 5
// Rows that are far enough below twice their line: a whole call is not yet, and would fail by noise.
const WORKS = ['candidate', 'burst']
const SERVERS = ['bare ws', 'ours, plain clients']

/**
 * Measures the cheapest rows.
 *
 * @returns for each what it cost, its line, and whether it is `fine`, `gross` in two tries one after the other, or `unknown`, where other
 * processes left too few quiet windows
 */
export async function measureShort ({ deadline = Date.now() + 60_000, ms = 300, noise = 0.15 } = {}) {
  const results = []
  for (const work of WORKS) {
    let result = { work, outcome: 'unknown' }
    for (let attempt = 0; attempt < 2 && Date.now() < deadline; attempt++) {
      result = await measureOnce(rows.find(row => row.work === work), { deadline, ms, noise })
      if (result.outcome !== 'gross') break
    }
    results.push(result)
  }
  return results
}

async function measureOnce (row, { deadline, ms, noise }) {
  const { work, line } = row
  const load = new Load()
  try {
    const two = SERVERS.map(name => contestants.find(contestant => contestant.name === name))
    const [{ values, noises }] = await row.measure(load, row, two, { rounds: ROUNDS, ms, warmUp: 150, noise, tries: 2, deadline })
    const [bare, ours] = SERVERS.map(name => values[name])
    const ratios = ours.map((value, round) => value / bare[round]).filter((_, round) => SERVERS.every(name => noises[name][round] < noise))
    if (ratios.length < FEWEST) return { work, line, outcome: 'unknown' }
    const ratio = quantile(ratios, 0.5)
    return { work, line, ratio, outcome: ratio > GROSS * line ? 'gross' : 'fine' }
  } finally {
    await load.stop()
  }
}
