import { join } from 'node:path'
import t from 'tap'
import { complaints } from '../helpers/compile.js'
import { ROOT } from '../helpers/imports.js'

// What a host app and a page may write and, at each @ts-expect-error, what they may not: one that is not needed is an
// error as well. package.test.ts holds the packed package to the same files.

const TSCONFIG = join(ROOT, 'tsconfig.json')

t.test('What must compile does, and what must not does not', async t => {
  t.same(complaints(['server.ts', 'client.ts'].map(name => join(ROOT, 'test/types', name)), TSCONFIG), [])
})

t.test('What does not compile is complained of, and so is an exception that is not needed', async t => {
  const dir = t.testdir({ 'wrong.ts': 'export const n: number = "one"\n// @ts-expect-error none\nexport const m: number = 1\n' })
  t.match(complaints([join(dir, 'wrong.ts')], TSCONFIG), [/wrong\.ts:1 /, /wrong\.ts:2 Unused/])
})
