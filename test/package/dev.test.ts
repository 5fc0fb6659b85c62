import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { ROOT } from '../helpers/imports.js'

// What somebody who works on this runs all day.

t.test('`npm run dev` builds and serves the page, and does both again when a file of it changes', async t => {
  const child = spawn('npm', ['run', '-s', 'dev'], { cwd: ROOT, env: { ...process.env, PORT: '0' }, detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    await exit
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const address = async (): Promise<string> => {
    for (;;) {
      const { value, done } = await lines.next()
      if (done === true) throw new Error('It ended before it listened.')
      const [found] = /http:\/\/\S+peer\.html/.exec(String(value)) ?? []
      if (found !== undefined) return found
    }
  }
  const first = await address()
  t.equal((await fetch(first)).status, 200)
  const now = new Date()
  await utimes(join(ROOT, 'lib/page/peer.css'), now, now)
  const second = await address()
  t.equal((await fetch(second)).status, 200)
  if (second !== first) await t.rejects(fetch(first), 'the first server is gone')
})
