import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { CLOSE_CODES } from '../../lib/protocol/codes.js'
import { filesBelow, ROOT } from '../helpers/imports.js'

// lib/README.md is the map of lib/: what it shows is there, and what is there is shown.

const map = readFileSync(join(ROOT, 'lib/README.md'), 'utf8')

/** The files of the tree: each line has a name and what it is for, two spaces further in than the directory that it is in. */
function filesInTree (): string[] {
  const [, tree = ''] = /^```text\nlib\/\n([\s\S]*?)^```$/m.exec(map) ?? []
  const files: string[] = []
  const path: string[] = ['lib']
  for (const line of tree.split('\n').filter(line => line !== '')) {
    const [, indent = '', name = '', purpose = ''] = /^( *)(\S+)(?: {2,}(\S.*))?$/.exec(line) ?? []
    path.length = 1 + indent.length / 2
    if (name.endsWith('/')) {
      path.push(name.slice(0, -1))
      continue
    }
    files.push([...path, name].join('/'))
    t.not(purpose, '', `${name} says what it is for`)
  }
  return files
}

t.test('The tree of the map is that of lib/', async t => {
  const there = filesBelow('lib').filter(file => file !== 'lib/README.md' && !file.endsWith('tsconfig.json'))
  t.same(filesInTree().sort(), there.sort())
})

t.test('Every file and directory that the map names is there', async t => {
  const named = [...map.matchAll(/`((?:[a-z-]+\/)+[a-z.-]*)`/g)].map(([, path = '']) => path)
  t.ok(named.length > 20, 'there are names to look at')
  const missing = named.filter(path => !existsSync(join(ROOT, 'lib', path)) && !existsSync(join(ROOT, path)))
  t.same(missing, [])
})

t.test('The map says of every close code of the server what ends with it', async t => {
  const [, table = ''] = /^### A connection[^\n]*\n([\s\S]*?)^### /m.exec(map) ?? []
  for (const { code } of Object.values(CLOSE_CODES)) t.match(table, String(code), String(code))
})

t.test('No line of the map is a placeholder', async t => {
  t.same(map.split('\n').filter(line => /^[A-Z_]+$/.test(line)), [])
})
