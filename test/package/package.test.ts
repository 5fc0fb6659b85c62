import { build } from 'esbuild'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, posix } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { complaints } from '../helpers/compile.js'
import { filesBelow, importsOf, ROOT } from '../helpers/imports.js'
import { packed } from '../helpers/packed.js'

// The packed tarball in an empty project: what somebody who installs the package gets.

const project = await packed(t)
const ws = createRequire(import.meta.url).resolve('ws')

/** A host app with two clients in one room, and the page; prints what came of it. */
const PROGRAM = `
async function main (Fastify, plugin, WebSocket) {
  const app = Fastify()
  await app.register(plugin, { apps: ['app'] })
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const enter = () => new Promise((resolve, reject) => {
    const socket = new WebSocket(origin.replace('http', 'ws') + '/app')
    const heard = []
    socket.on('error', reject)
    socket.on('open', () => socket.send(JSON.stringify({ command: 'join', streamId: 'room' })))
    socket.on('message', data => {
      heard.push(JSON.parse(data))
      if (heard.length === 1) resolve({ heard, next: name => new Promise(resolve => socket.on('message', data => { if (JSON.parse(data).command === name) resolve() })) })
    })
  })
  const first = await enter()
  const started = first.next('start')
  await enter()
  await started
  const statuses = []
  for (const path of ['peer.html', 'peer.css', 'peer.js', 'peer.svg', 'js/webrtc_adaptor.js', 'js/webrtc_adaptor.mjs', 'js/webrtc_adaptor.d.ts', 'js/adapter-latest.js']) {
    statuses.push((await fetch(origin + '/app/' + path)).status)
  }
  console.log(JSON.stringify({ peers: (await app.rooms.peers('app', 'room')).length, statuses }))
  app.server.closeAllConnections()
  await app.close()
}
`
const EXPECTED = { peers: 2, statuses: Array(8).fill(200) }

t.test('An ES module registers the default export, and a call can be set up', async t => {
  const printed = await project.node('host.mjs', `
    import { createRequire } from 'node:module'
    import Fastify from 'fastify'
    import plugin, { webrtcSignalling, ERRORS } from 'fastify-webrtc-signalling'
    ${PROGRAM}
    if (plugin !== webrtcSignalling && typeof webrtcSignalling !== 'function') throw new Error('no webrtcSignalling')
    if (ERRORS.notInRoom === undefined) throw new Error('no ERRORS')
    await main(Fastify, plugin, createRequire(import.meta.url)(process.argv[2]).WebSocket)
  `, [ws])
  t.same(JSON.parse(printed), EXPECTED)
})

// Node 22.12, and 20.19 of the older line, can `require` an ES module; what comes before says so by this code.
const requires = (process.features as { require_module?: boolean }).require_module === true

for (const [what, plugin] of [['the module itself', 'required'], ['its default', 'required.default'], ['the named export', 'required.webrtcSignalling']]) {
  t.test(`CommonJS requires and registers ${what}`, async t => {
    const running = project.node('host.cjs', `
      const Fastify = require('fastify')
      const required = require('fastify-webrtc-signalling')
      ${PROGRAM}
      main(Fastify, ${plugin}, require(process.argv[2]).WebSocket)
    `, [ws])
    if (requires) t.same(JSON.parse(await running), EXPECTED)
    else await t.rejects(running, /ERR_REQUIRE_ESM/)
  })
}

t.test('The SDK is importable without a browser, and asks for one only when it is used', async t => {
  t.equal(await project.node('client.mjs', `
    import { WebRTCAdaptor, AdaptorError } from 'fastify-webrtc-signalling/client'
    console.log(typeof WebRTCAdaptor, typeof AdaptorError)
  `), 'function function')
})

t.test('Without a browser the SDK says in words that it needs one', async t => {
  t.match(await project.node('no-browser.mjs', `
    import { WebRTCAdaptor, AdaptorError } from 'fastify-webrtc-signalling/client'
    for (const options of [undefined, { websocket_url: 'ws://localhost:8081/WebRTCApp4' }]) {
      try { new WebRTCAdaptor(options) } catch (error) { console.log(error instanceof AdaptorError, error.name, error.message) }
    }
  `), /^(true NotSupportedError WebRTCAdaptor needs a browser with WebRTC, and there is no .*RTCPeerConnection.* here\..*\n?){2}$/)
})

