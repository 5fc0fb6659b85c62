// Starts the simulator: puts it together with what it simulates, since TypeScript is slow to load otherwise, and runs it.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const folder = await mkdtemp(join(tmpdir(), 'simulator-'))
const outfile = join(folder, 'simulator.mjs')
await build({
  entryPoints: [fileURLToPath(new URL('simulator/main.ts', import.meta.url))],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: 'inline',
  logLevel: 'warning'
})
// It stops by itself where Ctrl-C is pressed, and says how far it came.
process.on('SIGINT', () => {})
// Most of what a simulation makes is dead soon after, which costs nothing where the young generation is large.
const child = spawn(process.execPath, ['--max-semi-space-size=64', '--enable-source-maps', outfile, ...process.argv.slice(2)], { stdio: 'inherit' })
child.on('exit', async code => {
  await rm(folder, { recursive: true })
  process.exitCode = code ?? 1
})
