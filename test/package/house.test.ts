import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { basename, join } from 'node:path'
import t from 'tap'
import { exportsOf, filesBelow, importsOf, linksOf, namedIn, ROOT, type Import } from '../helpers/imports.js'

// The floors of the house: what each part of lib/ may import, and that no part of it is out of the tests' sight.

interface Floor {
  /** Which parts it may import, itself included: a directory of lib/, or a file directly in it. */
  parts: string[]
  /** Of which it may import types alone. */
  types?: string[]
  /** Which packages and builtins it may import. */
  packages: RegExp
}

const PURE = 'node:(crypto|events)'
const FASTIFY = '(@fastify/.+|fastify|fastify-plugin)'

const FLOORS: Record<string, Floor> = {
  // Ground.
  protocol: { parts: ['protocol'], packages: /^typebox(\/.+)?$/ },
  'errors.ts': { parts: [], packages: /^@fastify\/error$/ },
  'events.ts': { parts: ['protocol'], packages: /^node:events$/ },
  config: { parts: ['config', 'protocol', 'errors.ts'], packages: /^(fastify|node:http|node:util\/types)$/ },
  // First floor: no socket, no Fastify.
  rooms: { parts: ['rooms', 'protocol', 'errors.ts', 'events.ts'], packages: new RegExp(`^${PURE}$`) },
  api: { parts: ['api', 'rooms', 'protocol', 'errors.ts', 'events.ts'], packages: /^fastify$/ },
  turn: { parts: ['turn', 'protocol'], packages: new RegExp(`^${PURE}$`) },
  cluster: { parts: ['cluster', 'rooms', 'protocol', 'errors.ts', 'events.ts'], types: ['config'], packages: new RegExp(`^${PURE}$`) },
  observe: { parts: ['observe', 'events.ts', 'protocol'], packages: /^node:(crypto|events|diagnostics_channel)$/ },
  // Second floor: the only place that knows ws and Fastify at work.
  transport: { parts: ['transport', 'rooms', 'turn', 'config', 'protocol', 'errors.ts', 'events.ts'], packages: new RegExp(`^(${FASTIFY}|ws|node:.+)$`) },
  'augment.ts': { parts: [], types: ['api'], packages: /^fastify$/ },
  // The roof.
  'index.ts': { parts: ['augment.ts', 'errors.ts', 'events.ts', 'config', 'protocol', 'rooms', 'api', 'transport', 'cluster', 'observe'], packages: new RegExp(`^${FASTIFY}$`) },
  // Beside the house.
  client: { parts: ['client'], types: ['protocol'], packages: /^react$/ },
  // The build puts what it imports into its one script.
  page: { parts: ['page'], packages: /^uqr$/ }
}

/** Those files that only say what they need of Fastify, and never run it, import its types alone. */
const FASTIFY_BY_TYPE = ['config', 'api', 'augment.ts']

const partOf = (file: string): string => file.split('/')[1] ?? ''
const within = (file: string, parts: string[] = []): boolean => parts.some(part => file === `lib/${part}` || file.startsWith(`lib/${part}/`))

/** What is wrong with an import, or null. */
function fault ({ from, to, internal, typeOnly }: Import): string | null {
  const floor = FLOORS[partOf(from)]
  if (floor === undefined) return `${from}: no floor is written down for it`
  if (!internal) {
    if (!floor.packages.test(to)) return `${from} must not import ${to}`
    if (to === 'fastify' && !typeOnly && (FASTIFY_BY_TYPE.includes(partOf(from)))) return `${from} must import ${to} by type only`
    if (to === 'react' && from !== 'lib/client/frameworks/react.ts') return `${from} must not import ${to}: the SDK needs no framework`
    if (to === 'ws' && !typeOnly) return `${from} must import ws by type only: the server is @fastify/websocket's`
    return null
  }
  if (within(to, floor.parts) || (typeOnly && within(to, floor.types))) return null
  return `${from} must not import ${to}${within(to, floor.types) ? ', but by type' : ''}`
}

