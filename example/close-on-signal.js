import closeWithGrace from 'close-with-grace'

const SIGNALS = ['SIGINT', 'SIGTERM']
// npm hands on to its script what the terminal sends to both of them: under npm one Ctrl-C comes twice.
const TIMES = process.env.npm_lifecycle_event === undefined ? 1 : 2

/**
 * Closes an app at SIGINT, SIGTERM, and an error that nobody has caught. Its clients are told that the server goes away, so that they come back to
 * the next one. Who presses Ctrl-C again ends the process at once.
 *
 * @param {import('fastify').FastifyInstance} app
 */
export function closeOnSignal (app) {
  // It would end the process at the second signal, so the signals are counted here.
  const { close } = closeWithGrace({ skip: SIGNALS }, async ({ err }) => {
    if (err !== undefined) console.error(err)
    await app.close()
  })
  let came = 0
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      came++
      if (came === 1) {
        void close()
      } else if (came > TIMES) {
        console.error(`${signal} again, ending at once`)
        process.exit(1)
      }
    })
  }
}
