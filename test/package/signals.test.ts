import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { ROOT } from '../helpers/imports.js'
import { SignallingClient } from '../helpers/signalling-client.js'

// Who runs an example ends it by a signal, to npm, to the program, or to both at once: in each case its clients are told before it ends.

interface Started {
  /** `http://localhost:…` */
  origin: string
  /** The process that was started, and its group. */
  outer: number
  /** The process that listens. */
  program: number
  /** Waits for this line, be it that it has come already, so many times. */
  says: (line: string, times?: number) => Promise<void>
  /** How the process that was started ended, once everything that it had started has ended as well. */
  ended: Promise<{ code: number | null, signal: NodeJS.Signals | null, complaint: string }>
}

/**
 * In npm and in the program, before anything of them runs: says which process it is, which signals reach it, and which it hands on.
 * No listener is added, since Node would end at a signal without one.
 */
const WITNESS = `data:text/javascript,${encodeURIComponent(`
  import { ChildProcess } from 'node:child_process'
  import { writeSync } from 'node:fs'
  const say = text => writeSync(1, text + '\\n')
  say('process ' + process.pid)
  const { emit } = process
  process.emit = function (name, ...args) {
    if (name === 'SIGINT' || name === 'SIGTERM') say(process.pid + ' gets ' + name)
    return emit.call(this, name, ...args)
  }
  const { kill } = ChildProcess.prototype
  ChildProcess.prototype.kill = function (name) {
    const done = kill.call(this, name)
    say(process.pid + ' hands on ' + name)
    return done
  }
`)}`

/** Runs a program in a process group of its own, as a terminal does, until the test ends. */
async function run (t: Test, command: string, args: string[]): Promise<Started> {
  // npm says under which script a program runs, which these tests may be themselves.
  const env: NodeJS.ProcessEnv = { ...process.env, PORT: '0', NODE_OPTIONS: `--import=${WITNESS}` }
  for (const name of Object.keys(env)) if (name.startsWith('npm_')) env[name] = undefined
  const child = spawn(command, args, { cwd: ROOT, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const outer = child.pid ?? 0
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', chunk => { complaint += String(chunk) })
  // Not only 'exit': whatever it has started writes to the same pipes, so they end when the last of them has.
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, complaint }))
  let over = false
  void ended.then(() => { over = true })
  t.teardown(async () => {
    if (!over) process.kill(-outer, 'SIGKILL')
    await ended
  })
  const said: string[] = []
  const lines = new EventEmitter()
  createInterface({ input: child.stdout }).on('line', line => {
    said.push(line)
    lines.emit('line')
  })
  const find = async <T> (look: () => T | undefined): Promise<T> => {
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      await Promise.race([once(lines, 'line'), ended.then(() => { throw new Error(`It has ended: ${complaint}`) })])
    }
  }
  const origin = await find(() => /http:\/\/localhost:\d+/.exec(said.join('\n'))?.[0])
  // npm is a program of Node as well: the last one that says its name is the one that listens.
  const program = Number(said.findLast(line => line.startsWith('process '))?.split(' ')[1])
  return {
    origin,
    outer,
    program,
    ended,
    says: async (line, times = 1) => { await find(() => said.filter(each => each === line).length >= times || undefined) }
  }
}

type Headers = Record<string, string>

/** What an example wants to see of somebody: nothing, or the cookie that it gives at an address of its own. */
const entries: Record<string, (origin: string, name: string) => Promise<Headers>> = {
  basic: async () => ({}),
  'rate-limit': async () => ({}),
  jwt: async (origin, name) => await cookieOf(`${origin}/invitation/room1/${name}`),
  session: async (origin, name) => await cookieOf(`${origin}/login/${name}`)
}

async function cookieOf (url: string): Promise<Headers> {
  const [cookie = ''] = (await fetch(url, { redirect: 'manual' })).headers.getSetCookie()
  // A browser sends its page's origin along.
  return { cookie: cookie.split(';')[0] ?? '', origin: new URL(url).origin }
}

