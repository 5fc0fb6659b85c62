import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import type { WebrtcSignallingOptions } from '../../lib/index.js'
import { COMPILED_AS_LOADED } from '../helpers/compiled-as-loaded.js'
import { SignallingClient, talks } from '../helpers/signalling-client.js'

// A server that stood still must not throw out the living: what they said is in the socket buffer, and they said it in time.

const { connect } = SignallingClient
const PROGRAM = fileURLToPath(new URL('../helpers/stalling-process.ts', import.meta.url))

interface Stalling {
  address: string
  /** Resolves when a seat's owner is missed. */
  absent: () => Promise<void>
  /** What happened to seats. */
  events: string[]
  /** Holds the event loop up; `meanwhile` runs when it stands. */
  block: (ms: number, meanwhile?: () => void) => Promise<void>
  /** Stops the process, as a paused machine does, and lets it go on; `meanwhile` runs when it stands. */
  pause: (ms: number, meanwhile?: () => void) => Promise<void>
}

// One process for all tests, each with a server of its own in it: to start a process takes longer than a test.
const child = fork(PROGRAM, { execArgv: COMPILED_AS_LOADED })
t.teardown(() => {
  child.kill('SIGCONT')
  child.kill('SIGKILL')
})

interface Word {
  server?: number
  port?: number
  event?: string
  begun?: true
}

/** The next word from the process that is looked for. */
async function word (wanted: (word: Word) => boolean): Promise<Word> {
  return new Promise(resolve => {
    child.on('message', function listener (word: Word) {
      if (!wanted(word)) return
      child.off('message', listener)
      resolve(word)
    })
  })
}

let servers = 0

async function stalling (t: Test, options: WebrtcSignallingOptions): Promise<Stalling> {
  const server = ++servers
  const events: string[] = []
  const listener = (word: Word): void => { if (word.server === server && word.event !== undefined) events.push(word.event) }
  child.on('message', listener)
  t.teardown(() => child.off('message', listener))
  child.send({ start: options, server })
  const { port } = await word(word => word.server === server && word.port !== undefined)
  return {
    address: `ws://127.0.0.1:${port}/app`,
    absent: async () => { await word(word => word.server === server && word.event === 'absent') },
    events,
    async block (ms, meanwhile = () => {}) {
      child.send({ block: ms })
      await word(({ begun }) => begun === true)
      meanwhile()
    },
    async pause (ms, meanwhile = () => {}) {
      child.kill('SIGSTOP')
      // The signal takes effect in its own time.
      await setTimeout(ms / 2)
      meanwhile()
      await setTimeout(ms / 2)
      child.kill('SIGCONT')
    }
  }
}

interface Sitters {
  sitters: [SignallingClient, SignallingClient]
  /** Each of them has been asked whether it lives, and has not answered. */
  asked: Promise<unknown>
  /** They answer, and from now on at once. */
  answer: () => void
}

/** Two in a room who answer no ping until they are let. A pause of the socket would not do: what waits for its data ends it. */
async function sitting (t: Test, address: string): Promise<Sitters> {
  const first = await connect(t, address, { autoPong: false })
  const second = await connect(t, address, { autoPong: false })
  const held: Array<() => void> = []
  let holds = true
  const asked = Promise.all([first, second].map(({ socket }) => {
    socket.on('ping', payload => {
      if (holds) held.push(() => socket.pong(payload))
      else socket.pong(payload)
    })
    return once(socket, 'ping')
  }))
  await first.join('room1')
  await second.join('room1')
  await first.hears('start')
  return {
    sitters: [first, second],
    asked,
    answer () {
      holds = false
      for (const pong of held) pong()
    }
  }
}

for (const how of ['block', 'pause'] as const) {
  t.test(`A full room that is probed while the server stands still (${how}) keeps both living sitters`, async t => {
    const server = await stalling(t, { probeTimeout: 2_000 })
    const { sitters, asked, answer } = await sitting(t, server.address)
    const joiner = await connect(t, server.address)
    joiner.send({ command: 'join', streamId: 'room1' })
    await asked
    await server[how](3_000, answer)
    t.same(await joiner.heard(), ['error: NoSpaceForNewPeer'])
    t.same(server.events, [])
    await talks(t, sitters, 'room1', `after a ${how}`)
  })

  t.test(`A heartbeat during which the server stands still (${how}) ends no living connection, and one that is dead all the same`, async t => {
    const server = await stalling(t, { heartbeat: { interval: 1_000, timeout: 2_000 } })
    const dead = await connect(t, server.address, { autoPong: false })
    await dead.join('room2')
    const { sitters, asked, answer } = await sitting(t, server.address)
    await asked
    await server[how](3_000, answer)
    t.equal((await dead.closed).code, 1006)
    t.same(server.events, ['left'], 'the dead one, and nobody else')
    await talks(t, sitters, 'room1', `after a ${how}`)
  })

  t.test(`A resumption window that passes while the server stands still (${how}) is given back to the owner`, async t => {
    const server = await stalling(t, { resume: { window: 500 } })
    const owner = await connect(t, server.address)
    const other = await connect(t, server.address)
    const { resumeToken } = await owner.join('room1', { resume: true })
    await other.join('room1')
    const absent = server.absent()
    owner.raw.destroy()
    await absent
    await server[how](1_200)
    const again = await connect(t, server.address)
    t.match(await again.join('room1', { resume: true, resumeToken }), { resumed: true })
  })

  t.test(`The time in which the server stands still (${how}) does not count for joinTimeout`, async t => {
    const server = await stalling(t, { limits: { joinTimeout: 2_000 }, heartbeat: { interval: 1_000, timeout: 60_000 } })
    const client = await connect(t, server.address)
    t.same(await client.heard(), [], 'the connection is there for the server too')
    await server[how](3_000)
    // One and the same look at all deadlines pings, or would close.
    t.equal(await Promise.race([once(client.socket, 'ping').then(() => 'pinged'), client.closed.then(({ code }) => code)]), 'pinged')
    client.send({ command: 'join', streamId: 'room1' })
    t.match(await client.hears('joined'), { streamId: 'room1' })
  })
}
