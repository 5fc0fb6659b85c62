import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import type { WebrtcSignallingOptions } from '../lib/index.js'
import { pair, SignallingClient, talks } from './helpers/signalling-client.js'

// A server that stood still must not throw out the living: what they said is in the socket buffer, and they said it in time.

const { connect } = SignallingClient
const PROGRAM = fileURLToPath(new URL('./helpers/stalling-process.ts', import.meta.url))

interface Stalling {
  address: string
  child: ChildProcess
  /** What happened to seats. */
  events: string[]
  /** Holds the event loop up, and resolves when it has begun to. */
  block: (ms: number, meanwhile?: () => void) => Promise<void>
  /** Stops the process, as a paused machine does, and lets it go on. */
  pause: (ms: number, meanwhile?: () => void) => Promise<void>
}

async function stalling (t: Test, options: WebrtcSignallingOptions): Promise<Stalling> {
  const child = fork(PROGRAM)
  t.teardown(() => {
    child.kill('SIGCONT')
    child.kill('SIGKILL')
  })
  const events: string[] = []
  child.on('message', (message: { event?: string }) => { if (message.event !== undefined) events.push(message.event) })
  child.send({ start: options })
  const [{ port }] = await once(child, 'message') as [{ port: number }]
  return {
    address: `ws://127.0.0.1:${port}/app`,
    child,
    events,
    async block (ms, meanwhile = () => {}) {
      child.send({ block: ms })
      await once(child, 'message')
      meanwhile()
    },
    async pause (ms, meanwhile = () => {}) {
      child.kill('SIGSTOP')
      meanwhile()
      await new Promise(resolve => setTimeout(resolve, ms))
      child.kill('SIGCONT')
    }
  }
}

for (const how of ['block', 'pause'] as const) {
  t.test(`A full room that is probed while the server stands still (${how}) keeps both living sitters`, async t => {
    const server = await stalling(t, { probeTimeout: 1_000 })
    const sitters = await pair(t, server.address, 'room1')
    const joiner = await connect(t, server.address)
    // The pongs are held back until the server stands still, and then wait in its socket buffer.
    for (const { socket } of sitters) socket.pause()
    joiner.send({ command: 'join', streamId: 'room1' })
    await Promise.all(sitters.map(({ raw }) => once(raw, 'readable')))
    await server[how](2_000, () => { for (const { socket } of sitters) socket.resume() })
    t.same(await joiner.heard(), ['error: NoSpaceForNewPeer'])
    t.same(server.events, [])
    await talks(t, sitters, 'room1', `after a ${how}`)
  })

  t.test(`A heartbeat during which the server stands still (${how}) ends no living connection, and one that is dead all the same`, async t => {
    const server = await stalling(t, { heartbeat: { interval: 100, timeout: 1_000 } })
    const sitters = await pair(t, server.address, 'room1')
    const dead = await connect(t, server.address, { autoPong: false })
    await dead.join('room2')
    for (const { socket } of sitters) socket.pause()
    await Promise.all(sitters.map(({ raw }) => once(raw, 'readable')))
    await server[how](2_000, () => { for (const { socket } of sitters) socket.resume() })
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
    const absent = once(server.child, 'message')
    owner.raw.destroy()
    await absent
    await server[how](1_200)
    const again = await connect(t, server.address)
    t.match(await again.join('room1', { resume: true, resumeToken }), { resumed: true })
  })
}
