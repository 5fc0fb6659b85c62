import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { isMainThread } from 'node:worker_threads'
import { FAULTS, type FaultKind } from './faults.js'
import { command, complaint, shrink, simulate } from './simulate.js'
import { add, emptyTally, lines, type Tally } from './tally.js'
import { runInWorker, work, type Share } from './workers.js'

// npm run simulate: seeds until it is stopped, or as many as are asked for.

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '1' },
    seeds: { type: 'string', default: 'Infinity' },
    seed: { type: 'string' },
    only: { type: 'string' },
    rounds: { type: 'string' },
    trace: { type: 'boolean', default: false },
    // How many run at the same time.
    workers: { type: 'string', default: String(availableParallelism()) },
    // Goes on after a failure, and does not shrink it.
    'keep-going': { type: 'boolean', default: false }
  }
})

const EVERY = 10_000

/** How many seeds a worker runs until it says what came of them: about a second of them. */
const SHARE = 20

if (!isMainThread) work()
else if (values.seed !== undefined) await one(Number(values.seed))
else await many()

function noticeRejections (seed: number): void {
  process.on('unhandledRejection', error => {
    console.error(`seed ${seed}: a promise was rejected, and nobody noticed`, error)
    process.exit(1)
  })
}

async function one (seed: number): Promise<void> {
  noticeRejections(seed)
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
  const first = Number(values.from)
  const last = first + Number(values.seeds) - 1
  const keepGoing = values['keep-going']
  const all = emptyTally(first)
  let from = first
  let isOver = false
  process.once('SIGINT', () => { isOver = true })
  const say = (): void => { for (const line of lines(all, first)) console.log(line) }
  const saying = setInterval(say, EVERY)
  // In order, and each is brought to its end: so the first seed that fails is found, whichever worker is fast.
  const next = (): Share | null => {
    if (isOver || from > last) return null
    const share = { from, to: Math.min(from + SHARE - 1, last) }
    from += SHARE
    return share
  }
  const done = (tally: Tally): void => {
    add(all, tally)
    if (keepGoing) for (const { seed, invariant } of tally.failures) console.log(`${invariant}: ${command({ seed })}`)
    else if (tally.failures.length > 0) isOver = true
  }
  const workers = Array.from({ length: Number(values.workers) }, async () => await runInWorker(new URL(import.meta.url), { keepGoing }, next, done))
  try {
    await Promise.all(workers)
  } catch (error) {
    console.error(error)
    process.exit(1)
  }
  clearInterval(saying)
  if (!keepGoing && all.failures.length > 0) {
    const seed = Math.min(...all.failures.map(({ seed }) => seed))
    noticeRejections(seed)
    Error.stackTraceLimit = 0
    console.log(complaint(await shrink(seed, await simulate({ seed }))))
    process.exitCode = 1
  }
  say()
  for (const [kind, what] of Object.entries(FAULTS)) console.log(`  ${String(all.kinds.get(kind as FaultKind) ?? 0).padStart(8)} times: ${what}`)
}
