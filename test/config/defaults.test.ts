import { readFileSync } from 'node:fs'
import t from 'tap'
import type { TObject, TSchema } from 'typebox'
import ts from 'typescript'
import { OptionsSchema, TurnSchema } from '../../lib/config/options.js'
import { resolveOptions, type Settings } from '../../lib/config/settings.js'

// The schema is the only home of a default: what is in force without any option is what the schema says.

type Node = TSchema & { default?: unknown, unit?: string, type?: string, properties?: TObject['properties'] }

/** Every option below a schema that has a default, by its path. */
function withDefaults (schema: Node, path = ''): Array<[path: string, node: Node]> {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const node = child as Node
    const own = node.default === undefined ? [] : [[`${path}${name}`, node] as [string, Node]]
    return [...own, ...withDefaults(node, `${path}${name}.`)]
  })
}

/** Where the settings have it: what may differ by application is below `defaults`. */
function inForce (settings: Settings, path: string): unknown {
  const [first = ''] = path.split('.')
  const home = first in settings ? settings : settings.defaults
  return path.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], home)
}

t.test('Without options, everything that has a default in the schema has exactly that one', async t => {
  const settings = resolveOptions({ turn: { urls: 'turn:turn.example', secret: 's' } })
  const found = withDefaults(OptionsSchema)
  t.ok(found.length > 30, 'there are defaults to look at')
  for (const [path, node] of found) t.same(inForce(settings, path), node.default, path)
})

t.test('TURN credentials take lifetime and hash from the schema', async t => {
  const { turn } = resolveOptions({ turn: { urls: 'turn:turn.example', secret: 's' } }).defaults
  for (const [path, node] of withDefaults(TurnSchema)) t.same(turn?.[path as 'ttl'], node.default, path)
})

t.test('No default is written a second time where the settings are made', async t => {
  const file = 'lib/config/settings.ts'
  const numbers: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isNumericLiteral(node) && Number(node.text) > 1) numbers.push(node.getText())
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'), ts.ScriptTarget.Latest, true))
  t.same(numbers, [])
})

t.test('A time or a size says its unit in a field of its own, and no sentence ends in one', async t => {
  for (const [path, node] of withDefaults(OptionsSchema)) {
    if (typeof node.default !== 'number') continue
    if (/(?:imeout|interval|window|grace|retryAfter|ttl)$/.test(path)) t.match(node.unit, /^(?:ms|s)$/, path)
    if (/[bB]ytes/.test(path) || path.endsWith('byteBurst')) t.equal(node.unit, 'bytes', path)
    t.notMatch((node as { description?: string }).description, /, (?:ms|s|bytes)$/, path)
  }
})
