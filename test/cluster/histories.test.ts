import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { Redis } from 'ioredis'
import t from 'tap'
import { startRedis } from '../helpers/redis.js'
import { History, type Result } from './histories/history.js'

// What the simulator does, with nothing of it simulated: servers in processes of their own, which are killed and stopped by signals; a Redis;
// connections to it that are held up and cut, and lose its answers; and people on real connections. It takes real time, so there are few.
// HISTORIES=100 runs more, FROM=50 begins there, AT_ONCE=2 runs fewer beside each other.

const { HISTORIES = '4', FROM = '1', AT_ONCE = '4' } = process.env
const [first, count] = [Number(FROM), Number(HISTORIES)]

// Compiled once: there are many processes, and each would take longer to compile it than for all that it does.
const program = join(t.testdir(), 'server.mjs')
await build({
  entryPoints: [fileURLToPath(new URL('../helpers/sharing-process.ts', import.meta.url))],
  outfile: program,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: 'inline',
  logLevel: 'warning'
})

const { port, stop } = await startRedis()
const redis = new Redis({ port, host: '127.0.0.1' })
t.teardown(async () => {
  redis.disconnect()
  await stop()
})

t.test(`${count} histories of two and three servers: whatever goes wrong, the invariants hold, and everybody talks again`, { timeout: 0 }, async t => {
  const results: Result[] = []
  let next = first
  await Promise.all(Array.from({ length: Number(AT_ONCE) }, async () => {
    while (next < first + count) {
      const result = await new History(next++, program, redis, port).run()
      results.push(result)
      const { seed, failure } = result
      if (failure === null) t.pass(`seed ${seed}`)
      else t.fail(await complaint(result))
    }
  }))
  const sum = (of: (result: Result) => number): number => results.reduce((sum, result) => sum + of(result), 0)
  const healed = results.flatMap(({ healed }) => healed).sort((a, b) => a - b)
  const median = healed[healed.length >> 1] ?? 0
  t.comment(`${sum(({ faults }) => faults.length)} faults, ${sum(({ repliesLost }) => repliesLost)} pieces of answers of Redis lost, ` +
    `${sum(({ putOut }) => putOut)} people put out of seats, ${sum(({ messages }) => messages)} messages heard; ` +
    `everybody talked again after ${(median / 1_000).toFixed(1)} s (half), ${((healed.at(-1) ?? 0) / 1_000).toFixed(1)} s (all)`)
})

/** What is to be read where an invariant was broken, and where all that happened is written down: it may never happen quite so again. */
async function complaint ({ seed, failure, faults, trace }: Result): Promise<string> {
  const file = join(tmpdir(), `history-${seed}-${process.pid}.txt`)
  await writeFile(file, trace.join('\n'))
  return [
    `seed ${seed}: ${failure?.invariant}`,
    `  ${failure?.how}, at ${failure?.at} ms`,
    ...faults.map(({ kind, at, lasts, which, how }) => `  at ${at} ms for ${lasts} ms: ${kind} ${which} (${how.toFixed(2)})`),
    `  all that happened: ${file}`,
    `  the same plan again: FROM=${seed} HISTORIES=1 npm run test:one test/cluster/histories.test.ts`
  ].join('\n')
}
