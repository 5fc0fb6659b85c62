// Writes what the schemas say into declarations: types without typebox where nobody needs it, and a comment at each property.

/** A JSON schema as a TypeScript type. */
function typeOf (schema, indent = '') {
  if ('const' in schema) return JSON.stringify(schema.const)
  if (schema.anyOf !== undefined) return schema.anyOf.map(each => typeOf(each, indent)).join(' | ')
  if (schema.type === 'array') return `Array<${typeOf(schema.items, indent)}>`
  if (schema.type === 'object') return `{\n${fieldsOf(schema, `${indent}    `)}${indent}}`
  if (schema.type === 'integer') return 'number'
  return schema.type ?? 'unknown'
}

function fieldsOf (schema, indent) {
  const required = schema.required ?? []
  return Object.entries(schema.properties).map(([name, field]) =>
    `${commentOf(field, indent)}${indent}${name}${required.includes(name) ? '' : '?'}: ${typeOf(field, indent)};\n`).join('')
}

function commentOf ({ description, unit, default: value }, indent) {
  if (description === undefined) return ''
  return `${indent}/** ${description}.${unit === undefined ? '' : ` Unit: ${unit}.`}${value === undefined ? '' : ` @default ${JSON.stringify(value).replaceAll('"', "'")}`} */\n`
}

/** Every `type A = Static<typeof ASchema>` as an interface; without the schemas and typebox where `alone` is set. */
export function writeOut (declarations, schemas, alone = false) {
  let text = declarations.replace(/^(export )?(?:declare )?type (\w+) = Static<typeof (\w+)>;$/gm, (whole, exported = '', name, schema) =>
    schemas[schema] === undefined ? whole : `${commentOf({ description: schemas[schema].description }, '')}${exported}interface ${name} ${typeOf(schemas[schema])}`)
  if (alone) {
    text = text.replace(/^declare const \w+Schema: [\s\S]*?^}>;\n/gm, '').replace(/^import .* from 'typebox';\n/gm, '')
    if (/\bStatic<|^}>;|\bfrom '|\bimport\(/m.test(text)) throw new Error('The types of the SDK do not stand alone.')
  }
  return text
}

/** The properties of an interface or type with the comments of their schema. */
export function writeComments (ts, declarations, properties) {
  const source = ts.createSourceFile('types.d.ts', declarations, ts.ScriptTarget.Latest, true)
  const edits = []
  const visit = (node, schema) => {
    if (ts.isPropertySignature(node)) {
      const field = schema[node.name.getText()]
      // Its old comment goes too: it is part of the full start.
      if (field?.description !== undefined) edits.push([node.getFullStart(), node.getStart(), `\n${commentOf(field, '    ')}    `])
    } else ts.forEachChild(node, child => visit(child, schema))
  }
  for (const statement of source.statements) {
    const schema = properties[statement.name?.text]
    if (schema !== undefined) ts.forEachChild(statement, child => visit(child, schema))
  }
  return edits.sort(([a], [b]) => b - a).reduce((text, [from, to, comment]) => text.slice(0, from) + comment + text.slice(to), declarations)
}
