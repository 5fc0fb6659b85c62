// Rooms that span servers, beside one server: `npm run bench:cluster -- [--rounds 5] [--ms 3000] [--peers 10000] [--only candidate,burst]
// [--setups 'three servers, all rooms across'] [--crowd 10000] [--cpu-prof DIR]`. `--crowd`: so many peers (5000 or 10000) sit there and say nothing meanwhile.
// CPU of all servers and of Redis for each message and each call, latency, and what Redis keeps.
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { readCpu } from './cpu.js'
import { cores, keepProfiles, Load, Server } from './processes.js'
import { quantile } from './quantile.js'
import { OwnRedis } from './redis.js'
import { markdown } from './report.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '3000' },
    peers: { type: 'string', default: '10000' },
    only: { type: 'string' },
    setups: { type: 'string' },
    crowd: { type: 'string', default: '0' },
    'cpu-prof': { type: 'string' }
  }
})
const wanted = values.only?.split(',')
const [rounds, ms, peers, crowd] = [values.rounds, values.ms, values.peers, values.crowd].map(Number)

/** Who is compared. The first is the yardstick. */
const SETUPS = [
  { name: 'one server, without Redis', servers: 1, protocol: 'sameServer', alone: true },
  { name: 'one server, with Redis', servers: 1, protocol: 'sameServer' },
  { name: 'two servers, each room on one', servers: 2, protocol: 'sameServer' },
  { name: 'two servers, half of the rooms across', servers: 2, protocol: 'halfAcross' },
  { name: 'three servers, half of the rooms across', servers: 3, protocol: 'halfAcross' },
  { name: 'three servers, all rooms across', servers: 3, protocol: 'otherServer' }
]

const WORKS = [
  { work: 'candidate', name: 'candidate, one a segment' },
  { work: 'burst', name: 'candidates in bursts of ten' },
  { work: 'call-open', name: 'whole call, open connections' },
  { work: 'call-fresh', name: 'whole call, fresh connections' },
  { work: 'latency', name: 'latency at 2,000 messages a second' }
]

/** Longer than an answer is kept in Redis, ms. */
const ANSWERS_KEPT = 31_000

const some = values.setups?.split(';')
const chosen = SETUPS.filter(({ name }, index) => index === 0 || some === undefined || some.includes(name))
keepProfiles(values['cpu-prof'])

const redis = await OwnRedis.start(cores > 1 ? '1' : '0')

async function start ({ servers, alone }) {
  const args = alone === true ? [] : ['--redis', String(redis.port)]
  return await Promise.all(Array.from({ length: servers }, async () => await Server.start({ file: './servers/ours.js', args })))
}

async function measure (load, key, servers, alone) {
  const server = servers.map(({ pid }) => pid)
  await load.run('measure', { key, ms: 500, warmUp: 0, server })
  const [before, cpu] = [await redis.figures(), readCpu(redis.pid)]
  const sample = await load.run('measure', { key, ms, warmUp: 0, server })
  const [after, cpuAfter] = [await redis.figures(), readCpu(redis.pid)]
  const each = figure => alone === true ? 0 : figure / sample.done
  return {
    server: sample.server / sample.done,
    redis: each(cpuAfter - cpu),
    // Its own question is no part of it.
    commands: each(Math.max(0, after.commands - before.commands - 1)),
    bytes: each(after.bytes - before.bytes),
    perSecond: sample.done / sample.wall * 1e6,
    ...sample.latencies === undefined ? {} : { p50: quantile(sample.latencies, 0.5), p99: quantile(sample.latencies, 0.99) }
  }
}