/** A way from a file back to itself by its imports, those of types included, or null. */
function findCycle (imports: Import[]): string[] | null {
  const next = new Map<string, string[]>()
  for (const { from, to, internal } of imports) {
    if (internal) next.set(from, [...next.get(from) ?? [], to])
  }
  const done = new Set<string>()
  const search = (file: string, path: string[]): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return null
    for (const each of next.get(file) ?? []) {
      const cycle = search(each, [...path, file])
      if (cycle !== null) return cycle
    }
    done.add(file)
    return null
  }
  for (const file of next.keys()) {
    const cycle = search(file, [])
    if (cycle !== null) return cycle
  }
  return null
}

const isCode = (file: string): boolean => /\.[jt]s$/.test(file)
const lib = filesBelow('lib').filter(file => !/(?:tsconfig\.json|README\.md)$/.test(file))
const imports = lib.filter(isCode).flatMap(file => importsOf(file))

t.test('Every import in lib/ stays on its floor or goes down', async t => {
  t.ok(imports.length > 100, 'there are imports to look at')
  t.same(imports.map(fault).filter(found => found !== null), [])
})

t.test('Every import in lib/ that is a file is a file that exists', async t => {
  t.same(imports.filter(({ to, internal }) => internal && !lib.includes(to)), [])
})

t.test('No file in lib/ imports itself by way of others', async t => {
  t.equal(findCycle(imports), null)
})

t.test('The server writes its frames in protocol/notices.ts alone', async t => {
  const writing = lib.filter(file => isCode(file) && importsOf(file).some(({ to }) => to === 'lib/protocol/codec.ts'))
    .filter(file => /\bencode\(/.test(readFileSync(join(ROOT, file), 'utf8')))
  t.same(writing, ['lib/protocol/notices.ts'])
})

t.test('Only augment.ts declares anything for Fastify', async t => {
  const declaring = lib.filter(file => isCode(file) && !file.startsWith('lib/client/')).filter(file => /^\s*declare (module|global)/m.test(readFileSync(join(ROOT, file), 'utf8')))
  t.same(declaring, ['lib/augment.ts'])
})

t.test('Every import that goes up a floor is found', async t => {
  const upwards: Array<[string, string, string]> = [
    ['lib/protocol/codec.ts', "import { RoomRegistry } from '../rooms/room-registry.js'", 'lib/rooms/room-registry.ts'],
    ['lib/protocol/codec.ts', "import type { RoomRegistry } from '../rooms/room-registry.js'", 'lib/rooms/room-registry.ts'],
    ['lib/protocol/codec.ts', "import { randomUUID } from 'node:crypto'", 'node:crypto'],
    ['lib/rooms/room.ts', "import type { WebSocket } from 'ws'", 'ws'],
    ['lib/rooms/room.ts', "import type { FastifyInstance } from 'fastify'", 'fastify'],
    ['lib/rooms/room.ts', "import { connect } from 'node:net'", 'node:net'],
    ['lib/rooms/room.ts', "export { ConnectionRegistry } from '../transport/connection-registry.js'", 'lib/transport/connection-registry.ts'],
    ['lib/rooms/room.ts', "const registry = await import('../transport/connection-registry.js')", 'lib/transport/connection-registry.ts'],
    ['lib/rooms/room.ts', "let registry: import('../transport/connection-registry.js').ConnectionRegistry", 'lib/transport/connection-registry.ts'],
    ['lib/transport/connection-registry.ts', "import plugin from '../index.js'", 'lib/index.ts'],
    ['lib/transport/connection-registry.ts', "import plugin from 'fastify-webrtc-signalling'", 'lib/index.ts'],
    ['lib/transport/connection-registry.ts', "import { WebSocket } from 'ws'", 'ws'],
    ['lib/client/media/media.ts', "import { ERRORS } from '../../protocol/codes.js'", 'lib/protocol/codes.ts'],
    ['lib/client/media/media.ts', "import { type ERRORS } from '../../protocol/codes.js'", 'lib/protocol/codes.ts'],
    ['lib/client/media/media.ts', "import type { Room } from '../../rooms/room.js'", 'lib/rooms/room.ts'],
    ['lib/client/media/media.ts', "import Type from 'typebox'", 'typebox'],
    ['lib/client/media/media.ts', "import { useState } from 'react'", 'react'],
    ['lib/config/options.ts', "import Fastify from 'fastify'", 'fastify']
  ]
  for (const [from, source, to] of upwards) {
    const [found] = importsOf(from, source)
    t.equal(found?.to, to, source)
    t.ok(found !== undefined && fault(found) !== null, `${from}: ${source}`)
  }
  const [allowed] = importsOf('lib/client/media/media.ts', "import type { ERRORS } from '../../protocol/codes.js'")
  t.ok(allowed !== undefined && fault(allowed) === null, 'and what goes down is let be')
  const edge = (from: string, to: string, typeOnly = false): Import => ({ from, to, internal: true, typeOnly })
  t.same(findCycle([edge('z', 'a'), edge('a', 'b'), edge('b', 'c'), edge('c', 'a')]), ['a', 'b', 'c', 'a'])
  t.same(findCycle([edge('a', 'b'), edge('b', 'a', true)]), ['a', 'b', 'a'], 'types count')
  t.equal(findCycle([edge('a', 'b'), edge('a', 'c'), edge('b', 'c')]), null)
})

/** What each page is built from or loads, by what is in lib/. */
function behind (page: string): string[] {
  return linksOf(page)
    .map(link => link === 'js/webrtc_adaptor.js' ? 'lib/client/global.ts' : `lib/page/${link.replace(/^\.\//, '')}`)
    .filter(file => lib.includes(file))
}

/** Every file that is reached from the tests by imports, and by the pages and programs that they name. */
function reached (): Set<string> {
  const pages = [...lib, ...filesBelow('test/browser/pages')].filter(file => file.endsWith('.html'))
  const seen = new Set<string>()
  const queue = filesBelow('test').filter(isCode)
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (seen.has(file)) continue
    seen.add(file)
    if (file.endsWith('.html')) queue.push(...behind(file))
    if (!isCode(file)) continue
    queue.push(...importsOf(file).filter(({ internal, to }) => internal && !to.includes('node_modules')).map(({ to }) => to))
    if (file.startsWith('test/')) queue.push(...namedIn(file, pages))
  }
  return seen
}

