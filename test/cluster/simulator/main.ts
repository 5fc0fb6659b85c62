import { parseArgs } from 'node:util'
import { FAULTS, type FaultKind } from './faults.js'
import { command, complaint, shrink, simulate } from './simulate.js'

// npm run simulate: seeds one after the other until it is stopped, or as many as are asked for.

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '1' },
    seeds: { type: 'string', default: 'Infinity' },
    seed: { type: 'string' },
    only: { type: 'string' },
    rounds: { type: 'string' },
    trace: { type: 'boolean', default: false },
    // Goes on after a failure, and does not shrink it.
    'keep-going': { type: 'boolean', default: false }
  }
})

const EVERY = 10_000
const HOUR = 3_600_000

let seed = Number(values.seed ?? values.from)
process.on('unhandledRejection', error => {
  console.error(`seed ${seed}: a promise was rejected, and nobody noticed`, error)
  process.exit(1)
})

if (values.seed !== undefined) await one()
else await many()

async function one (): Promise<void> {
  const { only, rounds } = values
  const result = await simulate({
    seed,
    trace: values.trace,
    ...only === undefined ? {} : { only: only === 'none' ? [] : only.split(',').map(Number) },
    ...rounds === undefined ? {} : { rounds: Number(rounds) }
  })
  for (const line of result.trace) console.log(line)
  const { failure, simulated, steps, messages, healed } = result
  console.log(`${simulated} ms, ${steps} steps, ${messages} messages heard, everybody talked again after ${healed.join(', ')} ms`)
  console.log(failure === null ? 'Everything held.' : `${failure.invariant}: ${failure.how}`)
  process.exitCode = failure === null ? 0 : 1
}

async function many (): Promise<void> {
  // Errors are made all the time, and nobody reads where. Whoever runs one seed again does.
  Error.stackTraceLimit = 0
  const first = seed
  const last = first + Number(values.seeds) - 1
  const healed: number[] = []
  const failures = new Map<string, number[]>()
  const kinds = new Map<FaultKind, number>()
  let [simulated, steps, messages, longest] = [0, 0, 0, 0]
  const stop = { asked: false }
  let saidAt = performance.now()
  process.once('SIGINT', () => { stop.asked = true })
  const say = (): void => {
    healed.sort((a, b) => a - b)
    const at = (share: number): string => `${((healed[Math.floor(share * (healed.length - 1))] ?? 0) / 1_000).toFixed(1)} s`
    console.log(`${seed - first} seeds (${first} to ${seed - 1}), ${(simulated / HOUR).toFixed(1)} hours of simulated time, ${steps} steps, ${messages} messages`)
    console.log(`  everybody talks again after ${at(0.5)} (half), ${at(0.99)} (99 %), ${at(1)} (all): ${(longest * 100).toFixed()} % of what it may take`)
    for (const [invariant, seeds] of failures) console.log(`  ${invariant}: ${seeds.length} of them, ${seeds.slice(0, 12).join(', ')}`)
  }
  for (; seed <= last && !stop.asked; seed++) {
    const result = await simulate({ seed })
    simulated += result.simulated
    steps += result.steps
    messages += result.messages
    healed.push(...result.healed)
    longest = Math.max(longest, ...result.healed.map(ms => ms / result.mayTake))
    for (const { kind } of result.faults) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    if (result.failure !== null) {
      const { invariant } = result.failure
      failures.set(invariant, [...failures.get(invariant) ?? [], seed])
      if (values['keep-going']) {
        console.log(`${invariant}: ${command({ seed })}`)
      } else {
        console.log(complaint(await shrink(seed, result)))
        process.exitCode = 1
        seed++
        break
      }
    }
    if (performance.now() - saidAt < EVERY) continue
    saidAt = performance.now()
    say()
    // Only so is it noticed that it is to stop.
    await new Promise(resolve => setTimeout(resolve, 0))
  }
  say()
  for (const [kind, what] of Object.entries(FAULTS)) console.log(`  ${String(kinds.get(kind as FaultKind) ?? 0).padStart(8)} times: ${what}`)
}
