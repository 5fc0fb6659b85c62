// What every server of the benchmark does beside its work: tells its port, and of its memory and its pauses when asked.
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Tells the benchmark where the server listens, and answers its questions. */
export function announce (server) {
  const answers = { memory, watch, pause }
  process.send({ port: server.address().port })
  process.on('message', ({ ask, ...more }) => {
    if (ask in answers) process.send({ answer: answers[ask](more) })
  })
  process.on('disconnect', () => process.exit())
}

/** What is in use, after a forced collection where wanted. `external` has the buffers in it (`process.memoryUsage`). */
function memory ({ collect }) {
  if (collect) for (let i = 0; i < 3; i++) globalThis.gc()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, used: heapUsed + external }
}

const delay = monitorEventLoopDelay({ resolution: 1 })

/** Begins to watch how long the event loop stands still. */
function watch () {
  delay.enable()
  delay.reset()
}

/** The longest pause of the event loop since `watch`, ms. */
function pause () {
  delay.disable()
  return delay.max / 1e6
}
