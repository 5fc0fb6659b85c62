import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { complaints } from '../helpers/compile.js'
import { ROOT } from '../helpers/imports.js'

// What somebody sees who writes against the built declarations.

const SDK = join(ROOT, 'dist/client/webrtc_adaptor.d.ts')

/** The properties of a type that say nothing at the cursor, those of plain objects within included. */
function silent (file: string, name: string): { silent: string[], seen: string[] } {
  const program = ts.createProgram([file], { strict: true, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')] })
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(file)
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source)
  const symbol = module === undefined ? undefined : checker.getExportsOfModule(module).find(each => each.name === name)
  if (symbol === undefined) throw new Error(`${name} is not exported by ${file}`)
  const found = { silent: [] as string[], seen: [] as string[] }
  const visit = (type: ts.Type, path: string): void => {
    for (const each of type.isUnion() ? type.types : [type]) {
      if (each.getCallSignatures().length > 0 || (each.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) === 0) continue
      for (const property of each.getProperties()) {
        const declarations = property.declarations ?? []
        // Lists, regular expressions and elements explain themselves elsewhere.
        if (declarations.length === 0 || declarations.some(({ parent }) => /node_modules/.test(parent.getSourceFile().fileName))) continue
        found.seen.push(path + property.name)
        if (property.getDocumentationComment(checker).length === 0) found.silent.push(path + property.name)
        visit(checker.getTypeOfSymbol(property), `${path}${property.name}.`)
      }
    }
  }
  visit(checker.getDeclaredTypeOfSymbol(symbol), '')
  return found
}

t.test('Every option of the plugin says at the cursor what it is, those within others included', async t => {
  const options = silent(join(ROOT, 'dist/index.d.ts'), 'WebrtcSignallingOptions')
  t.same(options.silent, [])
  for (const name of ['limits.frameBytes', 'heartbeat.interval', 'resume.window', 'drain.grace', 'turn.urls', 'turn.ttl', 'preHandler', 'iceServers']) {
    t.ok(options.seen.includes(name), name)
  }
})

t.test('Every option and callback of the SDK says at the cursor what it is', async t => {
  t.same(silent(SDK, 'WebRTCAdaptorOptions').silent, [])
})

t.test('The types of the SDK stand alone, where no package is, and name and notification narrow what comes with them', async t => {
  t.same(ts.preProcessFile(readFileSync(SDK, 'utf8')).importedFiles, [])
  const dir = t.testdir({})
  // The directory that the test runner makes is below node_modules of this repository, where packages would be found.
  const alone = join(dir, 'alone')
  mkdirSync(alone)
  writeFileSync(join(alone, 'webrtc_adaptor.d.ts'), readFileSync(SDK))
  writeFileSync(join(alone, 'tsconfig.json'), JSON.stringify({ compilerOptions: { strict: true, skipLibCheck: false, types: [], module: 'preserve', target: 'es2022', lib: ['es2022', 'dom'] } }))
  writeFileSync(join(alone, 'page.ts'), `
    import { WebRTCAdaptor, type AppNotification } from './webrtc_adaptor.js'
    declare module './webrtc_adaptor.js' { interface CallbackEvents { countdown: AppNotification & { data: { minutes: number } } } }
    const adaptor = new WebRTCAdaptor({
      callback (info, obj) {
        if (info === 'joined') obj.streamId.length
        if (info === 'countdown') obj.data.minutes.toFixed()
        // @ts-expect-error not before it is known which
        obj.streamId
      }
    })
    adaptor.on('countdown', ({ data }) => data.minutes.toFixed())
    export async function call (signal: AbortSignal): Promise<void> {
      await using ours = new WebRTCAdaptor()
      await ours.join('room1', { signal })
    }
  `)
  t.same(complaints([join(alone, 'page.ts'), join(alone, 'webrtc_adaptor.d.ts')], join(alone, 'tsconfig.json')), [])
})
