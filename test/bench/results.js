// Keeps what was measured, row by row: a whole run takes the better part of an hour, and may be done in pieces.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { rows } from './contestants.js'

const file = name => fileURLToPath(new URL(name, import.meta.url))
const KEPT = file('results.json')

/** The code of the server as it is built. The SDK and the page are no part of what is measured. */
const CODE = ['../../dist/index.js', '../../dist/protocol/typebox.js'].map(file)

/** What two runs must have in common for their rows to stand in one table: the machine, Node, and the code that was measured. */
function setting (cores, files) {
  const hash = createHash('sha256')
  for (const name of files) hash.update(readFileSync(name))
  const code = hash.digest('hex')
  // Pinned exactly.
  const { dependencies } = JSON.parse(readFileSync(file('package.json'), 'utf8'))
  return { cores, processor: cpus()[0]?.model ?? 'unknown', node: process.version, versions: dependencies, code }
}

/**
 * Puts rows beside those of earlier runs in the same setting, in place of their own of before.
 *
 * @param measured the lines of the table by the name of the work
 * @param places where the rows are kept, and the files of the code that is measured
 * @returns all that is kept now, in the order of the table
 */
export function keep (measured, cores, noise, places = {}) {
  const { kept: path = KEPT, code = CODE } = places
  const now = setting(cores, code)
  const before = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { works: {} }
  const works = JSON.stringify(before.setting) === JSON.stringify(now) ? before.works : {}
  const date = new Date().toISOString().slice(0, 10)
  for (const [work, lines] of Object.entries(measured)) works[work] = { date, noise, lines }
  writeFileSync(path, `${JSON.stringify({ setting: now, works }, undefined, 1)}\n`)
  const kept = rows.flatMap(({ work }) => works[work] ?? [])
  return {
    setting: now,
    lines: kept.flatMap(({ lines }) => lines),
    dates: [...new Set(kept.map(({ date }) => date))].sort(),
    noise: Math.max(...kept.map(({ noise }) => noise))
  }
}
