// The benchmark: `npm run bench -- [--rounds 5] [--ms 2000] [--only candidate,burst] [--servers "bare ws,ours, plain clients"] [--short]`
import { parseArgs } from 'node:util'
import { contestants, rows } from './contestants.js'
import { measureCost, measureMemory } from './measure.js'
import { cores, Load } from './processes.js'
import { table } from './report.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '2000' },
    only: { type: 'string' },
    servers: { type: 'string' },
    short: { type: 'boolean', default: false }
  }
})

const wanted = values.only?.split(',')
const some = values.servers?.split(';')
const chosenRows = rows.filter(({ work }) => wanted === undefined || wanted.includes(work))
const chosen = contestants.filter(({ name }, index) => index === 0 || some === undefined || some.includes(name))
const rounds = Number(values.rounds)

console.log(`${cores} cores, Node ${process.version}, ${rounds} rounds, servers in turn in each round\n`)
const results = []
for (const row of chosenRows) {
  const load = new Load()
  const measure = row.kind === 'memory' ? measureMemory : measureCost
  const result = await measure(load, row, chosen, { rounds, ms: Number(values.ms) })
  await load.stop()
  results.push({ row, ...result })
  console.log(table([{ row, ...result }], chosen), '\n')
}
console.log(table(results, chosen))
