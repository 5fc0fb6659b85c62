import { execFile } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { packed } from '../helpers/packed.js'

// What it costs to import the package, beside what Fastify costs in the same process: this machine may be slow or busy, but for both.

const run = promisify(execFile)
const project = await packed(t)

/** The most that it may be, of Fastify's: 0.6 where it was measured, and 0.85 while each module was a file of its own. */
const MAX = 0.75

t.test('To import the plugin costs three quarters of the CPU that it costs to import Fastify, at the most', async t => {
  const file = join(project.directory, 'cost.mjs')
  await writeFile(file, `
    const cost = async name => {
      const before = process.cpuUsage()
      await import(name)
      const { user, system } = process.cpuUsage(before)
      return user + system
    }
    const fastify = await cost('fastify')
    console.log(await cost('fastify-webrtc-signalling') / fastify)
  `)
  const ratios: number[] = []
  for (let i = 0; i < 7; i++) {
    // Through `env`, since what tap adds to the options of every Node would be measured as well.
    const { stdout } = await run('env', ['-u', 'NODE_OPTIONS', process.execPath, file], { timeout: 30_000 })
    ratios.push(Number(stdout))
  }
  const median = ratios.sort((a, b) => a - b)[3] ?? NaN
  t.ok(median < MAX, `${ratios.map(ratio => ratio.toFixed(2)).join(' ')} of Fastify's`)
})

t.test('To import the plugin loads less than a hundred files of other packages, and none that only serves files', async t => {
  const loaded = JSON.parse(await project.node('files.mjs', `
    import { createRequire } from 'node:module'
    const { cache } = createRequire(import.meta.url)
    await import('fastify')
    const before = new Set(Object.keys(cache))
    await import('fastify-webrtc-signalling')
    console.log(JSON.stringify(Object.keys(cache).filter(file => !before.has(file))))
  `)) as string[]
  t.ok(loaded.some(file => /@fastify.websocket/.test(file)), 'and those are seen')
  t.ok(loaded.length < 100, `${loaded.length} files`)
  t.same(loaded.filter(file => /@fastify.(static|send)/.test(file)), [])
})

t.test('What is exported as a schema is one to the typebox of an application', async t => {
  t.same(JSON.parse(await project.node('schema.mjs', `
    import { JoinSchema } from 'fastify-webrtc-signalling'
    import Value from 'typebox/value'
    import Type from 'typebox'
    const Both = Type.Union([JoinSchema, Type.Null()])
    console.log(JSON.stringify([{ command: 'join', streamId: 'room' }, { command: 'join' }, null].map(value => Value.Check(Both, value))))
  `)), [true, false, true])
})

t.test('Nothing of typebox is loaded at run time but what the build has put into the package', async t => {
  await rm(join(project.directory, 'node_modules/typebox'))
  t.equal(await project.node('without.mjs', `
    import Fastify from 'fastify'
    import plugin, { JoinSchema } from 'fastify-webrtc-signalling'
    const app = Fastify()
    const bad = await app.register(plugin, { limits: { frameBytes: 1 } }).then(() => 'taken', error => error.message)
    console.log(JoinSchema.properties.command.const, bad)
    await import('typebox').catch(error => console.log(error.code))
  `), "join fastify-webrtc-signalling: option 'limits.frameBytes' must be >= 1024\nERR_MODULE_NOT_FOUND")
})
