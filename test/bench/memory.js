// Measures what each idle peer that has joined costs the server's process.
import { Server } from './processes.js'

/** So many peers come and go before the count begins, so that code and tables that are made once count for none of them. */
const WARM_UP = 'idle-200'

/**
 * Memory per idle peer, three ways, all against one baseline, which is taken after a warm-up and a forced collection: what JavaScript holds
 * (heap, and buffers and other things outside of it) after a forced collection; the same as it stands, with what waits to be collected;
 * and what the operating system has given to the process (RSS), with all that libuv and Node allocate, as it stands.
 */
export async function measureMemory (load, row, contestants, { rounds }) {
  const ways = [
    { name: `${row.name}, collected`, line: row.line, of: ({ collected, base }) => collected.used - base.used },
    { name: `${row.name}, not collected`, of: ({ standing, base }) => standing.used - base.used },
    { name: `${row.name}, resident`, of: ({ standing, base }) => standing.rss - base.rss }
  ]
  const results = ways.map(({ name, line }) => ({ name, line, unit: 'KiB', values: Object.fromEntries(contestants.map(({ name }) => [name, []])), thrownAway: 0, disturbed: 0 }))
  for (let round = 0; round < rounds; round++) {
    for (const contestant of contestants) {
      const readings = await onePopulation(load, row, contestant)
      for (const [index, { of }] of ways.entries()) results[index].values[contestant.name].push(of(readings) / row.peers / 1024)
    }
  }
  return results
}

async function onePopulation (load, { work }, { name, protocol, ...contestant }) {
  const server = await Server.start(contestant)
  const { port } = server
  await load.run('prepare', { key: name, work: WARM_UP, protocol, port })
  await load.run('end', { key: name })
  const base = await server.memory(true)
  await load.run('prepare', { key: name, work, protocol, port })
  const standing = await server.memory(false)
  const collected = await server.memory(true)
  await load.run('end', { key: name })
  await server.stop()
  return { base, standing, collected }
}
