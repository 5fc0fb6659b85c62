import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'

const run = promisify(execFile)
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

t.test('the registration that the README begins with is of ten lines, and serves the page where it says', async t => {
  const code = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const lines = code.split('\n').filter(line => line !== '' && !line.startsWith('//'))
  t.ok(lines.length > 0 && lines.length <= 10, `${lines.length} lines`)
  const [, port, path] = /http:\/\/localhost:(\d+)(\/\S+)/.exec(code) ?? []
  t.match(code, `port: ${port}`)
  // On a port that is free, and without the log, whose last line would not be the only one.
  t.match(code, "host: '0.0.0.0'", 'so that a phone can reach it')
  const program = code.replace(`port: ${port}`, 'port: 0').replace('logger: true', 'logger: false') + `
    const { port } = app.server.address()
    const page = await fetch('http://localhost:' + port + ${JSON.stringify(path)})
    console.log(page.status, (await page.text()).includes('<video'), app.rooms.prefix === '')
    app.server.closeAllConnections()
    await app.close()`
  const file = join(t.testdir(), 'host.mjs')
  await writeFile(file, program)
  t.equal((await run(process.execPath, [file], { timeout: 30_000 })).stdout.trim(), '200 true true')
})
