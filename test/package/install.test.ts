import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { ROOT } from '../helpers/imports.js'

const run = promisify(execFile)

// The tarball as a stranger gets it: npm resolves what it declares, in a directory that knows nothing of this one.
// Other Nodes come as packages too: `require` of an ES module is there from 20.19 and 22.12 on.
const directory = await mkdtemp(join(tmpdir(), 'installed-'))
t.teardown(() => rm(directory, { recursive: true, force: true }))
const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', directory], { cwd: ROOT })
const [{ filename } = { filename: '' }] = JSON.parse(stdout) as Array<{ filename: string }>
await writeFile(join(directory, 'package.json'), JSON.stringify({ name: 'stranger', private: true }))
const platform = `node-${process.platform}-${process.arch}`
const VERSIONS = ['20.18.3', '20.19.0', '22.11.0', '22.12.0']
const nodes = VERSIONS.map(version => `node-${version}@npm:${platform}@${version}`)
const install = ['install', '--no-audit', '--no-fund', '--ignore-scripts']
const { stderr: warnings } = await run('npm', [...install, join(directory, filename), 'fastify@5'], { cwd: directory, timeout: 100_000 })
await run('npm', [...install, ...nodes], { cwd: directory, timeout: 200_000 })
const nodeOf = (version: string): string => join(directory, 'node_modules', `node-${version}`, 'bin/node')
const node22 = nodeOf('22.12.0')
const readme = await readFile(join(ROOT, 'README.md'), 'utf8')

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

t.test('The README says from which Nodes on `require` works, and it does from those on', async t => {
  const [, older = '', newer = ''] = /`require\(\)` works from Node\.js (\d+\.\d+) and (\d+\.\d+) on/.exec(readme) ?? []
  t.same([older, newer], ['20.19', '22.12'])
  // Without what the test runner adds to the options of every Node.
  const { NODE_OPTIONS: _, ...env } = process.env
  const requires = (version: string): Promise<string> => run(nodeOf(version), ['cjs.cjs'], { cwd: directory, timeout: 30_000, env }).then(({ stdout }) => stdout.trim())
  for (const version of [`${older}.0`, `${newer}.0`]) t.equal(await requires(version), `v${version.split('.')[0]} 200 200 200 200 function`, version)
  for (const version of ['20.18.3', '22.11.0']) await t.rejects(requires(version), /ERR_REQUIRE_ESM/, version)
})

t.test('The README names each package that npm warns of on Node 20, and whose it is', async t => {
  const warned = [...warnings.matchAll(/package: '(.+)@[^@'\n]+'/g)].map(match => match[1])
  if (process.version.startsWith('v20.')) t.same(warned.sort(), ['content-disposition', 'cookie'])
  else t.same(warned, [])
  t.match(readme, '`content-disposition` of `@fastify/static`, and `cookie` of Fastify itself')
  const { packages } = JSON.parse(await readFile(join(directory, 'package-lock.json'), 'utf8')) as { packages: Record<string, { dependencies?: Record<string, string> }> }
  const needs = (name: string): string[] => Object.keys(packages[`node_modules/${name}`]?.dependencies ?? {})
  t.ok(needs('@fastify/static').includes('content-disposition'))
  t.ok(needs('fastify').includes('light-my-request'))
  t.ok(needs('light-my-request').includes('cookie'))
})

t.test('What the README begins with runs as app.mjs in the project that `npm init -y` makes, and not as app.js', async t => {
  t.match(readme.split('\n').slice(0, 10).join('\n'), '\nnpm install fastify fastify-webrtc-signalling\n')
  t.match(readme, 'Save this as `app.mjs`')
  const code = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const program = code.replace(/port: \d+/, 'port: 0').replace('logger: true', 'logger: false') + "\nconsole.log('listens')\nawait app.close()\n"
  // Below the installed packages, with a package.json of its own.
  const project = join(directory, 'newcomer')
  await mkdir(project)
  await run('npm', ['init', '-y'], { cwd: project })
  for (const name of ['app.mjs', 'app.js']) await writeFile(join(project, name), program)
  const { NODE_OPTIONS: _, ...env } = process.env
  t.equal((await run(nodeOf('20.19.0'), ['app.mjs'], { cwd: project, timeout: 30_000, env })).stdout.trim(), 'listens')
  await t.rejects(run(nodeOf('20.18.3'), ['app.js'], { cwd: project, timeout: 30_000, env }), /SyntaxError/)
})
