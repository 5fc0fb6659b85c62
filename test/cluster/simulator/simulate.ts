import { World, type Options, type Result } from './world.js'

/** Runs what a seed decides. The same seed does the same, on every machine. */
export async function simulate (options: Options): Promise<Result> {
  return await new World(options).run()
}

export interface Shrunk {
  readonly options: Options
  readonly result: Result
  /** How many simulations it took. */
  readonly runs: number
}

/** Leaves out whatever is not needed to break the same invariant: rounds, then faults, many at once and then one by one. */
export async function shrink (seed: number, result: Result): Promise<Shrunk> {
  let best: Shrunk = { options: { seed }, result, runs: 0 }
  let runs = 0
  const attempt = async (options: Options): Promise<boolean> => {
    runs++
    const tried = await simulate(options)
    if (tried.failure?.invariant !== result.failure?.invariant) return false
    best = { options, result: tried, runs }
    return true
  }
  for (let rounds = 1; rounds < result.rounds; rounds++) if (await attempt({ seed, rounds })) break
  let only = best.result.faults.map((_, number) => number)
  for (let size = Math.ceil(only.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < only.length;) {
      const fewer = only.filter((_, place) => place < from || place >= from + size)
      if (await attempt({ ...best.options, only: fewer })) only = fewer
      else from += size
    }
  }
  return { ...best, runs }
}

/** The command that runs it again. */
export function command ({ seed, only, rounds }: Options): string {
  const many = rounds === undefined ? '' : ` --rounds ${rounds}`
  const those = only === undefined ? '' : ` --only ${only.join(',') || 'none'}`
  return `npm run simulate -- --seed ${seed}${many}${those} --trace`
}

/** What is to be read where an invariant was broken. */
export function complaint ({ options, result, runs }: Shrunk): string {
  const { failure, faults } = result
  const happened = faults.filter((_, number) => options.only?.includes(number) !== false)
  return [
    `seed ${options.seed}: ${failure?.invariant}`,
    `  ${failure?.how}, at ${failure?.at} ms`,
    ...happened.map(({ kind, at, lasts, which, how }) => `  at ${at} ms for ${lasts} ms: ${kind} ${which} (${how.toFixed(2)})`),
    `  shrunk in ${runs} runs; again: ${command(options)}`
  ].join('\n')
}