t.test('Every file in lib/ is reached by a test', async t => {
  const seen = reached()
  t.same(lib.filter(file => !seen.has(file)), [])
})

/** No file may be longer, nor the median of all longer than that, in lines. */
const LONGEST = 250
const MEDIAN = 80

t.test('No file in lib/ is long, and most are short', async t => {
  const lines = lib.filter(isCode).map(file => [file, readFileSync(join(ROOT, file), 'utf8').split('\n').length - 1] as const)
  t.same(lines.filter(([, count]) => count > LONGEST), [])
  const sorted = lines.map(([, count]) => count).sort((a, b) => a - b)
  t.ok((sorted[sorted.length >> 1] ?? 0) <= MEDIAN, `the median is ${sorted[sorted.length >> 1]}`)
})

t.test('No two files in lib/ have the same name on the server and in the SDK', async t => {
  const named = (files: string[]): string[] => files.filter(isCode).map(file => basename(file))
  const server = named(lib.filter(file => !file.startsWith('lib/client/') && !file.startsWith('lib/page/')))
  t.same(named(lib.filter(file => file.startsWith('lib/client/'))).filter(name => server.includes(name)), [])
})

t.test('No two files of lib/ export a type, function or constant of the same name', async t => {
  const files = new Map<string, string[]>()
  const exports = lib.filter(isCode).flatMap(file => exportsOf(file).map(name => [name, file] as const))
  t.ok(exports.length > 200, 'there are exports to look at')
  for (const [name, file] of exports) files.set(name, [...files.get(name) ?? [], file])
  t.same([...files].filter(([, places]) => places.length > 1), [])
})

t.test('Every builtin that lib/ imports says that it is one', async t => {
  t.same(imports.filter(({ to, internal }) => !internal && builtinModules.includes(to)), [])
})
