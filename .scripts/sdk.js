// Builds the browser SDK: a classic script, an ES module, and a module for each part that they load when it is used.
import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { minify } from 'terser'
import ts from 'typescript'
import { shortenedNames } from './member-names.js'
import { RESERVED_NAMES, shortPrivateNames } from './private-names.js'

/** The beginning of the hash of one file or more, under which a browser may keep it for ever (lib/transport/routes/assets.ts). */
export const versionOf = (...files) => files.reduce((hash, bytes) => hash.update(bytes), createHash('sha256')).digest('hex').slice(0, 12)

/** What such a part may import of the SDK, but types: anything else would be there twice, and a second AdaptorError is another class. */
const COPIED = /^lib\/client\/((data|extras|guard)\/|base\/(timer|deferred|devices|emitter|backoff)\.ts$|signalling\/frames\.ts$)/

/** Where a framework meets the SDK: each is a module of its own beside the SDK's, whose classes it takes from there. */
const FRAMEWORKS = ['react', 'webrtc-call']

/** The SDK's own module, under the name that it has when it is built. */
const besideTheSdk = {
  name: 'beside the SDK',
  setup (build) {
    build.onResolve({ filter: /\/webrtc-adaptor\.js$/ }, () => ({ path: './webrtc_adaptor.mjs', external: true }))
  }
}

/** The file of a part. */
const fileOf = name => `webrtc_adaptor.${name}.mjs`

/** Names the file of each part that is loaded when used; `found` gets where it lies. */
const loadedWhenUsed = found => ({
  name: 'loaded when used',
  setup (build) {
    build.onResolve({ filter: /\.js$/ }, ({ kind, path, resolveDir }) => {
      if (kind !== 'dynamic-import') return
      const [, name] = /([^/]+)\.js$/.exec(path)
      found.set(name, join(resolveDir, path.replace(/\.js$/, '.ts')))
      return { path: `./${fileOf(name)}`, external: true }
    })
  }
})

/**
 * A second pass over what esbuild has bundled and minified: it puts what is used once where it is used, which esbuild does not, and with that
 * a file is 2 to 3 % smaller as it travels.
 */
async function squeeze (code) {
  const { code: smaller } = await minify(code, { module: true, ecma: 2020, compress: { passes: 3 } })
  return `${smaller}\n`
}

/** Returns the names of the files that it has written beside the SDK. */
export async function buildSdk (source, out, target) {
  mkdirSync(out, { recursive: true })
  const parts = new Map()
  // What each file of this build says of it, until all of them are there and it is known: their hash.
  const placeholder = 'build-id-xyz'
  const sdk = {
    bundle: true,
    minify: true,
    legalComments: 'none',
    plugins: [loadedWhenUsed(parts), shortPrivateNames],
    target,
    define: { 'globalThis.SDK_BUILD': `'${placeholder}'` },
    // Chromium before 91 fails at `a?.(...b)` alone, which the plugin refuses (kangax's table: spread parameters after optional chaining).
    supported: { 'optional-chain': true },
    mangleProps: new RegExp(`^(${shortenedNames(source, join(source, '../protocol')).join('|')})$`),
    tsconfigRaw: { compilerOptions: { target: 'ES2022', useDefineForClassFields: true } }
  }
  // A name is short in all files alike, since the parts use members of the core.
  let mangleCache = Object.fromEntries(RESERVED_NAMES.map(name => [name, false]))
  const buildFile = async (entry, outfile) => {
    const built = await build({ ...sdk, entryPoints: [entry], format: 'esm', metafile: true, mangleCache, write: false })
    mangleCache = built.mangleCache
    writeFileSync(outfile, await squeeze(built.outputFiles[0].text))
    return Object.keys(built.metafile.inputs)
  }
  await buildFile(join(source, 'webrtc-adaptor.ts'), join(out, 'webrtc_adaptor.mjs'))
  const classic = join(out, 'webrtc_adaptor.js')
  await buildFile(join(source, 'global.ts'), classic)
  for (const [name, file] of parts) {
    const inputs = await buildFile(file, join(out, fileOf(name)))
    const copied = inputs.filter(input => !COPIED.test(input.slice(input.indexOf('lib/client/'))))
    if (copied.length > 0) throw new Error(`${file} would bring a copy of ${copied}`)
    // The core takes a part of its own build alone.
    appendFileSync(join(out, fileOf(name)), `export const build="${placeholder}";\n`)
  }
  for (const name of FRAMEWORKS) {
    const entryPoints = [join(source, 'frameworks', `${name}.ts`)]
    const built = await build({ ...sdk, mangleProps: undefined, plugins: [besideTheSdk, shortPrivateNames], external: ['react'], entryPoints, format: 'esm', write: false })
    writeFileSync(join(out, `${name}.mjs`), await squeeze(built.outputFiles[0].text))
  }
  for (const name of [...FRAMEWORKS, 'call-store']) writeDeclarations(join(source, 'frameworks', `${name}.ts`), join(out, `${name}.d.ts`))
  writeFileSync(classic, besideTheScript(readFileSync(classic, 'utf8'), placeholder))
  const files = [classic, join(out, 'webrtc_adaptor.mjs'), ...[...parts.keys()].sort().map(name => join(out, fileOf(name)))]
  const version = versionOf(...files.map(file => readFileSync(file)))
  for (const file of files) writeFileSync(file, readFileSync(file, 'utf8').replaceAll(placeholder, version))
  return [...[...parts.keys()].map(fileOf), ...FRAMEWORKS.map(name => `${name}.mjs`)]
}

/** The types of one file, which take those of the SDK from its one file of them. */
function writeDeclarations (source, out) {
  const { outputText, diagnostics } = ts.transpileDeclaration(readFileSync(source, 'utf8'), { fileName: source, reportDiagnostics: true, compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext } })
  if (diagnostics.length > 0) throw new Error(`${source}: ${diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' ')).join('\n')}`)
  writeFileSync(out, outputText.replaceAll("'../webrtc-adaptor.js'", "'./webrtc_adaptor.js'"))
}

/**
 * A module that imports and exports nothing becomes a classic script, which loads its parts from where it came from itself, all of them under
 * the version of this build, since one of another build would not know its names. A script of another origin has no address of its own that
 * `import()` could start from (HTML, section 8.1.3.2: muted errors), so it looks for that while it runs. A browser may remember that a module
 * could not be loaded, so what comes after a failure has another address for it, which is the same one for the server. The guard is fetched with the
 * script: an adaptor that is made when the server has another build by then finds it here.
 */
function besideTheScript (code, version) {
  const loads = code.replace(/import\("\.\/webrtc_adaptor\.([^"]+)\.mjs"\)/g, '$load("$1")').trim()
  return '(()=>{var $failed={},$src=globalThis.document?.currentScript?.src||globalThis.location?.href,' +
    `$load=async t=>import(new URL(\`webrtc_adaptor.\${t}.mjs?v=${version}\${$failed[t]||""}\`,$src)).catch(e=>{throw $failed[t]=($failed[t]||"#")+1,e});$load("guard").catch(()=>{});${loads}})();\n`
}
