import type { TObject, TSchema } from 'typebox'
import * as errors from '../../lib/errors.js'
import {
  DrainSchema, HeartbeatSchema, LimitsSchema, OptionsSchema, ResumeSchema, TurnSchema
} from '../../lib/options.js'
import { ClientMessageSchemas } from '../../lib/protocol/client-messages.js'
import { CLOSE_CODES, ERRORS } from '../../lib/protocol/codes.js'
import { ServerMessageSchemas } from '../../lib/protocol/server-messages.js'

// The README's tables, made from the code. `UPDATE_README=1 npx tap test/readme.test.ts` writes them.

type Described = TSchema & { default?: unknown, description?: string, maximum?: number }

const groups: Record<string, TObject> = {
  limits: LimitsSchema, heartbeat: HeartbeatSchema, resume: ResumeSchema, drain: DrainSchema, turn: TurnSchema
}

function table (head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map(row => `| ${row.join(' | ')} |`).join('\n')
}

function optionRow (name: string, schema: Described): string[] {
  const value = schema.default === undefined ? '' : `\`${JSON.stringify(schema.default).replaceAll('"', "'")}\``
  return [`\`${name}\``, value, schema.description ?? '']
}

function options (): string {
  const rows: string[][] = []
  for (const [name, schema] of Object.entries(OptionsSchema.properties) as Array<[string, Described]>) {
    const group = groups[name]
    if (group === undefined) {
      rows.push(optionRow(name, schema))
      continue
    }
    rows.push([`\`${name}\``, '', schema.description ?? ''])
    for (const [key, leaf] of Object.entries(group.properties) as Array<[string, Described]>) rows.push(optionRow(`${name}.${key}`, leaf))
  }
  return table(['option', 'default', 'meaning'], rows)
}

function fields (schema: TObject): string {
  const required = new Set<string>(schema.required ?? [])
  return Object.keys(schema.properties)
    .filter(name => name !== 'command')
    .map(name => required.has(name) ? `\`${name}\`` : `\`${name}\`?`)
    .join(', ')
}

function clientMessages (): string {
  return table(['`command`', 'fields', 'effect'], Object.entries(ClientMessageSchemas)
    .map(([command, schema]) => [`\`${command}\``, fields(schema), (schema as Described).description ?? '']))
}

function serverMessages (): string {
  return table(['`command`', 'fields', 'when'], (Object.entries(ServerMessageSchemas) as Array<[string, TObject]>).map(([name, schema]) => {
    const command = String((schema.properties.command as { const?: string } | undefined)?.const ?? name)
    const definition = (schema.properties.definition as { const?: string } | undefined)?.const
    const label = command === 'notification' ? `\`notification\` ${definition === undefined ? 'of your own' : `\`${definition}\``}` : `\`${command}\``
    return [label, fields(schema).replace(command === 'notification' && definition !== undefined ? '`definition`, ' : '\0', ''), (schema as Described).description ?? '']
  }))
}

function startUpAndHttpErrors (): string {
  return table(['code', 'HTTP', 'message'], Object.values(errors).map(ErrorClass => {
    const { code, statusCode, message } = new ErrorClass()
    return [`\`${code}\``, statusCode === 500 ? '' : String(statusCode), message]
  }))
}

/** Each table under the name that its markers in the README bear. */
export const tables: Record<string, () => string> = {
  options,
  'client messages': clientMessages,
  'server messages': serverMessages,
  'wire errors': () => table(['`definition`', 'meaning'], Object.entries(ERRORS).map(([name, meaning]) => [`\`${name}\``, meaning])),
  'close codes': () => table(['code', 'meaning'], Object.values(CLOSE_CODES).map(({ code, meaning }) => [String(code), meaning])),
  errors: startUpAndHttpErrors
}
