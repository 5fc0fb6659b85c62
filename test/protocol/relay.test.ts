import t, { type Test } from 'tap'
import { pair, SignallingClient, talks } from '../helpers/signalling-client.js'
import { startServer } from '../helpers/signalling-server.js'

const { connect } = SignallingClient

const SDP = 'v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n' + 'a=rtpmap:96 VP8/90000\r\n'.repeat(290)
const offer = (fields: Record<string, unknown> = {}) => ({ command: 'takeConfiguration', streamId: 'room1', type: 'offer', sdp: SDP, ...fields })
const candidate = (i: number) => ({
  command: 'takeCandidate',
  streamId: 'room1',
  label: i % 2,
  id: String(i % 2),
  candidate: `candidate:${i} 1 udp 2122260223 192.0.2.1 ${50_000 + i} typ host generation 0`
})
const message = (data: unknown) => ({ command: 'peerMessageCommand', streamId: 'room1', definition: 'chat', data })

/** Frames as they may come, each to be relayed to the last byte. */
const frames: Record<string, Record<string, unknown> | string> = {
  'an offer of 7 kB': offer(),
  'an answer': offer({ type: 'answer' }),
  'a pranswer': offer({ type: 'pranswer' }),
  'a rollback': offer({ type: 'rollback', sdp: '' }),
  'an offer with fields of other clients': offer({ video: true, audio: true, trackList: [], linkSession: null, session: 'abc' }),
  'a candidate': candidate(3),
  'the end of candidates': { ...candidate(0), candidate: '' },
  'the end of candidates as iOS says it': { ...candidate(0), id: '', candidate: '' },
  'a candidate with more fields': { ...candidate(1), usernameFragment: 'abcd', sdpMid: '0', nested: { deep: [1, { x: null }] } },
  'a message of text': message('hello'),
  'a message of null': message(null),
  'a message of false': message(false),
  'a message of nothing': message(''),
  'a message of a number': message(-1.5e300),
  'a message of a list': message([[], {}, [null]]),
  'a message of an object': message({ __proto__x: 1, constructor: { prototype: {} } }),
  'a message that says __proto__': '{"command":"peerMessageCommand","streamId":"room1","definition":"d","data":{"__proto__":{"admin":true}},"__proto__":{"x":1}}',
  'odd spaces and order': '\n{ "sdp" :"v=0\\r\\n",\t"type":"offer" , "streamId": "room1","command":"takeConfiguration"}\r\n ',
  'escapes that need not be': '{"command":"\\u0070eerMessageCommand","streamId":"room\\u0031","definition":"\\/","data":"\\u00e9\\ud83d\\ude00"}',
  'a lone surrogate in an escape': '{"command":"peerMessageCommand","streamId":"room1","definition":"d","data":"\\ud800"}',
  'letters from everywhere': message('é ß 你好 😀 \u2028\u2029 \u0000'),
  'numbers that no double holds': '{"command":"peerMessageCommand","streamId":"room1","definition":"d","data":[123456789012345678901234567890,1.0,1e999,-0]}',
  'a field said twice': '{"command":"peerMessageCommand","streamId":"other","streamId":"room1","definition":"d","data":1,"data":2}'
}

t.test('Each kind of relayed frame reaches the other, byte for byte and as text, and nobody else', async t => {
  const { address } = await startServer(t)
  const peers = await pair(t, address, 'room1')
  const others = await pair(t, address, 'room2')
  for (const [name, content] of Object.entries(frames)) {
    const frame = typeof content === 'string' ? content : JSON.stringify(content)
    for (const [from, to] of [peers, [...peers].reverse()] as [SignallingClient, SignallingClient][]) {
      from.send(frame)
      t.same(await from.heard(), [], `${name}: nothing comes back`)
      t.same(await to.newFrames(), [frame], name)
    }
  }
  for (const other of others) t.same(await other.heard(), [])
})

t.test('A frame that comes in fragments goes out whole', async t => {
  const { address } = await startServer(t)
  const [from, to] = await pair(t, address, 'room1')
  const frame = JSON.stringify(message('in three parts: é'))
  const bytes = Buffer.from(frame)
  // The cut is inside the two bytes of é: text need only be whole at its end (RFC 6455 section 5.6).
  const cut = bytes.indexOf(0xc3) + 1
  from.socket.send(bytes.subarray(0, 10), { binary: false, fin: false })
  from.socket.send(bytes.subarray(10, cut), { binary: false, fin: false })
  from.socket.send(bytes.subarray(cut), { binary: false, fin: true })
  t.same(await from.heard(), [])
  t.same(await to.newFrames(), [frame])
})

t.test('An offer and a dozen candidates in one burst arrive whole and in order, the answer likewise', async t => {
  const { address } = await startServer(t)
  const [from, to] = await pair(t, address, 'room1')
  for (const [one, other, type] of [[from, to, 'offer'], [to, from, 'answer']] as const) {
    const burst = [offer({ type }), ...Array.from({ length: 12 }, (_, i) => candidate(i)), { ...candidate(0), candidate: '' }].map(m => JSON.stringify(m))
    one.raw.cork()
    for (const frame of burst) one.send(frame)
    one.raw.uncork()
    t.same(await one.heard(), [])
    t.same(await other.newFrames(), burst)
  }
})

