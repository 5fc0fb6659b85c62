import { once } from 'node:events'
import { Redis } from 'ioredis'
import t from 'tap'
import { CLOSE_CODES, ERROR_DEFINITIONS, type CloseReason, type ErrorDefinition } from '../../lib/protocol/codes.js'
import { RoomRegistry } from '../../lib/rooms/room-registry.js'
import type { WebrtcSignallingOptions } from '../../lib/index.js'
import { pair, SignallingClient, type Message } from '../helpers/signalling-client.js'
import { startServer, type SignallingServer } from '../helpers/signalling-server.js'

const { connect } = SignallingClient

const OFFER = { command: 'takeConfiguration', streamId: 'room1', type: 'offer', sdp: 'v=0\r\n' }
const CANDIDATE = { command: 'takeCandidate', streamId: 'room1', label: 0, id: '0', candidate: '' }
const MESSAGE = { command: 'peerMessageCommand', streamId: 'room1', definition: 'chat', data: 1 }
const without = (field: string, message: Record<string, unknown>) => ({ ...message, [field]: undefined })

/** Frames that a client with no seat may send, each with the error that it gets and what the error's message names. */
const refused: Array<[ErrorDefinition, string | Record<string, unknown>, (RegExp | string)?]> = [
  ['noStreamNameSpecified', { command: 'join' }, 'streamId'],
  ['noStreamNameSpecified', { command: 'join', streamId: '' }],
  ['noStreamNameSpecified', { command: 'join', streamId: null }],
  ['noStreamNameSpecified', { command: 'join', streamName: '' }],
  ['noStreamNameSpecified', without('streamId', OFFER)],
  ['noStreamNameSpecified', without('streamId', CANDIDATE)],
  ['noStreamNameSpecified', { ...MESSAGE, streamId: '' }],
  ['invalidStreamName', { command: 'join', streamId: 'a b' }, 'streamId'],
  ['invalidStreamName', { command: 'join', streamId: 'é' }],
  ['invalidStreamName', { command: 'join', streamId: 'room1\n' }],
  ['invalidStreamName', { command: 'join', streamId: '../x' }],
  ['invalidStreamName', { command: 'join', streamId: 'x'.repeat(129) }],
  ['invalidStreamName', { command: 'join', streamId: 5 }],
  ['invalidStreamName', { command: 'join', streamId: ['room1'] }],
  ['invalidStreamName', { command: 'join', streamId: { toString: 'room1' } }],
  ['invalidStreamName', { command: 'join', streamName: '<b>' }],
  ['invalidStreamName', { command: 'leave', streamId: 'a b' }],
  ['invalidStreamName', { command: 'stop', streamId: 7 }],
  ['invalidStreamName', { ...OFFER, streamId: true }],
  ['notJson', ''],
  ['notJson', ' '],
  ['notJson', 'hello'],
  ['notJson', '{"command":"ping"'],
  ['notJson', '{"command":"ping"}{"command":"ping"}'],
  ['notJson', "{command:'ping'}"],
  ['notJson', '\ufeff{"command":"ping"}'],
  ['notAnObject', '[]'],
  ['notAnObject', '[{"command":"ping"}]'],
  ['notAnObject', '5'],
  ['notAnObject', '"ping"'],
  ['notAnObject', 'null'],
  ['notAnObject', 'true'],
  ['invalidField', {}, 'command'],
  ['invalidField', { command: 5 }, 'command'],
  ['invalidField', { command: null }, 'command'],
  ['invalidField', { command: ['ping'] }, 'command'],
  ['invalidField', { command: 'join', streamId: 'room1', token: 5 }, /^token /],
  ['invalidField', { command: 'join', streamId: 'room1', token: 'x'.repeat(8193) }, /^token /],
  ['invalidField', { command: 'join', streamId: 'room1', mode: {} }, /^mode /],
  ['invalidField', { command: 'join', streamId: 'room1', multiPeer: 'yes' }, /^multiPeer /],
  ['invalidField', { command: 'join', streamId: 'room1', resume: 1 }, /^resume /],
  ['invalidField', { command: 'join', streamId: 'room1', resumeToken: {} }, /^resumeToken /],
  ['invalidField', { command: 'join', streamId: 'room1', received: -1 }, /^received /],
  ['invalidField', { command: 'join', streamId: 'room1', received: 1.5 }, /^received /],
  ['invalidField', without('type', OFFER), /^type .*missing/],
  ['invalidField', { ...OFFER, type: 'Offer' }, /^type /],
  ['invalidField', without('sdp', OFFER), /^sdp .*missing/],
  ['invalidField', { ...OFFER, sdp: { type: 'offer' } }, /^sdp /],
  // The iOS SDK crashes without either of the two.
  ['invalidField', without('label', CANDIDATE), /^label .*missing/],
  ['invalidField', { ...CANDIDATE, label: '0' }, /^label /],
  ['invalidField', { ...CANDIDATE, label: null }, /^label /],
  ['invalidField', { ...CANDIDATE, label: -1 }, /^label /],
  ['invalidField', without('id', CANDIDATE), /^id .*missing/],
  ['invalidField', { ...CANDIDATE, id: 0 }, /^id /],
  ['invalidField', without('candidate', CANDIDATE), /^candidate .*missing/],
  ['invalidField', { ...CANDIDATE, candidate: null }, /^candidate /],
  ['invalidField', without('definition', MESSAGE), /^definition .*missing/],
  ['invalidField', without('data', MESSAGE), /^data .*missing/],
  ['unknownCommand', { command: 'getRoomInfo', streamId: 'room1' }, 'getRoomInfo'],
  ['unknownCommand', { command: 'publish', streamId: 'room1', token: '' }, 'publish'],
  ['unknownCommand', { command: 'play', streamId: 'room1' }, 'play'],
  ['unknownCommand', { command: 'joinRoom', room: 'room1' }, 'joinRoom'],
  ['unknownCommand', { command: 'notification', definition: 'joined', streamId: 'room1' }],
  ['unknownCommand', { command: 'start', streamId: 'room1' }],
  ['unknownCommand', { command: 'pong' }],
  ['unknownCommand', { command: '' }],
  ['unknownCommand', { command: 'Ping' }],
  ['unknownCommand', { command: '__proto__' }],
  ['unknownCommand', { command: 'constructor' }],
  ['unknownCommand', { command: 'toString' }],
  ['unknownCommand', { command: 'x'.repeat(10_000) }],
  ['notInRoom', { command: 'leave' }],
  ['notInRoom', { command: 'stop' }],
  ['notInRoom', OFFER],
  ['notInRoom', CANDIDATE],
  ['notInRoom', MESSAGE]
]

