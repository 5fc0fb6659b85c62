import { Writable } from 'node:stream'
import t, { type Test } from 'tap'
import { event, pair, SignallingClient, talks } from '../helpers/signalling-client.js'
import { startServer, type SignallingServer } from '../helpers/signalling-server.js'

const { connect } = SignallingClient

const MESSAGE = { command: 'peerMessageCommand', streamId: 'room2', definition: 'chat' }
const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

/** Text that is answered, by this error or not at all where it is relayed, on a connection that goes on. */
const texts: Record<string, [text: string, error: string | null]> = {
  'no JSON': ['hello', 'notJson'],
  'an empty frame': ['', 'notJson'],
  NUL: ['\u0000', 'notJson'],
  'JSON that breaks off': ['{"command":"join","streamId":"room', 'notJson'],
  'JSON and more': ['{"command":"ping"} x', 'notJson'],
  'a list': ['[1,2,3]', 'notAnObject'],
  'a list of messages': ['[{"command":"leave","streamId":"room1"}]', 'notAnObject'],
  'a number': ['42', 'notAnObject'],
  'a number beyond every double': ['1e99999', 'notAnObject'],
  'a text': ['"leave"', 'notAnObject'],
  null: ['null', 'notAnObject'],
  'lists 30,000 deep': [deep(30_000), 'notAnObject'],
  'objects 10,000 deep': ['{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000), 'invalidField'],
  'a message with lists 25,000 deep': [JSON.stringify({ ...MESSAGE, data: 0 }).replace(':0', `:${deep(25_000)}`), null],
  'a command 25,000 deep': [`{"command":${deep(25_000)}}`, 'invalidField'],
  '__proto__ as a command': ['{"command":"__proto__"}', 'unknownCommand'],
  'a command from __proto__': ['{"__proto__":{"command":"leave","streamId":"room1"}}', 'invalidField'],
  '__proto__ with fields that a message needs': ['{"command":"leave","__proto__":{"streamId":"room1"},"streamId":"room1"}', 'leaved'],
  'a room from __proto__': ['{"command":"join","__proto__":{"streamId":"room1"}}', 'noStreamNameSpecified'],
  'constructor.prototype': ['{"command":"join","streamId":"x y","constructor":{"prototype":{"polluted":1}}}', 'invalidStreamName'],
  '__proto__ that is relayed': ['{"command":"peerMessageCommand","streamId":"room2","definition":"d","data":1,"__proto__":{"polluted":1}}', null],
  'a command of the wrong type': ['{"command":{"toString":"join"}}', 'invalidField'],
  'a room of the wrong type': ['{"command":"join","streamId":{"length":3}}', 'invalidStreamName'],
  'an offer for a room where others sit': ['{"command":"takeConfiguration","streamId":"room1","type":"offer","sdp":"v=0"}', 'notInRoom'],
  'a hang-up for a room where others sit': ['{"command":"stop","streamId":"room1"}', 'leaved'],
  'an SDP of the wrong type': ['{"command":"takeConfiguration","streamId":"room2","type":"offer","sdp":{}}', 'invalidField'],
  'a hundred thousandfold space': [' '.repeat(60_000), 'notJson'],
  'sixty thousand times one key': [`{${'"a":1,'.repeat(9_000)}"command":"x"}`, 'unknownCommand'],
  'a long number': [`{"command":"peerMessageCommand","streamId":"room2","definition":"d","data":${'9'.repeat(60_000)}}`, null],
  'escapes throughout': [`{"command":"${'\\u0041'.repeat(10_000)}"}`, 'unknownCommand'],
  'a lone surrogate': ['{"command":"join","streamId":"\\ud800"}', 'invalidStreamName'],
  'a message of the server\'s own': ['{"command":"notification","definition":"joined","streamId":"room1"}', 'unknownCommand'],
  'an error': ['{"command":"error","definition":"NoSpaceForNewPeer","streamId":"room1"}', 'unknownCommand'],
  connectWithNewId: ['{"command":"connectWithNewId","streamId":"room1"}', 'unknownCommand']
}

/** What ends the connection, and with which code. */
const ends: Record<string, [send: (client: SignallingClient) => void, code: number]> = {
  'an SDP of 1 MiB': [client => client.send({ command: 'takeConfiguration', streamId: 'room2', type: 'offer', sdp: 'x'.repeat(1_048_576) }), 1009],
  'an SDP of 1 MiB in fragments': [client => {
    for (let i = 0; i < 64; i++) client.socket.send('x'.repeat(16_384), { binary: false, fin: i === 63 })
  }, 1009],
  'an SDP just above the limit': [client => client.send({ command: 'takeConfiguration', streamId: 'room2', type: 'offer', sdp: 'x'.repeat(65_536) }), 1009],
  'a frame that says it has 2^63 bytes': [client => { client.raw.write(Buffer.from('81ff7fffffffffffffff00000000', 'hex')) }, 1009],
  'a text that is not UTF-8': [client => client.send(Buffer.from('{"command":"peerMessageCommand","streamId":"room2","definition":"d","data":"\xff"}', 'latin1')), 1007],
  'a text with an overlong code': [client => client.send(Buffer.from('22c0af22', 'hex')), 1007],
  'a text with a surrogate in UTF-8': [client => client.send(Buffer.from('22eda08022', 'hex')), 1007],
  'a text that is cut within a letter': [client => client.send(Buffer.from('22e282', 'hex')), 1007],
  'a frame without a mask': [client => { client.raw.write(Buffer.from('81026869', 'hex')) }, 1002],
  'a frame with a reserved bit': [client => { client.raw.write(Buffer.from('c18000000000', 'hex')) }, 1002],
  'an opcode that is none': [client => { client.raw.write(Buffer.from('8f8000000000', 'hex')) }, 1002],
  'a continuation of nothing': [client => { client.raw.write(Buffer.from('808000000000', 'hex')) }, 1002],
  'a ping in fragments': [client => { client.raw.write(Buffer.from('098000000000', 'hex')) }, 1002],
  'a ping of 126 bytes': [client => { client.raw.write(Buffer.from('89fe007e00000000' + '00'.repeat(126), 'hex')) }, 1002],
  'a close with a code that none may send': [client => { client.raw.write(Buffer.from('88820000000003ed', 'hex')) }, 1002],
  'HTTP in the middle of it': [client => { client.raw.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n') }, 1002]
}

interface Scene extends SignallingServer {
  /** A pair in a call that has nothing to do with it. */
  bystanders: [SignallingClient, SignallingClient]
  /** What was logged as a warning or worse. */
  complaints: string[]
}

/** A server with a pair in a call, and whatever must not happen to the process noted. */
async function scene (t: Test): Promise<Scene> {
  const complaints: string[] = []
  const stream = new Writable({
    write (chunk, _, done) {
      complaints.push(String(chunk))
      done()
    }
  })
  const rejected = (reason: unknown) => complaints.push(`unhandled rejection: ${String(reason)}`)
  process.on('unhandledRejection', rejected)
  process.on('uncaughtExceptionMonitor', rejected)
  t.teardown(() => {
    process.off('unhandledRejection', rejected)
    process.off('uncaughtExceptionMonitor', rejected)
  })
  const limits = { messagesPerSecond: 10_000, messageBurst: 10_000, bytesPerSecond: 1e9, byteBurst: 1e9 }
  const server = await startServer(t, { limits }, { logger: { level: 'warn', stream } })
  return { ...server, complaints, bystanders: await pair(t, server.address, 'room1') }
}

/** One side keeps talking while `act` runs; everything must have arrived, in order and alone. */
async function undisturbed<T> (t: Test, { bystanders: [one, other] }: Scene, act: () => Promise<T>): Promise<T> {
  const said: string[] = []
  const acting = { over: false }
  const talking = (async () => {
    while (!acting.over) {
      const frame = JSON.stringify({ command: 'peerMessageCommand', streamId: 'room1', definition: 'talk', data: said.length })
      said.push(frame)
      one.send(frame)
      if ((await one.news()).length > 0) throw new Error('the bystander was answered')
    }
  })()
  const result = await act().finally(() => { acting.over = true })
  await talking
  t.same(await other.newFrames(), said, `the bystanders hear each other and nothing else (${said.length} messages)`)
  t.same(await one.heard(), [])
  return result
}

t.test('Text that is no message gets one clear error; the connection and a call next to it go on', async t => {
  const here = await scene(t)
  await talks(t, here.bystanders, 'room1', 'before')
  const sender = await connect(t, here.address)
  const partner = await connect(t, here.address)
  await sender.join('room2')
  await partner.join('room2')
  await sender.hears('start')
  await undisturbed(t, here, async () => {
    for (const [what, [text, error]] of Object.entries(texts)) {
      sender.send(text)
      const answers = await sender.news()
      // Who says goodbye where it has no seat is not there, which is what it asked for.
      const answer = error === 'leaved' ? { command: 'notification', definition: error, streamId: 'room1' } : { command: 'error', definition: error, message: String }
      t.match(answers, error === null ? [] : [answer], what)
      t.equal(answers.length, error === null ? 0 : 1, `${what}: one answer at the most`)
      const relayed = error === null && text.includes('peerMessageCommand')
      t.same((await partner.newFrames()).map(frame => frame === text), relayed ? [true] : [], `${what}: the partner gets what is a message, as it is, and nothing of the rest`)
    }
  })
  await talks(t, [sender, partner], 'room2', 'the sender itself, afterwards')
  await talks(t, here.bystanders, 'room1', 'after')
  t.equal(({} as Record<string, unknown>).polluted, undefined)
  t.equal(({} as Record<string, unknown>).command, undefined)
  t.same(here.complaints, [])
})

t.test('A binary frame gets an error and is not relayed, whatever is in it', async t => {
  const here = await scene(t)
  const [sender, partner] = await pair(t, here.address, 'room2')
  await undisturbed(t, here, async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from([0xff, 0x00]), Buffer.from('{"command":"leave"}'), Buffer.from(JSON.stringify({ ...MESSAGE, data: 1 }))]) {
      sender.socket.send(bytes, { binary: true })
      t.match(await sender.news(), [{ command: 'error', definition: 'notJson', message: /binary/ }])
      t.same(await partner.heard(), [])
    }
  })
  await talks(t, [sender, partner], 'room2', 'afterwards')
  t.same(here.complaints, [])
})

