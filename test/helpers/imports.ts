import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** One import, re-export, `import()` or `import('…')` type. */
export interface Import {
  /** The file that imports, from the root of the repository, with `/`. */
  from: string
  /** What it imports: a file from the root of the repository, or a package or builtin as it is written. */
  to: string
  internal: boolean
  /** Whether nothing of it is left at run time. */
  typeOnly: boolean
}

/** Every file below a directory, from the root of the repository. */
export function filesBelow (directory: string): string[] {
  return readdirSync(join(ROOT, directory), { recursive: true, encoding: 'utf8' })
    // The benchmark and the mutants have packages of their own, which are nobody's sources.
    .filter(name => !name.split(sep).includes('node_modules'))
    .map(name => join(directory, name).split(sep).join('/'))
    .filter(name => statSync(join(ROOT, name)).isFile())
}

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

/** The imports of a TypeScript or JavaScript file. */
export function importsOf (from: string, source = read(from)): Import[] {
  const found: Import[] = []
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier !== undefined && ts.isStringLiteral(specifier)) found.push({ from, ...target(from, specifier.text), typeOnly })
  }
  const visit = (node: ts.Node): void => {
    // `import { type A }` leaves an import of the module behind (verbatimModuleSyntax), so only `import type` counts as one.
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword)
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0], false)
    ts.forEachChild(node, visit)
  }
  visit(parse(from, source))
  return found
}

/** The names of the types, classes, functions and constants that a file declares and exports; each once, in whatever ways it is declared. */
export function exportsOf (file: string, source = read(file)): string[] {
  const names = new Set<string>()
  for (const statement of parse(file, source).statements) {
    if (!ts.canHaveModifiers(statement) || !ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue
    const declared = ts.isVariableStatement(statement) ? statement.declarationList.declarations : [statement as ts.DeclarationStatement]
    for (const { name } of declared) if (name !== undefined && ts.isIdentifier(name)) names.add(name.text)
  }
  return [...names]
}

/** The files below `candidates` that a file names in a string, by their own name: pages and programs are reached like that. */
export function namedIn (file: string, candidates: readonly string[]): string[] {
  const texts: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) texts.push(node.text)
    ts.forEachChild(node, visit)
  }
  visit(parse(file, read(file)))
  return candidates.filter(candidate => texts.some(text => text.split(/[/?#\s]/).includes(basename(candidate))))
}

/** What a page loads, as it is written. */
export function linksOf (page: string): string[] {
  return [...read(page).matchAll(/\s(?:src|href)="([^"#?]+)"/g)].map(([, link = '']) => link)
}

function parse (file: string, source: string): ts.SourceFile {
  return ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true, extname(file) === '.ts' ? ts.ScriptKind.TS : ts.ScriptKind.JS)
}

const OURSELVES: Record<string, string> = {
  'fastify-webrtc-signalling': 'lib/index.ts',
  'fastify-webrtc-signalling/client': 'lib/client/webrtc-adaptor.ts'
}

function target (from: string, specifier: string): { to: string, internal: boolean } {
  if (!specifier.startsWith('.')) {
    const own = OURSELVES[specifier]
    return { to: own ?? specifier, internal: own !== undefined }
  }
  const written = relative(ROOT, resolve(ROOT, dirname(from), specifier)).split(sep).join('/')
  const source = written.replace(/\.js$/, '.ts').replace(/\.mjs$/, '.mts')
  return { to: existsSync(join(ROOT, source)) ? source : written, internal: true }
}
