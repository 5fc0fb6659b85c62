import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readdir, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { ROOT } from '../helpers/imports.js'

// What a stranger does first: one command, and the address that it prints.

/** Runs a command in a process group of its own until the test ends, and gives back all that it has printed once that holds an address. */
async function printed (t: Test, command: string, args: string[], { cwd = ROOT, env = {} }: { cwd?: string, env?: NodeJS.ProcessEnv } = {}): Promise<string> {
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(command, args, {
    cwd, env: { ...process.env, ...env }, detached: true, stdio: ['ignore', 'pipe', 'pipe']
  })
  const exit = once(child, 'exit')
  t.teardown(async () => {
    // npm and what it runs are of one group.
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    await exit
  })
  let text = ''
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', chunk => { complaint += String(chunk) })
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    text += String(chunk)
    if (/http:\/\/\S+\s/.test(text)) return text
  }
  throw new Error(`It ended before it listened: ${text}${complaint}`)
}

/** The one address in what was printed. */
function addressIn (t: Test, text: string): string {
  const addresses = text.match(/http:\/\/[^\s,]+/g) ?? []
  t.equal(addresses.length, 1, text)
  t.match(addresses[0], /^http:\/\/localhost:\d+\/WebRTCApp4\/peer\.html$/)
  return addresses[0] ?? ''
}

async function servesPage (t: Test, address: string): Promise<void> {
  const page = await fetch(address)
  t.equal(page.status, 200)
  const html = await page.text()
  t.match(html, '<video')
  const linked = [...html.matchAll(/(?:src|href)="([^"#:]+)"/g)].map(match => match[1] ?? '')
  // Each is asked for under its version, as a query.
  const names = linked.map(link => link.replace(/\?.*/, ''))
  t.ok(names.includes('js/webrtc_adaptor.js') && names.includes('js/adapter-latest.js'), linked.join(', '))
  for (const link of linked) t.equal((await fetch(new URL(link, address))).status, 200, link)
}

t.test('`node example/basic/server.js` prints the address of the page, and serves it with all that it needs', async t => {
  await servesPage(t, addressIn(t, await printed(t, process.execPath, ['example/basic/server.js'], { env: { PORT: '0' } })))
})

t.test('without a PORT the basic example asks for 8081, which is what the README says', async t => {
  // Whatever else runs on this machine may have that port: the request for it is what is looked at.
  const spy = `
    import { Server } from 'node:net'
    const { listen } = Server.prototype
    Server.prototype.listen = function (options, ...rest) {
      if (options.port !== 0) console.log('asks for ' + options.port)
      return listen.call(this, { ...options, port: 0 }, ...rest)
    }`
  const args = ['--import', `data:text/javascript,${encodeURIComponent(spy)}`, 'example/basic/server.js']
  const text = await printed(t, process.execPath, args, { env: { PORT: undefined } })
  t.match(text, /^asks for 8081$/m)
})

t.test('where nothing was built before, `npm start` builds, prints the address and serves the page', async t => {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'start-')))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const left = ['node_modules', 'dist', '.git', '.tap']
  for (const name of await readdir(ROOT)) {
    if (!left.includes(name)) await cp(join(ROOT, name), join(directory, name), { recursive: true })
  }
  // In place of `npm ci`, which needs a registry: it would put there what is here.
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
  await servesPage(t, addressIn(t, await printed(t, 'npm', ['start'], { cwd: directory, env: { PORT: '0' } })))
})
