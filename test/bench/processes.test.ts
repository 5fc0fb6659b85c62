import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'

interface Contestant { file: string, args?: string[] }
interface Running { port: number, memory: (collect: boolean) => Promise<unknown>, stop: () => Promise<void> }
const { Server } = await import('./processes.js' as string) as { Server: { start: (contestant: Contestant) => Promise<Running> } }

t.test('A server of the benchmark that dies is an error, and nobody waits for it', async t => {
  const directory = t.testdir({
    'at-its-start.js': 'process.exit(3)',
    'when-asked.js': "process.send({ port: 1 }); process.on('message', () => process.exit(4))"
  })
  const file = (name: string): string => pathToFileURL(join(directory, name)).href

  await t.rejects(Server.start({ file: file('at-its-start.js') }), { message: /at-its-start\.js has ended \(3\)/ })
  const server = await Server.start({ file: file('when-asked.js') })
  await t.rejects(server.memory(false), { message: /when-asked\.js has ended \(4\)/ })
})

t.test('A server of the benchmark tells its port and its memory, and ends when told', async t => {
  const server = await Server.start({ file: './servers/ws.js' })
  t.ok(server.port > 0)
  t.match(await server.memory(false), { used: Number, rss: Number })
  await server.stop()
})