t.test('What breaks the WebSocket or its limits ends that connection with the fitting code; its partner learns that it has gone, nobody else does', async t => {
  const here = await scene(t)
  for (const [what, [send, code]] of Object.entries(ends)) {
    const [sender, partner] = await pair(t, here.address, 'room2')
    await undisturbed(t, here, async () => {
      send(sender)
      t.equal((await sender.closed).code, code, what)
      t.match(await partner.hears('stop'), { streamId: 'room2', reason: 'lost' }, what)
      t.same(await partner.heard(), ['peerLeft'], what)
    })
    partner.send({ command: 'leave' })
    t.same(await partner.heard(), ['leaved'])
    partner.socket.close()
  }
  await talks(t, here.bystanders, 'room1', 'after')
  t.same((await here.app.rooms.dump()).rooms.map(({ name }) => name), ['room1'])
  t.same(here.complaints, [])
})

t.test('The partner learns at once of a peer whose garbage ended the connection, though that peer never closes its side', async t => {
  const here = await scene(t)
  const [sender, partner] = await pair(t, here.address, 'room2')
  sender.raw.removeAllListeners('data').pause()
  const left = event(here.app, 'left')
  sender.raw.write(Buffer.from('8f8000000000', 'hex'))
  t.match(await left, { room: 'room2', reason: 'lost' })
  t.same(await partner.heard(), ['stop', 'peerLeft'])
})

t.test('Garbage from many at once, from those who sit in a room and those who do not, leaves the process and a call as they were', async t => {
  const here = await scene(t)
  await undisturbed(t, here, async () => {
    const clients = await Promise.all(Array.from({ length: 30 }, () => connect(t, here.address)))
    for (const [i, client] of clients.entries()) {
      if (i % 3 === 0) client.send({ command: 'join', streamId: `room-${i}`, resume: i % 2 === 0 })
      for (const [text] of Object.values(texts)) client.send(text)
      const [end, code] = Object.values(ends)[i % Object.keys(ends).length] as [(client: SignallingClient) => void, number]
      end(client)
      t.equal((await client.closed).code, code)
    }
  })
  await talks(t, here.bystanders, 'room1', 'after')
  t.same(here.complaints, [])
})
