import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import t from 'tap'
import { freePort, startRedis } from '../helpers/redis.js'
import { SignallingClient } from '../helpers/signalling-client.js'

// example/cluster/cores.js: servers that share one port by node:cluster, and their rooms by Redis.

const PROGRAM = fileURLToPath(new URL('../../example/cluster/cores.js', import.meta.url))

t.test('two servers on one port, two people in one room on both; a restart of one after the other, and an end without a trace', async t => {
  const { port, stop } = await startRedis()
  t.teardown(stop)
  const redis = new Redis({ port, host: '127.0.0.1' })
  t.teardown(() => redis.disconnect())
  const directory = await mkdtemp(join(tmpdir(), 'cores-'))
  t.teardown(async () => rm(directory, { recursive: true }))
  // Without what tap has its own processes load.
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_OPTIONS: '', PORT: String(await freePort()), REDIS: `redis://127.0.0.1:${port}`, SERVERS: '2' }
  const child = fork(PROGRAM, { env, cwd: directory, execArgv: [], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  t.teardown(() => child.kill('SIGKILL'))
  const lines = createInterface(child.stdout as NodeJS.ReadableStream)
  const nextLine = async (): Promise<string> => await Promise.race([
    once(lines, 'line').then(([line]) => String(line)),
    once(child, 'exit').then(() => { throw new Error('It has ended.') })
  ])
  /** All of its processes stand where it was started. */
  const processes = async (): Promise<number> => {
    const directories = await Promise.all((await readdir('/proc')).map(async pid => readlink(`/proc/${pid}/cwd`).catch(() => '')))
    return directories.filter(each => each === directory).length
  }
  const seats = async (): Promise<string[]> => {
    const fields = Object.entries(await redis.hgetall('webrtc-signalling:{WebRTCApp4/room}'))
    return fields.flatMap(([field, value]) => field.startsWith('s:') ? (JSON.parse(value) as { server: string }).server : [])
  }
  const address = (await nextLine()).replace(/^Open (.*)\/peer\.html .*$/, '$1')
  t.equal(await processes(), 3)
  const meet = async (): Promise<string[]> => {
    const [one, two] = [await SignallingClient.connect(t, address), await SignallingClient.connect(t, address)]
    await one.join('room')
    await two.join('room')
    await one.hears('start')
    const sitsOn = await seats()
    t.equal(new Set(sitsOn).size, 2, 'on two servers')
    two.send({ command: 'peerMessageCommand', streamId: 'room', definition: 'chat', data: 'hello' })
    t.match(await one.hears('peerMessageCommand'), { data: 'hello' })
    return sitsOn
  }
  const before = await meet()
  child.kill('SIGUSR2')
  t.equal(await nextLine(), 'All servers were restarted.')
  const after = await meet()
  t.notOk(after.some(server => before.includes(server)), 'both are new')
  child.kill('SIGTERM')
  t.same(await once(child, 'exit'), [0, null])
  t.equal(await processes(), 0)
  await t.rejects(SignallingClient.connect(t, address))
})