/** Two clients that sit in a room of an example. */
async function pairIn (t: Test, { origin }: Started, name = 'basic'): Promise<[SignallingClient, SignallingClient]> {
  const enter = async (who: string): Promise<SignallingClient> =>
    await SignallingClient.connect(t, `${origin.replace('http', 'ws')}/WebRTCApp4`, { headers: await entries[name]?.(origin, who) })
  const [ann, ben] = [await enter('ann'), await enter('ben')]
  await ann.join('room1')
  await ben.join('room1')
  await ann.hears('start')
  return [ann, ben]
}

// What is built is built once: the script before `start` would do it again at each.
const npmStart = (t: Test): Promise<Started> => run(t, 'npm', ['start', '--ignore-scripts', '--silent'])
const example = (name: string) => (t: Test): Promise<Started> => run(t, process.execPath, [`example/${name}/server.js`])

/** Whom a signal goes to. */
type Target = (started: Started) => number
const outer: Target = ({ outer }) => outer
const program: Target = ({ program }) => program

async function isGone (t: Test, { program, outer }: Started): Promise<void> {
  t.throws(() => process.kill(program, 0), { code: 'ESRCH' }, 'the program is gone')
  t.throws(() => process.kill(-outer, 0), { code: 'ESRCH' }, 'and all that belongs to it')
}

const ways: Array<[string, (t: Test) => Promise<Started>, Target, string?]> = [
  ['npm, which was told to start the example', npmStart, outer],
  ['the program that npm has started', npmStart, program],
  ...Object.keys(entries).map((name): [string, (t: Test) => Promise<Started>, Target, string] => [`the ${name} example`, example(name), program, name])
]

for (const [whom, start, target, name] of ways) {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    t.test(`${signal} to ${whom}: both clients of a call hear that the server stops, are closed with 1001, and every process ends`, async t => {
      const started = await start(t)
      const clients = await pairIn(t, started, name)
      process.kill(target(started), signal)
      for (const client of clients) {
        t.match(await client.hears('server_will_stop'), { retryAfter: Number })
        t.equal((await client.closed).code, 1001)
      }
      t.match(await started.ended, { code: 0, complaint: '' }, 'and it ends in its own time')
      await isGone(t, started)
    })
  }
}

/** What Ctrl-C is to a program under npm, one by one: the system makes one of two signals that wait for the same process. */
async function signalTwice ({ program, outer, says }: Started, signal: NodeJS.Signals): Promise<void> {
  process.kill(program, signal)
  await says(`${program} gets ${signal}`)
  process.kill(outer, signal)
  await says(`${program} gets ${signal}`, 2)
}

/** The same as it comes from a terminal, where the program gets one signal or two. */
async function signalGroup ({ outer, says }: Started, signal: NodeJS.Signals): Promise<void> {
  process.kill(-outer, signal)
  await says(`${outer} hands on ${signal}`)
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  for (const [how, send] of [['as a terminal sends it at Ctrl-C', signalGroup], ['one after the other', signalTwice]] as const) {
    t.test(`${signal} to npm and its program, ${how}, and handed on by npm: one who is slow to go is waited for`, async t => {
      const started = await npmStart(t)
      const [ann, ben] = await pairIn(t, started)
      ben.socket.pause()
      await send(started, signal)
      await ann.closed
      ben.socket.resume()
      t.match(await ben.hears('server_will_stop'), { retryAfter: Number })
      t.equal((await ben.closed).code, 1001)
      t.match(await started.ended, { code: 0, complaint: '' })
      await isGone(t, started)
    })
  }
}

t.test('A second Ctrl-C under npm ends everything at once, be there one who is slow to go', async t => {
  const started = await npmStart(t)
  const [ann, ben] = await pairIn(t, started)
  ben.socket.pause()
  await signalTwice(started, 'SIGINT')
  await ann.closed
  process.kill(-started.outer, 'SIGINT')
  t.match(await started.ended, { code: 1, complaint: /SIGINT again, ending at once/ })
  await isGone(t, started)
})

t.test('A second Ctrl-C without npm ends the program at once, be there one who is slow to go', async t => {
  const started = await example('basic')(t)
  const [ann, ben] = await pairIn(t, started)
  ben.socket.pause()
  process.kill(started.program, 'SIGINT')
  await ann.closed
  process.kill(started.program, 'SIGINT')
  t.match(await started.ended, { code: 1, complaint: /SIGINT again, ending at once/ })
  await isGone(t, started)
})
