// The benchmark: `npm run bench -- [--rounds 5] [--ms 2000] [--only candidate,burst] [--servers "bare ws;ours, plain clients"] [--write]`
import { parseArgs } from 'node:util'
import { contestants, rows } from './contestants.js'
import { cores, keepProfiles, Load } from './processes.js'
import { summarise, table } from './report.js'
import { keep } from './results.js'
import { writeOut } from './write.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '2000' },
    'warm-up': { type: 'string', default: '400' },
    noise: { type: 'string', default: '0.15' },
    only: { type: 'string' },
    servers: { type: 'string' },
    'cpu-prof': { type: 'string' },
    write: { type: 'boolean', default: false }
  }
})

const wanted = values.only?.split(',')
const some = values.servers?.split(';')
const chosenRows = rows.filter(({ work }) => wanted === undefined || wanted.includes(work))
const chosen = contestants.filter(({ name }, index) => index === 0 || some === undefined || some.includes(name))
const names = chosen.map(({ name }) => name)
const settings = { rounds: Number(values.rounds), ms: Number(values.ms), warmUp: Number(values['warm-up']), noise: Number(values.noise) }
keepProfiles(values['cpu-prof'])

console.log(`${cores} cores, Node ${process.version}, ${settings.rounds} rounds, servers in turn in each round\n`)
const lines = []
for (const row of chosenRows) {
  const load = new Load()
  const results = await row.measure(load, row, chosen, settings)
  await load.stop()
  const own = results.map(result => summarise(result, names[0]))
  lines.push(...own)
  // At once, so that a run that is broken off loses one row.
  if (values.write) writeOut(keep({ [row.work]: own }, cores, settings.noise))
  console.log(table(own, names), '\n')
}
console.log(table(lines, names))
