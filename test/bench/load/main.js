// The load generator: a process of its own, so that it can be kept on another core than the server.
import { readCpu } from '../cpu.js'
import { protocols } from './protocols.js'
import { storm } from './storm.js'
import { works as others } from './work.js'

const works = { ...others, storm: storm(10_000) }

/** What is prepared, by the name that the benchmark gave it. */
const prepared = new Map()
let serial = 0

const tasks = {
  async prepare ({ key, work, protocol, port }) {
    const kind = works[work]
    const state = await kind.prepare(protocols[protocol], port, `${key.replace(/\W/g, '')}${serial++}`)
    prepared.set(key, { kind, state })
  },

  /** Works for `ms`, after `warmUp` ms that do not count. */
  async measure ({ key, ms, warmUp, server }) {
    const { kind, state } = prepared.get(key)
    kind.start(state)
    await wait(warmUp)
    kind.latencies?.(state)
    const before = { done: kind.count(state), server: readCpu(server), load: readCpu(process.pid), at: process.hrtime.bigint() }
    await wait(ms)
    const after = { done: kind.count(state), server: readCpu(server), load: readCpu(process.pid), at: process.hrtime.bigint() }
    const latencies = kind.latencies?.(state)
    await kind.stop(state)
    return {
      done: after.done - before.done,
      wall: Number(after.at - before.at) / 1000,
      server: after.server - before.server,
      load: after.load - before.load,
      latencies
    }
  },

  async storm ({ key }) {
    const { kind, state } = prepared.get(key)
    return await kind.storm(state)
  },

  async end ({ key }) {
    const { kind, state } = prepared.get(key)
    prepared.delete(key)
    await kind.end(state)
  }
}

const wait = ms => new Promise(resolve => setTimeout(resolve, ms))

process.on('message', async ({ id, task, ...more }) => {
  try {
    process.send({ id, result: await tasks[task](more) })
  } catch (error) {
    process.send({ id, error: error.message })
  }
})
process.on('disconnect', () => process.exit())