t.test('Candidates before the offer, a second offer on a standing call, and offers of both at once are relayed like the first', async t => {
  const { address } = await startServer(t)
  const [first, second] = await pair(t, address, 'room1')
  const relayed = async (t: Test, from: SignallingClient, to: SignallingClient, messages: object[]) => {
    const frames = messages.map(m => JSON.stringify(m))
    for (const frame of frames) from.send(frame)
    t.same(await from.heard(), [])
    t.same(await to.newFrames(), frames)
  }
  await relayed(t, first, second, [candidate(1), candidate(2), offer()])
  await relayed(t, second, first, [candidate(3), offer({ type: 'answer' })])
  await relayed(t, second, first, [offer({ sdp: 'v=0\r\nsecond' }), candidate(4)])
  await relayed(t, first, second, [offer({ type: 'answer', sdp: 'v=0\r\nsecond' })])
  for (let i = 0; i < 20; i++) await relayed(t, first, second, [offer({ sdp: `v=0\r\n${i}` })])

  const [one, other] = [JSON.stringify(offer({ sdp: 'v=0\r\none' })), JSON.stringify(offer({ sdp: 'v=0\r\nother' }))]
  first.send(one)
  second.send(other)
  await first.hears('takeConfiguration')
  await second.hears('takeConfiguration')
  t.equal(first.frames.at(-1), other)
  t.equal(second.frames.at(-1), one)
})

t.test('An answerer that only watches is offered to and answers like everybody', async t => {
  const { address } = await startServer(t)
  const [camera, watcher] = [await connect(t, address), await connect(t, address)]
  await watcher.join('room1', { mode: 'play' })
  await camera.join('room1')
  t.match(await watcher.hears('start'), { streamId: 'room1' }, 'who sat there first makes the offer, watching or not')
  await talks(t, [camera, watcher], 'room1', 'both ways')
})

t.test('Who has no seat in a room reaches nobody there and ends nothing', async t => {
  const { app, address } = await startServer(t)
  const sitters = await pair(t, address, 'room1')
  const outsider = await connect(t, address)
  const neighbour = await connect(t, address)
  await neighbour.join('room2')
  const gone = await connect(t, address)
  for (const intruder of [outsider, neighbour, gone]) {
    for (const frame of [offer(), candidate(1), message('hi')]) {
      intruder.send(frame)
      t.match(await intruder.news(), [{ command: 'error', definition: 'notInRoom', streamId: 'room1' }], frame.command)
    }
    for (const command of ['stop', 'leave']) {
      intruder.send({ command, streamId: 'room1' })
      t.match(await intruder.news(), [{ definition: 'leaved', streamId: 'room1' }], command)
    }
  }
  for (const sitter of sitters) t.same(await sitter.heard(), [])
  t.equal((await app.rooms.get('app', 'room1'))?.peers.length, 2)
  await talks(t, sitters, 'room1', 'afterwards')
  t.equal((await app.rooms.get('app', 'room2'))?.peers.length, 1, 'and the neighbour keeps its own seat')
})

t.test('Who has left reaches nobody any more', async t => {
  const { address } = await startServer(t)
  const [first, second] = await pair(t, address, 'room1')
  first.send({ command: 'leave', streamId: 'room1' })
  first.send(offer())
  t.match(await first.news(), [{ definition: 'leaved' }, { command: 'error', definition: 'notInRoom', streamId: 'room1' }])
  t.same(await second.heard(), ['stop', 'peerLeft'])
})

t.test('Who is alone is told that there is nobody to relay to, and nothing is kept for whoever comes', async t => {
  const { address } = await startServer(t)
  const first = await connect(t, address)
  await first.join('room1')
  for (const frame of [offer(), candidate(0), message(1)]) {
    first.send(frame)
    t.match(await first.news(), [{ command: 'error', definition: 'no_peer_associated_before', streamId: 'room1', message: String }])
  }
  const second = await connect(t, address)
  await second.join('room1')
  t.same(await second.heard(), [])
})

t.test('`ping` gets `pong`, in a call and out of it, and nobody needs to send it', async t => {
  const { address } = await startServer(t)
  const client = await connect(t, address)
  client.send({ command: 'ping' })
  t.same(await client.hears('pong'), { command: 'pong' })
  await client.join('room1')
  client.send({ command: 'ping', streamId: 'room1', extra: 1 })
  t.same(await client.hears('pong'), { command: 'pong' })
})

t.test('`getIceServerConfig` is answered with or without a seat: one URI for existing clients, everything for ours', async t => {
  const turn = { urls: ['turn:turn.example.org:3478'], username: 'u', credential: 'c' }
  const stun = { urls: 'stun:stun.example.org:3478' }
  const { address } = await startServer(t, {
    apps: { app: { iceServers: [stun, turn] }, stun: { iceServers: [stun] }, none: {}, timed: { turn: { urls: 'turn:turn.example.org', secret: 's', ttl: 60 } } }
  })
  const ask = async (app: string) => {
    const client = await connect(t, address.replace(/app$/, app))
    client.send({ command: 'getIceServerConfig' })
    const [config, ...rest] = await client.news()
    t.same(rest, [])
    await client.join('room1')
    client.send({ command: 'getIceServerConfig', streamId: 'room1' })
    t.same(Object.keys(await client.hears('iceServerConfig')), Object.keys(config ?? {}))
    return config
  }
  t.same(await ask('app'), {
    command: 'iceServerConfig',
    stunServerUri: 'turn:turn.example.org:3478',
    turnServerUsername: 'u',
    turnServerCredential: 'c',
    iceServers: [stun, turn]
  })
  t.same(await ask('stun'), {
    command: 'iceServerConfig', stunServerUri: 'stun:stun.example.org:3478', turnServerUsername: '', turnServerCredential: '', iceServers: [stun]
  })
  t.same(await ask('none'), { command: 'iceServerConfig', stunServerUri: '', turnServerUsername: '', turnServerCredential: '', iceServers: [] })
  t.match(await ask('timed'), { stunServerUri: 'turn:turn.example.org', turnServerUsername: /^\d+:/, ttl: 60 })
})
