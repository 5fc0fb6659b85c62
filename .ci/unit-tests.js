// Runs the tests that need no browser, nothing from apt and not the machine to themselves, two files at a time.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
/** What a test imports or starts that makes it slow, or dependent on the machine. */
const HEAVY = /helpers\/(?:browser|coturn|attack|packed|host-process)/

const files = readdirSync(join(root, 'test'))
  .filter(name => name.endsWith('.test.ts') && !/^(?:attacks|fuzz|room-model|package|start|signals|types|examples|install|coturn|close|seat-storm)/.test(name))
  .map(name => join('test', name))
  .filter(name => !HEAVY.test(readFileSync(join(root, name), 'utf8')))
const tap = join(root, 'node_modules', '.bin', 'tap')
const { status } = spawnSync(tap, ['run', '--jobs=2', ...process.argv.slice(2), ...files], { cwd: root, stdio: 'inherit' })
process.exitCode = status ?? 1
