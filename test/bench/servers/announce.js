// What every server of the benchmark does beside its work: tells its port, and its memory when asked.

/** Tells the benchmark where the server listens; answers `memory` with what is in use, after a forced collection where wanted. */
export function announce (server) {
  process.send({ port: server.address().port })
  process.on('message', ({ memory }) => {
    if (memory === undefined) return
    if (memory.collect) for (let i = 0; i < 3; i++) globalThis.gc()
    const { rss, heapUsed, external } = process.memoryUsage()
    process.send({ rss, used: heapUsed + external })
  })
  process.on('disconnect', () => process.exit())
}