const tested = new Set<ErrorDefinition>(refused.map(([definition]) => definition))

t.test('A frame that is not as it should be gets its error, with a sentence that names the field, and the connection goes on', async t => {
  const { address } = await startServer(t)
  const client = await connect(t, address)
  for (const [definition, frame, named] of refused) {
    const text = typeof frame === 'string' ? frame : JSON.stringify(frame)
    client.send(text)
    const [error, ...rest] = await client.news()
    t.match(error, { command: 'error', definition, message: named ?? String }, text.slice(0, 80))
    t.same(rest, [], 'one answer')
    t.ok(String(error?.message).length < 300, 'what the client sent does not come back at length')
  }
  t.match(await client.join('room1'), { peers: 0 })
})

t.test('An error bears the streamId of what it answers, where that is one', async t => {
  const { address } = await startServer(t)
  const client = await connect(t, address)
  client.send({ ...OFFER, type: 'x' })
  client.send({ command: 'join', streamId: 'a b' })
  client.send({ ...MESSAGE, streamId: 'room9' })
  t.match(await client.news(), [
    { definition: 'invalidField', streamId: 'room1' },
    { definition: 'invalidStreamName', streamId: undefined },
    { definition: 'notInRoom', streamId: 'room9' }
  ])
})

type Scene = (server: SignallingServer, client: SignallingClient) => Promise<Message>

