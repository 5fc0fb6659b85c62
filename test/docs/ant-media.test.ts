import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { WebRTCAdaptor } from '../../lib/client/webrtc-adaptor.js'
import { ROOT } from '../helpers/imports.js'

// The guide for those who come from Ant Media, held to the class that they publish and to ours.

const published = dirname(createRequire(import.meta.url).resolve('@antmedia/webrtc_adaptor/package.json'))

/** The names of a class's own methods. */
const methodsOf = ({ prototype }: { prototype: object }): string[] => Object.getOwnPropertyNames(prototype).filter(name => {
  return name !== 'constructor' && typeof Object.getOwnPropertyDescriptor(prototype, name)?.value === 'function'
})

/** The names of the parameters of each method that a class or an interface declares. */
function parametersOf (file: string, ...declared: string[]): Map<string, string[]> {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
  const found = new Map<string, string[]>()
  for (const statement of source.statements) {
    if (!(ts.isInterfaceDeclaration(statement) || ts.isClassDeclaration(statement)) || !declared.includes(statement.name?.text ?? '')) continue
    for (const member of statement.members) {
      if (!(ts.isMethodDeclaration(member) || ts.isMethodSignature(member))) continue
      // An underscore in front says that the parameter is not used.
      found.set(member.name.getText(), member.parameters.map(({ name }) => name.getText().replace(/^_/, '')))
    }
  }
  return found
}

/** The rows of the guide's table: the name of a method, its parameters, whether ours has it, and the remark. */
const rows = [...readFileSync(join(ROOT, 'example/ant-media/README.md'), 'utf8').matchAll(/^\| `(\w+)\((.*?)\)` \| (\w+) \| (.*?) ?\|$/gm)]
  .map(([, name = '', parameters = '', here = '', remark = '']) => ({ name, parameters: parameters.split(', ').filter(Boolean), here, remark }))

t.test('the table of Ant Media\'s methods names every public method of the published class with its arguments, and no other', async t => {
  // Written for a page; it needs a window to be loaded, and nothing of one for its prototype.
  Object.assign(globalThis, { window: globalThis })
  const theirs = await import(join(published, 'dist/es/index.js')) as { WebRTCAdaptor: { prototype: object } }
  t.same(rows.map(({ name }) => name), methodsOf(theirs.WebRTCAdaptor))
  const declared = parametersOf(join(published, 'dist/index.d.ts'), 'WebRTCAdaptor')
  for (const { name, parameters } of rows) t.same(parameters, declared.get(name), name)
})

t.test('ours has each method that the table says it has, with the same arguments in front, and none that it says is left out', async t => {
  const ours = methodsOf(WebRTCAdaptor)
  const parameters = new Map([
    ...parametersOf(join(ROOT, 'lib/client/webrtc-adaptor.ts'), 'WebRTCAdaptor'),
    ...parametersOf(join(ROOT, 'lib/client/extras/extra-methods.ts'), 'ExtraMethods')
  ])
  // The room is called streamId there.
  const known = (name: string): string[] => (parameters.get(name) ?? []).map(parameter => parameter === 'roomName' ? 'streamId' : parameter)
  for (const { name, parameters, here, remark } of rows) {
    t.equal(ours.includes(name), here !== 'no', `${name}: ${here}`)
    t.ok(here === 'yes' || remark !== '', `${name}: the table says why`)
    const same = JSON.stringify(known(name).slice(0, parameters.length)) === JSON.stringify(parameters)
    if (here !== 'no') t.equal(here, same ? 'yes' : 'differs', `${name}(${known(name).join(', ')})`)
  }
})
