// Runs the tests that need no browser, nothing from apt and not the machine to themselves, two files at a time.
// `--server`: those of the server alone, and those of servers that share a Redis, too, as its coverage wants them.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
/** What a test imports or starts that makes it slow, or dependent on the machine. */
const serverAlone = process.argv.includes('--server')
const HEAVY = serverAlone ? /helpers\/(?:browser|coturn|attack|packed|host-process)/ : /helpers\/(?:browser|coturn|redis|attack|packed|host-process)/
/** Whole folders, and single tests, that take long by themselves. */
const SLOW = /^(?:attacks|browser|package|types|bench|rooms\/(?:room-model|seat-storm)|docs\/examples|turn\/coturn|transport\/close)/

const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.test.ts') && !name.includes('node_modules') && !SLOW.test(name))
  .filter(name => !serverAlone || !/^(?:client|docs)\//.test(name))
  .map(name => join('test', name))
  .filter(name => !HEAVY.test(readFileSync(join(root, name), 'utf8')))
const tap = join(root, 'node_modules', '.bin', 'tap')
const { status } = spawnSync(tap, ['run', '--jobs=2', ...process.argv.slice(2).filter(flag => flag !== '--server'), ...files], { cwd: root, stdio: 'inherit' })
process.exitCode = status ?? 1
