import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { FrameWriter, WriteTurn } from '../../lib/transport/frame-writer.js'
import { TestClock } from '../helpers/fakes/test-clock.js'

interface Pair {
  writer: FrameWriter
  server: WebSocket
  heard: string[]
  closed: Promise<unknown>
  calls: () => number
}

/** Both ends of a real WebSocket, what the client hears in order, and how often the server's process asks the system to write. */
async function pair (t: Test, turn = new WriteTurn(new TestClock())): Promise<Pair> {
  const http = createServer()
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false })
  await new Promise<void>(resolve => { http.listen(0, '127.0.0.1', resolve) })
  const connected = once(sockets, 'connection')
  const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`)
  const heard: string[] = []
  client.on('message', (data: Buffer, isBinary) => { heard.push(`${isBinary ? 'binary' : 'text'} ${data.toString()}`) })
  client.on('ping', data => { heard.push(`ping ${data.toString()}`) })
  client.on('close', code => { heard.push(`close ${code}`) })
  const closed = once(client, 'close')
  const [server, request] = await connected as [WebSocket, { socket: Socket }]
  await once(client, 'open')
  t.teardown(() => {
    client.terminate()
    sockets.close()
    http.close()
  })
  let calls = 0
  const stream = request.socket as unknown as Record<'_write' | '_writev', (...args: unknown[]) => void>
  for (const name of ['_write', '_writev'] as const) {
    const write = stream[name]
    stream[name] = function (...args) {
      calls++
      write.apply(this, args)
    }
  }
  return { writer: new FrameWriter(turn, server), server, heard, closed, calls: () => calls }
}

t.test('What is written in one turn of the event loop goes to the system at once, in order', async t => {
  const { writer, server, heard, closed, calls } = await pair(t)
  for (let i = 0; i < 10; i++) writer.write(i % 2 === 0 ? `candidate ${i}` : Buffer.from(`candidate ${i}`))
  t.equal(calls(), 0)
  await new Promise(resolve => { setImmediate(resolve) })
  t.equal(calls(), 1)
  server.close(1001)
  await closed
  t.same(heard, [...Array.from({ length: 10 }, (_, i) => `text candidate ${i}`), 'close 1001'])
})

t.test('What frames lead to that come after a pause is written once all that were read together are handled', async t => {
  const turn = new WriteTurn(new TestClock())
  const { writer, calls } = await pair(t, turn)
  for (const more of [true, true, false]) {
    turn.beginFrame()
    writer.write('candidate')
    t.equal(calls(), 0)
    turn.endFrame(more)
  }
  t.equal(calls(), 1)
})

t.test('What frames lead to that come one upon the other is written at the end of the turn', async t => {
  const clock = new TestClock()
  const turn = new WriteTurn(clock)
  const { writer, calls } = await pair(t, turn)
  const relay = (): void => {
    turn.beginFrame()
    writer.write('candidate')
    turn.endFrame(false)
  }
  relay()
  t.equal(calls(), 1, 'the first came after a pause')
  relay()
  relay()
  t.equal(calls(), 1)
  await new Promise(resolve => { setImmediate(resolve) })
  t.equal(calls(), 2)
  clock.leap(1)
  relay()
  t.equal(calls(), 3, 'after a pause again')
})

t.test('What came with the beginning of another frame is written at the end of the turn, however long that frame takes to come', async t => {
  const turn = new WriteTurn(new TestClock())
  const { writer, calls } = await pair(t, turn)
  turn.beginFrame()
  writer.write('candidate')
  turn.endFrame(true)
  t.equal(calls(), 0)
  await new Promise(resolve => { setImmediate(resolve) })
  t.equal(calls(), 1)
})

t.test('A payload of any length arrives as one frame of text', async t => {
  const { writer, server, heard, closed } = await pair(t)
  const lengths = [0, 1, 125, 126, 127, 1_024, 1_025, 65_535, 65_536, 200_000]
  for (const length of lengths) writer.write(Buffer.alloc(length, 'x'))
  writer.write('Grüße 🎥')
  server.close()
  await closed
  t.same(heard.slice(0, -2).map(text => text.length - 'text '.length), lengths)
  t.equal(heard.at(-2), 'text Grüße 🎥')
})

t.test('What ws writes itself stays behind what was written before it', async t => {
  const { writer, server, heard, closed } = await pair(t)
  writer.write('one')
  server.ping('after one')
  writer.write('two')
  server.close(1013)
  await closed
  t.same(heard, ['text one', 'ping after one', 'text two', 'close 1013'])
})

t.test('What is held back goes out before a connection is cut, if it is told to', async t => {
  const { writer, server, heard, closed } = await pair(t)
  writer.write('the last word')
  writer.flush()
  server.terminate()
  await closed
  t.same(heard, ['text the last word', 'close 1006'])
})
