import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { ROOT } from './imports.js'

const run = promisify(execFile)

export interface Project {
  /** Its directory, outside of this repository, so that nothing is found by accident. */
  directory: string
  /** Every file of the tarball, as it lies in the package. */
  files: string[]
  /** Where the package is installed. */
  installed: string
  /** Runs a program that is written into the project, and gives back what it printed. */
  node: (name: string, source: string, args?: string[]) => Promise<string>
}

/**
 * An empty project with the packed tarball in it, and beside that what a package manager would have put there: the
 * dependencies and the peer that it declares, and no other. Without the network: they are the ones of this repository.
 */
export async function packed (t: Test): Promise<Project> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'packed-')))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  // dist/ has been built before the tests.
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', directory], { cwd: ROOT })
  const [tarball] = JSON.parse(stdout) as Array<{ filename: string, files: Array<{ path: string }> }>
  if (tarball === undefined) throw new Error('npm packed nothing.')
  const installed = join(directory, 'node_modules/fastify-webrtc-signalling')
  await mkdir(installed, { recursive: true })
  await run('tar', ['-xzf', join(directory, tarball.filename), '-C', installed, '--strip-components=1'])

  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as Record<'dependencies' | 'peerDependencies', Record<string, string>>
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    const link = join(directory, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(join(ROOT, 'node_modules', name), link)
  }
  await writeFile(join(directory, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }))
  return {
    directory,
    installed,
    files: tarball.files.map(({ path }) => path).sort(),
    node: async (name, source, args = []) => {
      await writeFile(join(directory, name), source)
      return (await run(process.execPath, [join(directory, name), ...args], { cwd: directory, timeout: 30_000 })).stdout.trim()
    }
  }
}
