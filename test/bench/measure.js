// Measures rows by CPU or by time: every server in turn, round after round, so that a machine whose speed drifts favours none.
import { readCpu, readMachine } from './cpu.js'
import { Server } from './processes.js'
import { quantile } from './quantile.js'

/** How often a window is tried before it is taken as it is. */
const MOST_TRIES = 5

/** What each message or call costs of the server's CPU, µs. */
export async function measureCost (load, row, contestants, settings) {
  const windows = await measureWindows(load, row, contestants, settings)
  return [summary(row.name, row.line, 'µs', windows, sample => sample.server / sample.done)]
}

/** How long a message takes from its write to its arrival, µs: the half, and the slowest of a hundred and of a thousand. */
export async function measureLatency (load, row, contestants, settings) {
  const windows = await measureWindows(load, row, contestants, settings)
  return [['p50', 0.5], ['p99', 0.99], ['p99.9', 0.999]].map(([name, part]) => {
    return summary(`${name} ${row.name}`, name === 'p50' ? row.line : undefined, 'µs', windows, sample => quantile(sample.latencies, part), true)
  })
}

function summary (name, line, unit, { samples, thrownAway, disturbed }, value, paced = false) {
  const all = [...samples.values()].flat()
  return {
    name,
    line,
    unit,
    values: Object.fromEntries([...samples].map(([contestant, own]) => [contestant, own.map(value)])),
    noises: Object.fromEntries([...samples].map(([contestant, own]) => [contestant, own.map(({ noise }) => noise)])),
    thrownAway,
    disturbed,
    // At a fixed pace neither is busy.
    ...(paced ? {} : { serverBusy: Math.min(...all.map(({ server, wall }) => server / wall)), loadBusy: Math.max(...all.map(({ load, wall }) => load / wall)) })
  }
}

async function measureWindows (load, row, contestants, settings) {
  const samples = new Map(contestants.map(({ name }) => [name, []]))
  const counts = { thrownAway: 0, disturbed: 0 }
  const servers = await Promise.all(contestants.map(async contestant => await Server.start(contestant)))
  const prepare = (contestant, index) => load.run('prepare', { key: contestant.name, work: row.work, protocol: contestant.protocol, port: servers[index].port })
  // All at once they would need more sockets than a process may have.
  const crowded = row.peers > 1_000
  if (!crowded) for (const [index, contestant] of contestants.entries()) await prepare(contestant, index)
  for (let round = 0; round < settings.rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      if (crowded) await prepare(contestant, index)
      samples.get(contestant.name).push(await oneWindow(load, contestant.name, servers[index].pid, settings, counts))
      if (crowded) await load.run('end', { key: contestant.name })
    }
  }
  for (const [index, { name }] of contestants.entries()) {
    if (!crowded) await load.run('end', { key: name })
    await servers[index].stop()
  }
  return { samples, ...counts }
}

async function oneWindow (load, key, pid, { ms, warmUp, noise, tries = MOST_TRIES, deadline = Infinity }, counts) {
  for (let attempt = 1; ; attempt++) {
    const machine = readMachine()
    const own = readCpu(process.pid)
    const began = process.hrtime.bigint()
    const whole = readCpu(pid)
    const sample = await load.run('measure', { key, ms, warmUp, server: pid })
    const wall = Number(process.hrtime.bigint() - began) / 1000
    const ours = (readCpu(pid) - whole) + (readCpu(process.pid) - own) + sample.load * wall / sample.wall
    // A window without a message says nothing, however quiet it was.
    sample.noise = sample.done === 0 ? Infinity : Math.max(0, readMachine() - machine - ours) / wall
    if (sample.noise < noise) return sample
    if (attempt === tries || Date.now() >= deadline) {
      if (sample.done === 0 && deadline === Infinity) throw new Error(`${key}: not one message arrived in ${tries} windows`)
      counts.disturbed++
      return sample
    }
    counts.thrownAway++
  }
}
