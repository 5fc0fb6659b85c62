// Builds dist/: the server as one file of code and its types, the browser SDK as a classic script, an ES module and types, and the page.
import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { generateDtsBundle } from 'dts-bundle-generator'
import { build } from 'esbuild'
import ts from 'typescript'
import { buildSdk, versionOf } from './sdk.js'
import { writeComments, writeOut } from './types-of-schemas.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const require = createRequire(import.meta.url)
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc')
const compile = (project, ...flags) => execFileSync(process.execPath, [tsc, '-p', join(root, project), ...flags], { stdio: 'inherit' })

rmSync(dist, { recursive: true, force: true })
compile('lib', '--emitDeclarationOnly')
compile('lib/client', '--emitDeclarationOnly', 'false', '--noEmit')

// The code of the server in two files: Node takes far longer to find, read and link many modules than to run them. Ours stays
// readable, with its names, for the stacks of errors; typebox, 684 modules, is what is used of it, its names kept for its errors.
const typebox = dirname(dirname(fileURLToPath(import.meta.resolve('typebox'))))
await build({
  entryPoints: [join(root, 'lib/index.ts')],
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  legalComments: 'none',
  // Where an import of it is found by the types, too.
  plugins: [{ name: 'typebox apart', setup: ({ onResolve }) => onResolve({ filter: /\/typebox\.js$/ }, () => ({ path: './protocol/typebox.js', external: true })) }],
  outfile: join(dist, 'index.js')
})
const sources = readdirSync(join(root, 'lib'), { recursive: true }).filter(file => file.endsWith('.ts') && !file.startsWith('client'))
const used = new Set(sources.flatMap(file => [...readFileSync(join(root, 'lib', file), 'utf8').matchAll(/\bType\.(\w+)/g)].map(([, name]) => name)))
await build({
  stdin: {
    contents: `${readFileSync(join(root, 'lib/protocol/typebox.ts'), 'utf8').replace('default as Type, ', '')}
      import { ${[...used].map(name => `${name} as ${name}Type`).join(', ')} } from 'typebox'
      export const Type = { ${[...used].map(name => `${name}: ${name}Type`).join(', ')} }`,
    resolveDir: join(root, 'lib/protocol'),
    loader: 'ts'
  },
  bundle: true,
  minifySyntax: true,
  minifyWhitespace: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  banner: { js: `/*! typebox\n${readFileSync(join(typebox, 'license'), 'utf8').trim()}\n*/` },
  outfile: join(dist, 'protocol/typebox.js')
})

const target = ['chrome87', 'firefox78', 'safari14.1']
const modules = await buildSdk(join(root, 'lib/client'), join(dist, 'client'), target)
// One file of types beside the one file of code; tsc above has checked them.
const [types] = generateDtsBundle([{
  filePath: join(root, 'lib/client/webrtc-adaptor.ts'),
  output: { noBanner: true, exportReferencedTypes: false }
}], { preferredConfigPath: join(root, 'lib/client/tsconfig.json') })
// The schemas, as the declarations are to say them, from a program that is kept nowhere.
const { outputFiles: [program] } = await build({
  stdin: {
    contents: ['config/options', 'protocol/client-messages', 'protocol/server-messages'].map((file, index) => `export * as part${index} from './${file}.js'`).join('\n'),
    resolveDir: join(root, 'lib')
  },
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false
})
const { part0: options, part1: fromClient, part2: fromServer } = await import(`data:text/javascript;base64,${Buffer.from(program.contents).toString('base64')}`)
const schemas = { ...options, ...fromClient, ...fromServer }
// `Symbol.asyncDispose` is declared there, and a page's own list of libraries may be older.
writeFileSync(join(dist, 'client/webrtc_adaptor.d.ts'), `/// <reference lib="esnext.disposable" />\n${writeOut(types, schemas, true)}`)
const messageTypes = join(dist, 'protocol/server-messages.d.ts')
writeFileSync(messageTypes, writeOut(readFileSync(messageTypes, 'utf8'), schemas))
const optionTypes = join(dist, 'config/options.d.ts')
writeFileSync(optionTypes, writeComments(ts, writeOut(readFileSync(optionTypes, 'utf8'), schemas), {
  AppOptions: options.OptionsSchema.properties,
  WebrtcSignallingOptions: options.OptionsSchema.properties,
  TurnOptions: options.TurnSchema.properties,
  IceServerOption: schemas.IceServerSchema.properties
}))
await build({
  entryPoints: [join(dirname(require.resolve('webrtc-adapter/package.json')), 'out/adapter.js')],
  minify: true,
  // Its licence asks for the notice, which the file itself does not have.
  banner: { js: `/*! webrtc-adapter\n${readFileSync(join(dirname(require.resolve('webrtc-adapter/package.json')), 'LICENSE.md'), 'utf8')}*/` },
  target,
  outfile: join(dist, 'client/adapter-latest.js')
})
for (const file of ['peer.html', 'peer.css', 'peer.svg']) cpSync(join(root, 'lib/page', file), join(dist, 'page', file))
// The page's modules in one file, which people may read: one request, and one version.
const codes = dirname(dirname(fileURLToPath(import.meta.resolve('uqr'))))
await build({
  entryPoints: [join(root, 'lib/page/peer.js')],
  bundle: true,
  // What draws the QR code comes with it.
  banner: { js: `/*! uqr\n${readFileSync(join(codes, 'LICENSE'), 'utf8').trim()}\n*/` },
  format: 'esm',
  target,
  outfile: join(dist, 'page/peer.js')
})

// The page asks for each file under its version, so that a browser may keep it for ever (lib/transport/routes/assets.ts).
const version = file => versionOf(readFileSync(join(dist, file)))
const page = join(dist, 'page/peer.html')
const versioned = { 'peer.css': 'page/peer.css', 'peer.js': 'page/peer.js', 'peer.svg': 'page/peer.svg', 'js/adapter-latest.js': 'client/adapter-latest.js', 'js/webrtc_adaptor.js': 'client/webrtc_adaptor.js' }
let html = readFileSync(page, 'utf8')
for (const [path, file] of Object.entries(versioned)) html = html.replace(`"${path}"`, `"${path}?v=${version(file)}"`)
writeFileSync(page, html)

// Brotli's encoder decides differently in each mode, and either may be the better one: by the hashes in a file alone it is up to 40 bytes larger
// or smaller.
const brotliModes = [constants.BROTLI_MODE_GENERIC, constants.BROTLI_MODE_FONT]
const smallestBrotli = bytes => brotliModes
  .map(mode => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_MODE]: mode } }))
  .reduce((one, other) => other.length < one.length ? other : one)

// Compressed once here, not at each request.
const compress = file => {
  const bytes = readFileSync(join(dist, file))
  const [gzip, brotli] = [gzipSync(bytes, { level: 9 }), smallestBrotli(bytes)]
  writeFileSync(join(dist, `${file}.gz`), gzip)
  writeFileSync(join(dist, `${file}.br`), brotli)
  return { minified: bytes.length, gzip: gzip.length, brotli: brotli.length }
}
for (const file of [...Object.values(versioned).filter(file => file !== 'client/webrtc_adaptor.js'), 'page/peer.html']) compress(file)
// What the SDK costs a page, file by file; test/package/sdk-size.test.ts holds each to its budget.
for (const file of ['webrtc_adaptor.js', 'webrtc_adaptor.mjs', ...modules]) {
  const { minified, gzip, brotli } = compress(`client/${file}`)
  console.log(`${file.padEnd(28)} ${brotli} bytes with brotli, ${gzip} with gzip, ${minified} minified`)
}
