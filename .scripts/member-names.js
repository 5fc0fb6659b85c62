// Finds the members of the SDK's classes that the build may give shorter names: those that nothing outside the SDK's own code can know.
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import ts from 'typescript'

const libraries = dirname(createRequire(import.meta.url).resolve('typescript'))

/** Classes that an application has in its hands, and the one that they extend. */
const PUBLIC = ['WebRTCAdaptor', 'AdaptorError', 'Emitter']

const filesIn = (directory, pattern) => readdirSync(directory, { recursive: true }).filter(file => pattern.test(file)).map(file => join(directory, file))
const parse = (path, source) => ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true)

/** The words of a text that may be names: a whole one that is a name, and in a template, of which a name may be made, each. A sentence has none. */
function wordsIn (node) {
  if (ts.isStringLiteralLike(node)) return /^[A-Za-z_$][\w$]*$/.test(node.text) ? [node.text] : []
  return ts.isTemplateLiteralToken(node) && !/\s/.test(node.text.trim()) ? node.text.match(/[A-Za-z_$][\w$]*/g) ?? [] : []
}

/** All that is a name in a file, or may be one as a word of a text; what comments say does not count. */
function namesIn (file) {
  const names = []
  const visit = node => {
    if (ts.isIdentifier(node)) names.push(node.text)
    else names.push(...wordsIn(node))
    ts.forEachChild(node, visit)
  }
  visit(parse(file, readFileSync(file, 'utf8')))
  return names
}

/** Names that browsers have, in whatever object: an object of the SDK may be handed to one of them, or be mistaken for one here. */
function browserNames () {
  return filesIn(libraries, /^lib\.(dom|es[\d.a-z]+)\.d\.ts$/).flatMap(namesIn)
}

/** Whether the members of an interface are known to the SDK's own parts alone, by what is written above it. */
const isInternal = node => ts.isInterfaceDeclaration(node) && ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal')

/**
 * A name counts where it is declared by classes and by interfaces that are marked `@internal`, and by nothing else. As the member of
 * another type or a word in a text it may be one on the wire, in an option or in what an application is told, and so it may as the key of an
 * object that no such interface has.
 */
export function ownMemberNames (sources, taken = []) {
  const members = new Set()
  const internal = new Set()
  const keys = new Set()
  const others = new Set(taken)
  const visit = node => {
    const { name } = node
    if (name !== undefined && ts.isIdentifier(name)) {
      const { parent } = node
      const member = ts.isClassElement(node) && ts.isClassLike(parent)
      if (member && !PUBLIC.includes(parent.name?.text)) members.add(name.text)
      else if (ts.isTypeElement(node) && isInternal(parent)) internal.add(name.text)
      else if (ts.isObjectLiteralElement(node)) keys.add(name.text)
      else if (member || ts.isTypeElement(node)) others.add(name.text)
    }
    for (const word of wordsIn(node)) others.add(word)
    ts.forEachChild(node, visit)
  }
  for (const [path, source] of Object.entries(sources)) visit(parse(path, source))
  const own = [...[...members].filter(name => !keys.has(name)), ...internal]
  return [...new Set(own)].filter(name => !others.has(name)).sort()
}

/**
 * The names that are shortened in the SDK below `client`; `protocol` has the words on the wire. What is made for frameworks is no part of
 * it: its members are an element's or a hook's, and it uses the SDK as an application does.
 */
export function shortenedNames (client, protocol) {
  const sources = Object.fromEntries(filesIn(client, /^(?!frameworks\/).*\.ts$/).map(file => [file, readFileSync(file, 'utf8')]))
  const wire = filesIn(protocol, /\.ts$/).flatMap(namesIn)
  return ownMemberNames(sources, [...browserNames(), ...wire])
}