t.test('An import of the SDK that is not used costs a page nothing', async t => {
  await writeFile(join(project.directory, 'unused.js'), "import { WebRTCAdaptor, reconnectPolicy } from 'fastify-webrtc-signalling/client'\n")
  await writeFile(join(project.directory, 'bare.js'), "import 'fastify-webrtc-signalling/client'\n")
  for (const entry of ['unused.js', 'bare.js']) {
    const { outputFiles } = await build({
      absWorkingDir: project.directory, entryPoints: [entry], bundle: true, write: false, minify: true, platform: 'browser', format: 'esm', logLevel: 'silent'
    })
    t.equal(outputFiles[0]?.text, '', entry)
  }
})

t.test('The scripts that are there for what they do stay in a bundle that imports them for it', async t => {
  for (const script of ['client/webrtc_adaptor.js', 'client/adapter-latest.js', 'page/peer.js']) {
    const entry = `${script.replaceAll('/', '-')}.js`
    await writeFile(join(project.directory, entry), `import './node_modules/fastify-webrtc-signalling/dist/${script}'\n`)
    const { outputFiles } = await build({
      absWorkingDir: project.directory, entryPoints: [entry], bundle: true, write: false, minify: true, platform: 'browser', format: 'esm', logLevel: 'silent'
    })
    t.ok((outputFiles[0]?.text.length ?? 0) > 1000, script)
  }
})

t.test('A bundler takes the SDK into a page, and nothing else with it', async t => {
  await writeFile(join(project.directory, 'page.js'), "import { WebRTCAdaptor } from 'fastify-webrtc-signalling/client'\nglobalThis.adaptor = WebRTCAdaptor\n")
  const { metafile, errors, warnings } = await build({
    absWorkingDir: project.directory, entryPoints: ['page.js'], bundle: true, write: false, metafile: true, platform: 'browser', format: 'esm'
  })
  t.same([errors, warnings], [[], []])
  const core = 'node_modules/fastify-webrtc-signalling/dist/client/webrtc_adaptor.mjs'
  // What the SDK loads when it is used is a file of its own to a bundler that splits.
  const parts = Object.keys(metafile.inputs).filter(input => /\/webrtc_adaptor\.[\w-]+\.mjs$/.test(input) && input !== core)
  t.ok(parts.length > 0, 'the bundler finds the parts that are loaded when used')
  t.same(Object.keys(metafile.inputs).filter(input => !parts.includes(input)).sort(), [core, 'page.js'])
})

t.test('What must compile against the sources compiles against the package, and what must not does not', async t => {
  const { directory, installed, files } = project
  await mkdir(join(directory, 'node_modules/@types'))
  await symlink(join(ROOT, 'node_modules/@types/node'), join(directory, 'node_modules/@types/node'))
  const sources = await Promise.all(['server.ts', 'client.ts'].map(async name => {
    const source = await readFile(join(ROOT, 'test/types', name), 'utf8')
    const file = join(directory, name)
    await writeFile(file, source
      .replace('../../lib/index.js', 'fastify-webrtc-signalling')
      .replace('../../lib/client/webrtc-adaptor.js', 'fastify-webrtc-signalling/client'))
    return file
  }))
  const declarations = files.filter(file => file.endsWith('.d.ts')).map(file => join(installed, file))
  const seen = ['dist/index.d.ts', 'dist/augment.d.ts', 'dist/config/options.d.ts', 'dist/client/webrtc_adaptor.d.ts'].map(file => join(installed, file))
  t.same(seen.filter(file => !declarations.includes(file)), [])
  // With what a project of today has, and with the declarations of the package checked as well.
  t.same(complaints([...sources, ...seen], join(ROOT, 'tsconfig.json'), { rootDir: directory, paths: {}, skipLibCheck: false, typeRoots: [join(directory, 'node_modules/@types')] }), [])
})

t.test('There is no `any` in what the package declares to others', async t => {
  const queue = ['dist/index.d.ts', 'dist/client/webrtc_adaptor.d.ts']
  const seen = new Set<string>()
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (seen.has(file)) continue
    seen.add(file)
    const text = await readFile(join(project.installed, file), 'utf8')
    queue.push(...importsOf(file, text).filter(({ internal }) => internal).map(({ to }) => to.replace(/\.js$/, '.d.ts')))
    t.equal(countAny(ts.createSourceFile(file, text, ts.ScriptTarget.Latest)), 0, file)
  }
  t.ok(seen.has('dist/api/rooms-api.d.ts'))
})

function countAny (node: ts.Node): number {
  let found = node.kind === ts.SyntaxKind.AnyKeyword ? 1 : 0
  ts.forEachChild(node, child => { found += countAny(child) })
  return found
}

