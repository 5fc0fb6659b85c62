// Measures one row of the table: every server in turn, round after round, so that a machine whose speed drifts favours none.
import { readCpu, readMachine } from './cpu.js'
import { Server } from './processes.js'

/** A window in which other processes used more than this part of a core says nothing. */
const MOST_NOISE = 0.15
/** How often a window is tried again before it is taken as it is. */
const MOST_TRIES = 5

/** What a server does with its CPU, or how late its messages arrive, round by round. */
export async function measureCost (load, row, contestants, { rounds, ms }) {
  const samples = new Map(contestants.map(({ name }) => [name, []]))
  const thrownAway = { count: 0 }
  const servers = await Promise.all(contestants.map(async contestant => await Server.start(contestant)))
  const prepare = (contestant, index) => load.run('prepare', { key: contestant.name, work: row.work, protocol: contestant.protocol, port: servers[index].port })
  // All at once they would need more sockets than a process may have.
  const crowded = row.peers > 1_000
  if (!crowded) for (const [index, contestant] of contestants.entries()) await prepare(contestant, index)
  for (let round = 0; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      if (crowded) await prepare(contestant, index)
      samples.get(contestant.name).push(await oneWindow(load, contestant.name, servers[index].pid, ms, thrownAway))
      if (crowded) await load.run('end', { key: contestant.name })
    }
  }
  for (const [index, { name }] of contestants.entries()) {
    if (!crowded) await load.run('end', { key: name })
    await servers[index].stop()
  }
  return { samples, thrownAway: thrownAway.count, value: row.kind === 'latency' ? sample => quantile(sample.latencies, 0.5) : sample => sample.server / sample.done }
}

async function oneWindow (load, key, pid, ms, thrownAway) {
  for (let attempt = 1; ; attempt++) {
    const machine = readMachine()
    const own = readCpu(process.pid)
    const began = process.hrtime.bigint()
    const whole = readCpu(pid)
    const sample = await load.run('measure', { key, ms, warmUp: 400, server: pid })
    const wall = Number(process.hrtime.bigint() - began) / 1000
    const ours = (readCpu(pid) - whole) + (readCpu(process.pid) - own) + sample.load * wall / sample.wall
    sample.noise = Math.max(0, readMachine() - machine - ours) / wall
    if (sample.noise < MOST_NOISE || attempt === MOST_TRIES) return sample
    thrownAway.count++
  }
}

/** The memory that each idle peer takes, after a forced collection. */
export async function measureMemory (load, row, contestants, { rounds }) {
  const samples = new Map(contestants.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const contestant of contestants) {
      const server = await Server.start(contestant)
      const before = await server.memory(true)
      await load.run('prepare', { key: contestant.name, work: row.work, protocol: contestant.protocol, port: server.port })
      const unforced = await server.memory(false)
      const after = await server.memory(true)
      samples.get(contestant.name).push({ used: (after.used - before.used) / row.peers, rss: (unforced.rss - before.rss) / row.peers })
      await load.run('end', { key: contestant.name })
      await server.stop()
    }
  }
  return { samples, thrownAway: 0, value: sample => sample.used }
}

export function quantile (values, part) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
}
