import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { ROOT } from './helpers/imports.js'

const run = promisify(execFile)

// The tarball as a stranger gets it: npm resolves what it declares, in a directory that knows nothing of this one.
// The second Node comes as a package too: `require` of an ES module is a promise of Node 22 and up.
const directory = await mkdtemp(join(tmpdir(), 'installed-'))
t.teardown(() => rm(directory, { recursive: true, force: true }))
const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', directory], { cwd: ROOT })
const [{ filename } = { filename: '' }] = JSON.parse(stdout) as Array<{ filename: string }>
await writeFile(join(directory, 'package.json'), JSON.stringify({ name: 'stranger', private: true }))
const platform = `node-${process.platform}-${process.arch}`
await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', join(directory, filename), 'fastify@5', `${platform}@22`], { cwd: directory, timeout: 100_000 })
const node22 = join(directory, 'node_modules', platform, 'bin/node')

const use = `
  const app = Fastify()
  await app.register(webrtcSignalling, { apps: ['app'] })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const origin = 'http://127.0.0.1:' + app.server.address().port
  const statuses = []
  for (const path of ['peer.html', 'js/webrtc_adaptor.js', 'js/webrtc_adaptor.mjs', 'js/adapter-latest.js']) statuses.push((await fetch(origin + '/app/' + path)).status)
  console.log(process.version.split('.')[0], ...statuses, typeof app.rooms.dump)
  await app.close()
`
const programs = {
  'an ES module': ['esm.mjs', `import Fastify from 'fastify'\nimport webrtcSignalling from 'fastify-webrtc-signalling'\n${use}`],
  CommonJS: ['cjs.cjs', `const Fastify = require('fastify')\nconst webrtcSignalling = require('fastify-webrtc-signalling').default\n;(async () => {${use}})()`]
} as const

for (const [what, [name, source]] of Object.entries(programs)) {
  t.test(`Installed by npm into an empty project, the package works from ${what} on Node 22`, async t => {
    await writeFile(join(directory, name), source)
    const { stdout, stderr } = await run(node22, [name], { cwd: directory, timeout: 30_000 })
    t.equal(stdout.trim(), 'v22 200 200 200 200 function')
    t.notMatch(stderr, /Error/)
  })
}

t.test('Installed by npm into an empty project, the package works from an ES module on the Node of this run', async t => {
  const { stdout } = await run(process.execPath, ['esm.mjs'], { cwd: directory, timeout: 30_000 })
  t.match(stdout, /^v\d+ 200 200 200 200 function/)
})