console.log(`${cores} cores, Node ${process.version}, ${rounds} rounds, in turn in each round, beside ${crowd} peers who say nothing; medians\n`)
const lines = []
for (const { work, name } of WORKS.filter(({ work }) => wanted === undefined || wanted.includes(work))) {
  const load = new Load()
  const samples = new Map()
  for (let round = 0; round < rounds; round++) {
    for (const setup of chosen) {
      const servers = await start(setup)
      // Redis still has the rooms of the round before, whose servers were killed.
      const key = `${setup.name}, ${work}, round ${round}`
      const port = servers.map(({ port }) => port)
      // Its rooms are named after it.
      const crowdKey = `crowd beside ${key}`
      if (crowd > 0) await load.run('prepare', { key: crowdKey, work: `idle-${crowd}`, protocol: setup.protocol, port })
      await load.run('prepare', { key, work, protocol: setup.protocol, port })
      const own = samples.get(setup.name) ?? []
      samples.set(setup.name, own)
      own.push(await measure(load, key, servers, setup.alone))
      await load.run('end', { key })
      if (crowd > 0) await load.run('end', { key: crowdKey })
      for (const server of servers) await server.stop()
    }
  }
  await load.stop()
  const yardstick = samples.get(SETUPS[0].name)
  for (const [setup, own] of samples) {
    const median = (figure, of = own) => quantile(of.map(figure), 0.5)
    const ratios = own.map((sample, round) => sample.server / yardstick[round].server)
    const isLatency = work === 'latency'
    lines.push([
      name,
      setup,
      isLatency ? '' : `${median(({ server }) => server).toFixed(1)} µs`,
      isLatency ? '' : `${quantile(ratios, 0.5).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`,
      isLatency ? '' : `${median(({ redis }) => redis).toFixed(1)} µs`,
      median(({ commands }) => commands).toFixed(2),
      median(({ bytes }) => bytes).toFixed(0),
      isLatency ? '' : median(({ perSecond }) => perSecond).toFixed(0),
      isLatency ? `${median(({ p50 }) => p50).toFixed(0)} µs` : '',
      isLatency ? `${median(({ p99 }) => p99).toFixed(0)} µs` : ''
    ])
  }
  console.log(table(lines.slice(-chosen.length)), '\n')
}
console.log(table(lines))
if (wanted === undefined || wanted.includes('idle')) console.log(await population())
await redis.stop()

function table (lines) {
  return markdown(['work', 'servers', 'CPU of the servers', 'as a ratio', 'CPU of Redis', 'commands', 'bytes from and to Redis', 'a second', 'p50', 'p99'], lines)
}

/** Peers that sit in rooms of two on three servers, half of the rooms across. */
async function population () {
  const load = new Load()
  const setup = SETUPS.find(({ servers, protocol }) => servers === 3 && protocol === 'halfAcross')
  const before = await redis.figures()
  const servers = await start(setup)
  const pids = servers.map(({ pid }) => pid)
  const resident = async () => (await Promise.all(servers.map(async server => (await server.memory(true)).rss))).reduce((sum, each) => sum + each, 0)
  const base = await resident()
  const [begin, cpuBefore, cpuOfServers] = [performance.now(), readCpu(redis.pid), readCpu(pids)]
  await load.run('prepare', { key: 'idle', work: `idle-${peers}`, protocol: setup.protocol, port: servers.map(({ port }) => port) })
  const join = { wall: performance.now() - begin, redis: (readCpu(redis.pid) - cpuBefore) / peers, servers: (readCpu(pids) - cpuOfServers) / peers }
  const standing = await redis.figures()
  const memory = (await resident() - base) / peers
  await wait(ANSWERS_KEPT)
  const [after, cpu, cpuOfIdle] = [await redis.figures(), readCpu(redis.pid), readCpu(pids)]
  const idle = 10_000
  await wait(idle)
  const [end, cpuEnd, cpuOfIdleEnd] = [await redis.figures(), readCpu(redis.pid), readCpu(pids)]
  const keys = await redis.keys()
  await load.run('end', { key: 'idle' })
  await load.stop()
  for (const server of servers) await server.stop()
  const rooms = peers / 2
  return `\n${peers} peers in ${rooms} rooms on ${setup.servers} servers, half of the rooms across, say nothing: ` +
    `${((standing.memory - before.memory) / rooms).toFixed(0)} bytes of Redis a room at first, ${((after.memory - before.memory) / rooms).toFixed(0)} when the answers to joins are no longer kept, ${keys} keys; ` +
    `${((end.commands - after.commands) / idle * 1000).toFixed(1)} commands, ${((end.bytes - after.bytes) / idle * 1000).toFixed(0)} bytes, ${((cpuEnd - cpu) / idle).toFixed(3)} ms of Redis's CPU and ${((cpuOfIdleEnd - cpuOfIdle) / idle).toFixed(3)} ms of the servers' a second; ` +
    `they came within ${(join.wall / 1000).toFixed(1)} s, each for ${join.servers.toFixed(0)} µs of the servers' CPU and ${join.redis.toFixed(0)} µs of Redis's, and takes ${(memory / 1024).toFixed(1)} KiB of a server's resident memory`
}
