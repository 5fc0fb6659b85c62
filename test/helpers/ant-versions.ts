import { build } from 'esbuild'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ROOT } from './imports.js'

const require = createRequire(import.meta.url)

/** The packages of this repository that are Ant Media's SDK, each of another version, by their version. */
const PACKAGES = new Map(Object.entries((require(join(ROOT, 'package.json')) as { devDependencies: Record<string, string> }).devDependencies)
  .filter(([name, wanted]) => name === '@antmedia/webrtc_adaptor' || wanted.startsWith('npm:@antmedia/webrtc_adaptor@'))
  .map(([name]): [string, string] => {
    const manifest = require.resolve(`${name}/package.json`)
    return [(require(manifest) as { version: string }).version, dirname(manifest)]
  }))

/** From 2023 on, the oldest first. */
export const ANT_VERSIONS: readonly string[] = [...PACKAGES.keys()].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))

/** One of them as the script of a page, which has it as `webrtc_adaptor`. */
export async function antScript (version: string): Promise<string> {
  const directory = PACKAGES.get(version)
  if (directory === undefined) throw new Error(`Ant Media's SDK ${version} is not installed; ${ANT_VERSIONS.join(', ')} are.`)
  // The oldest has modules alone, and no script.
  if (version.startsWith('2.5.')) return await asScript(join(directory, 'src/main/webapp/js/webrtc_adaptor.js'))
  return readFileSync(join(directory, 'dist/browser/webrtc_adaptor.js'), 'utf8')
}

async function asScript (entry: string): Promise<string> {
  const { outputFiles: [script] } = await build({ entryPoints: [entry], bundle: true, write: false, format: 'iife', globalName: 'webrtc_adaptor', logLevel: 'silent' })
  return script?.text ?? ''
}
