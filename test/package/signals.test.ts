import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { ROOT } from '../helpers/imports.js'
import { pair } from '../helpers/signalling-client.js'

// Who runs an example ends it by a signal, to npm, to the program, or to both at once: in each case its clients are told before it ends.

interface Started {
  /** Where its application is. */
  address: string
  /** The process that was started. */
  outer: number
  /** The process that listens. */
  program: number
  /** How the process that was started ended, once everything that it had started has ended as well. */
  ended: Promise<{ code: number | null, signal: NodeJS.Signals | null, complaint: string }>
}

/** In the program itself: says which process it is, before anything of the example runs. */
const NAME = `data:text/javascript,${encodeURIComponent("console.log('process ' + process.pid)")}`

/** Runs a program in a process group of its own, until the test ends. */
async function run (t: Test, command: string, args: string[], env: NodeJS.ProcessEnv): Promise<Started> {
  const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, PORT: '0', ...env }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const outer = child.pid ?? 0
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', chunk => { complaint += String(chunk) })
  // Not only 'exit': whatever it has started writes to the same pipes, so they end when the last of them has.
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, complaint }))
  let over = false
  void ended.then(() => { over = true })
  t.teardown(async () => {
    if (!over) process.kill(-outer, 'SIGKILL')
    await ended
  })
  let program = 0
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines[Symbol.asyncIterator]()) {
    // npm is a program of Node as well: the last one that says its name is the one that listens.
    program = Number(/^process (\d+)$/.exec(line)?.[1] ?? program)
    const address = /http:\/\/localhost:\d+/.exec(line)?.[0]
    if (address !== undefined) {
      child.stdout.resume()
      return { address: `${address.replace('http', 'ws')}/WebRTCApp4`, outer, program, ended }
    }
  }
  throw new Error(`It ended before it listened: ${complaint}`)
}

/** The ways to start an example of which each lets in who comes. */
const named = { NODE_OPTIONS: `--import=${NAME}` }
// What is built is built once: the script before `start` would do it again at each.
const npmStart = (t: Test): Promise<Started> => run(t, 'npm', ['start', '--ignore-scripts', '--silent'], named)
const example = (name: string) => (t: Test): Promise<Started> => run(t, process.execPath, [`example/${name}/server.js`], named)

const ways: Array<[string, (t: Test) => Promise<Started>, (started: Started) => number]> = [
  ['npm, which was told to start the example', npmStart, ({ outer }) => outer],
  ['the program that npm has started', npmStart, ({ program }) => program],
  ['the basic example', example('basic'), ({ program }) => program],
  ['the example with a rate limit', example('rate-limit'), ({ program }) => program]
]

for (const [whom, start, target] of ways) {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    t.test(`${signal} to ${whom}: both clients of a call hear that the server stops, are closed with 1001, and every process ends`, async t => {
      const started = await start(t)
      const clients = await pair(t, started.address, 'room1')
      process.kill(target(started), signal)
      for (const client of clients) {
        t.match(await client.hears('server_will_stop'), { retryAfter: Number })
        t.equal((await client.closed).code, 1001)
      }
      const { complaint } = await started.ended
      t.equal(complaint, '', 'and it ends in its own time')
      t.throws(() => process.kill(started.program, 0), { code: 'ESRCH' }, 'the program is gone')
      t.throws(() => process.kill(-started.outer, 0), { code: 'ESRCH' }, 'and all that belongs to it')
    })
  }
}
