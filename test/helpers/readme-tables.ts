import { readFileSync } from 'node:fs'
import type { TObject, TSchema } from 'typebox'
import ts from 'typescript'
import { FINDINGS } from '../../lib/client/extras/check/findings.js'
import * as errors from '../../lib/errors.js'
import {
  ClusterSchema, DrainSchema, HeartbeatSchema, LimitsSchema, OptionsSchema, ResumeSchema, TurnSchema
} from '../../lib/config/options.js'
import { ClientMessageSchemas } from '../../lib/protocol/client-messages.js'
import { CLOSE_CODES, ERRORS } from '../../lib/protocol/codes.js'
import { ServerMessageSchemas } from '../../lib/protocol/server-messages.js'

// The tables of the README and of the guides, made from the code. `UPDATE_README=1 npx tap test/docs/readme.test.ts` writes them.

type Described = TSchema & { default?: unknown, description?: string, unit?: string }

const groups: Record<string, TObject> = {
  limits: LimitsSchema, heartbeat: HeartbeatSchema, resume: ResumeSchema, drain: DrainSchema, turn: TurnSchema, cluster: ClusterSchema
}

function table (head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map(row => `| ${row.join(' | ')} |`).join('\n')
}

function optionRow (name: string, schema: Described): string[] {
  const value = schema.default === undefined ? '' : `\`${JSON.stringify(schema.default).replaceAll('"', "'")}\`${schema.unit === undefined ? '' : ` ${schema.unit}`}`
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

/** The docstrings of an interface's or class's public members: the SDK has no schema to ask, but its types say the same. */
function members (file: string, name: string): string[][] {
  const source = ts.createSourceFile(file, readFileSync(new URL(`../../lib/client/${file}`, import.meta.url), 'utf8'), ts.ScriptTarget.Latest, true)
  const rows: string[][] = []
  for (const statement of source.statements) {
    if (!(ts.isInterfaceDeclaration(statement) || ts.isClassDeclaration(statement)) || statement.name?.text !== name) continue
    for (const member of statement.members) {
      if (member.name === undefined || !ts.isIdentifier(member.name)) continue
      const doc = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc)[0]
      const text = ts.getTextOfJSDocComment(doc?.comment)?.replace(/\s+/g, ' ').replaceAll('|', '\\|') ?? ''
      const value = doc?.tags?.find(tag => tag.tagName.text === 'default')?.comment
      const parameters = ts.isMethodDeclaration(member) || ts.isMethodSignature(member)
        ? `(${member.parameters.filter(({ name }) => name.getText() !== 'environment').map(parameter => parameter.name.getText() + (parameter.questionToken || parameter.initializer ? '?' : '')).join(', ')})`
        : ''
      const owner = ts.canHaveModifiers(member) && ts.getModifiers(member)?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword) === true ? `${name}.` : ''
      rows.push([`\`${owner}${member.name.text}${parameters}\``, value === undefined ? '' : `\`${ts.getTextOfJSDocComment(value) ?? ''}\``, text])
    }
  }
  return rows
}

function adaptorErrors (): string {
  const source = readFileSync(new URL('../../lib/client/base/client-errors.ts', import.meta.url), 'utf8')
  const body = /export type AdaptorErrorName =\n([\s\S]*?)\n\n/.exec(source)?.[1] ?? ''
  return table(['error', 'meaning'], [...body.matchAll(/\/\*\* (.*?) \*\/\n\s*\| (.*)/g)]
    .map(([, meaning = '', names = '']) => [names.replaceAll("'", '`').replaceAll(' | ', ', '), meaning]))
}

function methods (rows: string[][]): string {
  return table(['method', 'what it does'], rows.filter(([name = '', , text]) => name.includes('(') && text !== '').map(([name = '', , text = '']) => [name, text]))
}

type Tables = Record<string, () => string>

/** The README's tables, each under the name that its markers bear. */
const readme: Tables = {
  'sdk methods': () => methods(members('webrtc-adaptor.ts', 'WebRTCAdaptor')),
  options,
  'client messages': clientMessages,
  'server messages': serverMessages,
  'wire errors': () => table(['`definition`', 'meaning'], Object.entries(ERRORS).map(([name, meaning]) => [`\`${name}\``, meaning])),
  'close codes': () => table(['code', 'seat can be resumed', 'meaning'], Object.values(CLOSE_CODES)
    .map(({ code, resumable, meaning }) => [String(code), resumable ? 'yes' : 'no', meaning])),
  errors: startUpAndHttpErrors
}

/** The tables of the SDK's reference. */
const sdk: Tables = {
  'sdk parts': () => methods(members('extras/extra-methods.ts', 'ExtraMethods')),
  'sdk options': () => table(['option', 'default', 'meaning'], members('base/client-options.ts', 'WebRTCAdaptorOptions')),
  'sdk callbacks': () => table(['`callback(info, obj)`', 'when'], [...members('base/client-events.ts', 'CallbackEvents'), ...members('base/client-events.ts', 'AdaptorEvents')].map(([name = '', , text = '']) => [name, text])),
  'sdk errors': adaptorErrors
}

const CHECK_TYPES = 'extras/check/check-types.ts'

/** The names of a check's steps, each with the comment before it. */
function checkSteps (): string {
  const source = readFileSync(new URL(`../../lib/client/${CHECK_TYPES}`, import.meta.url), 'utf8')
  const body = /export type CheckStepName =\n([\s\S]*?)\n\n/.exec(source)?.[1] ?? ''
  return table(['step', 'passed'], [...body.matchAll(/\/\*\* (.*?) \*\/\n\s*\| '(.*)'/g)].map(([, meaning = '', name = '']) => [`\`${name}\``, meaning]))
}

/** The tables of the guide to the check before a call. */
const check: Tables = {
  'check options': () => table(['option', 'default', 'meaning'], members(CHECK_TYPES, 'CheckOptions')),
  'check steps': checkSteps,
  'check fields': () => table(['field', 'meaning'], members(CHECK_TYPES, 'CheckStep').map(([name = '', , text = '']) => [name, text])),
  'check codes': () => table(['code', 'reason', 'remedy'], Object.entries(FINDINGS).map(([code, { reason, remedy }]) => [`\`${code}\``, reason, remedy]))
}

/** Each page whose tables are made from the code, by its path. */
export const pages: Record<string, Tables> = { 'README.md': readme, 'example/sdk/README.md': sdk, 'example/check/README.md': check }