t.test('Nothing is missing from the tarball', async t => {
  const { files } = project
  const server = filesBelow('lib').filter(file => /\.ts$/.test(file) && !file.startsWith('lib/client/'))
  const wanted = [
    ...server.map(file => file.replace(/^lib/, 'dist').replace(/ts$/, 'd.ts')),
    // All of the server's code, and typebox.
    'dist/index.js', 'dist/protocol/typebox.js',
    // The page, whose modules are one script.
    ...['peer.html', 'peer.css', 'peer.svg', 'peer.js'].map(file => `dist/page/${file}`),
    ...['webrtc_adaptor.js', 'webrtc_adaptor.mjs', 'webrtc_adaptor.d.ts', 'adapter-latest.js'].map(file => `dist/client/${file}`),
    'README.md', 'example/check/README.md', 'example/sdk/README.md', 'LICENSE', 'package.json'
  ]
  t.same(wanted.filter(file => !files.includes(file)), [])
  for (const file of files.filter(file => /^dist\/(?!client|page).*\.(js|d\.ts)$/.test(file))) {
    const imports = importsOf(file, await readFile(join(project.installed, file), 'utf8'))
    const missing = imports.filter(({ internal, to }) => internal && !files.includes(to) && !files.includes(posix.normalize(to).replace(/\.js$/, '.d.ts')))
    t.same(missing, [], file)
  }
})

t.test('Nothing is in the tarball that does not belong there', async t => {
  t.same(project.files.filter(file => !/^(dist\/.+\.(js|mjs|d\.ts|html|css|svg|gz|br)|(example\/(check|sdk)\/)?README\.md|LICENSE|package\.json)$/.test(file)), [])
  for (const file of project.files) {
    t.notOk((await readFile(join(project.installed, file), 'utf8')).includes(ROOT), `${file} knows no path of the machine that built it`)
  }
})

t.test('An error of the built code says in its stack which functions it came through', async t => {
  const stack = await project.node('stack.mjs', `
    import Fastify from 'fastify'
    import plugin from 'fastify-webrtc-signalling'
    await Fastify().register(plugin, { limits: { frameBytes: 1 } }).then(() => {}, error => console.log(error.stack))
  `)
  t.match(stack, /\n +at resolveOptions \(file:.*\/dist\/index\.js:\d+:\d+\)\n +at .*webrtcSignalling \(/)
  t.notOk(/index\.js:\d+:\d{4}/.test(stack), 'by lines that can be read')
})

t.test('The README says of each dependency why it is there, and of no other', async t => {
  const { dependencies } = JSON.parse(await readFile(join(project.installed, 'package.json'), 'utf8')) as { dependencies: Record<string, string> }
  const readme = await readFile(join(project.installed, 'README.md'), 'utf8')
  const list = /\*\*What is installed with it\*\*, and why:\n\n((?:- .*\n)+)/.exec(readme)?.[1] ?? ''
  const said = [...list.matchAll(/^- `([^`]+)`: \S.{20,}$/gm)].map(match => match[1])
  t.same(said, Object.keys(dependencies).sort())
  t.equal(said.length, list.trim().split('\n').length)
})

t.test('Every path in package.json that points into the package is there', async t => {
  const manifest = JSON.parse(await readFile(join(project.installed, 'package.json'), 'utf8')) as { main: string, types: string, exports: Record<string, string | Record<string, string>> }
  const paths = [manifest.main, manifest.types, ...Object.values(manifest.exports).flatMap(target => typeof target === 'string' ? [target] : Object.values(target))]
  for (const path of paths) t.ok(project.files.includes(posix.normalize(path)), path)
})

t.test('package.json says where the source is, where a bug is reported and where to read on, all in one repository', async t => {
  const manifest = JSON.parse(await readFile(join(project.installed, 'package.json'), 'utf8')) as
    { name: string, repository: { type: string, url: string }, bugs: { url: string }, homepage: string, publishConfig: { provenance: boolean } }
  const address = /^git\+(https:\/\/[^/]+\/[^/]+\/([^/]+))\.git$/.exec(manifest.repository.url)
  t.equal(manifest.repository.type, 'git')
  t.equal(address?.[2], manifest.name)
  t.equal(manifest.bugs.url, `${address?.[1]}/issues`)
  t.equal(manifest.homepage, `${address?.[1]}#readme`)
  t.equal(manifest.publishConfig.provenance, true, 'npm refuses a release that was built in another repository')
})