/** Errors that need more than one frame. Each ends on a connection that still works. */
const scenes: Array<[ErrorDefinition, string, WebrtcSignallingOptions, Scene]> = [
  ['NoSpaceForNewPeer', 'the room is full', {}, async ({ address }, client) => {
    await pair(t, address, 'room1')
    client.send({ command: 'join', streamId: 'room1' })
    return client.hears('error: NoSpaceForNewPeer')
  }],
  ['NoSpaceForNewPeer', 'the application made it a room for one', { authorize: () => ({ capacity: 1 }) }, async ({ address }, client) => {
    await (await connect(t, address)).join('room1')
    client.send({ command: 'join', streamId: 'room1' })
    return client.hears('error: NoSpaceForNewPeer')
  }],
  ['no_peer_associated_before', 'nobody else is there', {}, async (_, client) => {
    await client.join('room1')
    client.send(MESSAGE)
    return client.hears('error: no_peer_associated_before')
  }],
  ['unauthorized_access', 'the application refuses', { authorize: () => { throw new Error('the reason is for the log') } }, async (_, client) => {
    client.send({ command: 'join', streamId: 'room1' })
    const error = await client.hears('error: unauthorized_access')
    t.notMatch(error.message, 'for the log')
    return error
  }],
  ['unauthorized_access', 'the application does not answer in time', { authorize: () => new Promise(() => {}), authorizeTimeout: 20 }, async (_, client) => {
    client.send({ command: 'join', streamId: 'room1' })
    return client.hears('error: unauthorized_access')
  }],
  ['tooManyRooms', 'on one connection', { limits: { roomsPerConnection: 1 } }, async (_, client) => {
    await client.join('room1')
    client.send({ command: 'join', streamId: 'room2' })
    return client.hears('error: tooManyRooms')
  }],
  ['tooManyRooms', 'in the application', { limits: { rooms: 1 } }, async ({ address }, client) => {
    await (await connect(t, address)).join('room1')
    client.send({ command: 'join', streamId: 'room2' })
    return client.hears('error: tooManyRooms')
  }],
  ['rateExceeded', 'too many messages', { limits: { messagesPerSecond: 1_000, messageBurst: 3 } }, async (_, client) => {
    for (let i = 0; i < 10; i++) client.send({ command: 'ping' })
    const error = await client.hears('error: rateExceeded')
    return error
  }],
  ['rateExceeded', 'too many joins', { limits: { joinsPerMinute: 1 } }, async (_, client) => {
    await client.join('room1')
    client.send({ command: 'join', streamId: 'room2' })
    const error = await client.hears('error: rateExceeded')
    t.type(error.retryAfter, 'number')
    return error
  }]
]

for (const [definition, when, options, scene] of scenes) {
  tested.add(definition)
  t.test(`${definition} when ${when}, and the connection stays open`, async t => {
    const server = await startServer(t, options)
    const client = await connect(t, server.address)
    const error = await scene(server, client)
    t.match(error, { command: 'error', definition, message: String })
    t.equal(client.socket.readyState, 1)
    client.send({ command: 'getIceServerConfig' })
    // Where messages are limited the first one may be refused as well: the next is not.
    const answered = async () => client.frames.some(frame => frame.includes('iceServerConfig'))
    while (!await answered()) {
      client.send({ command: 'getIceServerConfig' })
      await new Promise(resolve => client.socket.once('message', resolve))
    }
  })
}

