// Measures a storm: all clients are cut off at once, and come back by the SDK's own policy.
import { Server } from './processes.js'

/** Who has a way to come back as the same peer, or, as the yardstick, no peer to be. */
const CAN_COME_BACK = ['relay', 'antMedia', 'resumable']

/** How long all clients took to be back, as a multiple of what the policy's jitter alone takes; and the longest pause of the event loop, ms. */
export async function measureStorm (load, row, contestants, { rounds }) {
  const able = contestants.filter(({ protocol }) => CAN_COME_BACK.includes(protocol))
  const empty = () => Object.fromEntries(able.map(({ name }) => [name, []]))
  const back = { name: `${row.name}: back after, the jitter alone = 1`, line: row.line, unit: 'times', absolute: true, values: empty(), thrownAway: 0, disturbed: 0 }
  const pause = { name: `${row.name}: longest pause`, line: 100, unit: 'ms', absolute: true, values: empty(), thrownAway: 0, disturbed: 0 }
  for (let round = 0; round < rounds; round++) {
    for (const { name, protocol, ...contestant } of able) {
      const server = await Server.start(contestant)
      await load.run('prepare', { key: name, work: row.work, protocol, port: server.port })
      await server.watch()
      const storm = await load.run('storm', { key: name })
      pause.values[name].push(await server.pause())
      back.values[name].push(storm.back / storm.jitter)
      await load.run('end', { key: name })
      await server.stop()
    }
  }
  return [back, pause]
}
