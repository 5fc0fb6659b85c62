// Turns the SDK's private members into short ordinary ones in what is built. The oldest browsers that it supports know no `#name`, and a
// WeakMap for each of them, which esbuild would make, costs a fifth of the script and an access to a map at every use.
import { readFileSync } from 'node:fs'
import ts from 'typescript'

/** What a class may extend: the one level of inheritance that two shapes of names are enough for. */
const BASES = ['Emitter', 'Error', 'ElementBase']

/** A, B … Z, then A1, B1 …: more than any class has. */
const NAMES = ['', '1', '2', '3'].flatMap(end => [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].map(letter => letter + end))

/** What no other member may be called. */
export const RESERVED_NAMES = NAMES.flatMap(name => [name, `$${name}`])

/**
 * The prefix of a class's names. A class that others extend has its own, so that the names of both never meet in one object. All the others
 * share one: the same names again and again are what compresses best.
 */
function prefixOf (path, node) {
  const base = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)?.types[0].expression.getText()
  if (base !== undefined && !BASES.includes(base)) throw new Error(`${path}: a class extends ${base}`)
  return BASES.includes(node.name?.text) ? '$' : ''
}

/**
 * The source with each `#name` replaced, and without the fields that are only declared: the constructor sets them, and until then they are
 * undefined either way. Throws at what cannot be replaced like that.
 */
export function shortenPrivateNames (path, source) {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true)
  const edits = []
  const visit = (node, scopes) => {
    if (ts.isClassLike(node)) {
      const declared = node.members.map(({ name }) => name).filter(name => name !== undefined && ts.isPrivateIdentifier(name)).map(({ text }) => text)
      const prefix = prefixOf(path, node)
      scopes = [new Map([...new Set(declared)].map((name, index) => [name, prefix + NAMES[index]])), ...scopes]
    } else if (ts.isPrivateIdentifier(node)) {
      const name = scopes.find(names => names.has(node.text))?.get(node.text)
      // `#name in object` asks for more than an ordinary name can tell.
      if (name === undefined || ts.isBinaryExpression(node.parent)) throw new Error(`${path}: ${node.text} cannot be shortened`)
      edits.push({ start: node.getStart(file), end: node.end, name })
    }
    if (ts.isPropertyDeclaration(node) && node.initializer === undefined) {
      edits.push({ start: node.getStart(file), end: node.end, name: '' })
      return
    }
    // Chromium before 91 takes no spread there, even behind an object that is there.
    if (ts.isCallChain(node) && node.arguments.some(ts.isSpreadElement)) throw new Error(`${path}: a spread behind ?. fails in Chromium 87 to 90`)
    ts.forEachChild(node, child => visit(child, scopes))
  }
  visit(file, [])
  for (const { start, end, name } of edits.sort((a, b) => b.start - a.start)) source = source.slice(0, start) + name + source.slice(end)
  return source
}

/** For esbuild. */
export const shortPrivateNames = {
  name: 'short private names',
  setup (build) {
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => ({ contents: shortenPrivateNames(path, readFileSync(path, 'utf8')), loader: 'ts' }))
  }
}