/** What ends a connection: from the client's last frame to the close code, with the error that comes before it. */
type Provoke = (server: SignallingServer, client: SignallingClient) => void | Promise<void>
const endings: Array<[CloseReason, string, WebrtcSignallingOptions, ErrorDefinition | null, Provoke]> = [
  ['goingAway', 'the server drains while it asks whether sitters live', { probeTimeout: 5_000 }, 'serverDraining', async ({ app, address }, client) => {
    for (const streamId of ['room1', 'room1']) await (await connect(t, address, { autoPong: false })).join(streamId)
    client.send({ command: 'join', streamId: 'room1' })
    while ((await app.rooms.get('app', 'room1'))?.waiting !== 1) await new Promise(setImmediate)
    void app.rooms.drain()
  }],
  ['goingAway', 'the server drains while it asks the application', { authorize: () => new Promise(() => {}) }, 'serverDraining', async ({ app }, client) => {
    // The pong says that the join behind the one in which it came is under way.
    const pong = once(client.socket, 'pong')
    client.send({ command: 'join', streamId: 'room1' })
    client.socket.ping()
    await pong
    void app.rooms.drain()
  }],
  ['goingAway', 'the server drains', {}, null, ({ app }) => { void app.rooms.drain() }],
  ['protocolError', 'a frame is not masked (RFC 6455 section 5.1)', {}, null, (_, client) => { client.raw.write(Buffer.from('810d7b22636f6d6d616e64223a317d', 'hex')) }],
  ['protocolError', 'a frame has an opcode that is none', {}, null, (_, client) => { client.raw.write(Buffer.from('838000000000', 'hex')) }],
  ['invalidText', 'a text is not UTF-8', {}, null, (_, client) => client.send(Buffer.from([0x22, 0xff, 0xfe, 0x22]))],
  ['policy', 'it goes on sending too much', { limits: { messagesPerSecond: 1, messageBurst: 1 } }, 'rateExceeded', (_, client) => {
    for (let i = 0; i < 100; i++) client.send({ command: 'ping' })
  }],
  ['policy', 'too many frames wait behind a join', { limits: { waitingFrames: 3 }, authorize: () => new Promise(() => {}) }, 'rateExceeded', (_, client) => {
    client.send({ command: 'join', streamId: 'room1' })
    for (let i = 0; i < 4; i++) client.send({ command: 'ping' })
  }],
  ['tooLarge', 'a frame is larger than the limit', { limits: { frameBytes: 1024 } }, 'tooLarge', (_, client) => client.send({ ...MESSAGE, data: 'x'.repeat(1024) })],
  ['tooLarge', 'a frame is far larger than the limit', { limits: { frameBytes: 1024 } }, null, (_, client) => client.send({ ...MESSAGE, data: 'x'.repeat(100_000) })],
  ['fault', 'the server fails', {}, 'internalError', (_, client) => client.send({ command: 'join', streamId: 'defect' })],
  ['tryLater', 'nothing is joined in time', { limits: { joinTimeout: 20 } }, null, () => {}],
  ['seatResumed', 'its seat is resumed elsewhere', {}, null, async ({ address }, client) => {
    const { resumeToken } = await client.join('room1', { resume: true })
    const again = await connect(t, address)
    t.match(await again.join('room1', { resume: true, resumeToken }), { resumed: true })
  }]
]

for (const [reason, when, options, error, act] of endings) {
  if (error !== null) tested.add(error)
  t.test(`A connection ends with ${CLOSE_CODES[reason].code} when ${when}${error === null ? '' : `, after ${error}`}`, async t => {
    // No code of a host's is left that fails where nobody asks it anything, so this stands for a defect of our own.
    if (reason === 'fault') t.intercept(RoomRegistry.prototype, 'join', { value: () => { throw new Error('a defect') } })
    const server = await startServer(t, options)
    const client = await connect(t, server.address)
    await act(server, client)
    t.equal((await client.closed).code, CLOSE_CODES[reason].code)
    if (error !== null) t.ok(client.frames.some(frame => (JSON.parse(frame) as Message).definition === error), `heard ${error}`)
    else t.notOk(client.frames.some(frame => (JSON.parse(frame) as Message).command === 'error'))
    if (reason !== 'goingAway') t.ok(await connect(t, server.address), 'the server goes on')
  })
}

tested.add('serverBusy')
t.test('serverBusy when what decides who sits where does not answer', async t => {
  // Nothing listens there.
  const redis = new Redis({ host: '127.0.0.1', port: 1, maxRetriesPerRequest: null })
  redis.on('error', () => {})
  t.teardown(() => redis.disconnect())
  const { address } = await startServer(t, { redis, cluster: { timeout: 50 } })
  const client = await connect(t, address)
  client.send({ command: 'join', streamId: 'room1' })
  const { retryAfter, ...error } = await client.next()
  t.match(error, { command: 'error', definition: 'serverBusy', streamId: 'room1' })
  t.ok(typeof retryAfter === 'number' && retryAfter > 0, 'and says when to try again')
})

t.test('Every error definition and every close code has its test here', async t => {
  t.same(Object.keys(CLOSE_CODES).filter(reason => !endings.some(([tested]) => tested === reason)), [])
  t.same(ERROR_DEFINITIONS.filter(definition => !tested.has(definition)), [])
})
