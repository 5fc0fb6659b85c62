import t from 'tap'
import type { Authorize } from '../../lib/index.js'
import { host, pair, type Host, type Log } from '../helpers/host.js'
import type { SignallingClient } from '../helpers/signalling-client.js'

// The log of the server follows a call: every line says which application, room, peer and connection it is about, and none says
// anything of what the two say to each other, nor of what lets somebody in.

const SECRETS = {
  sdp: 'v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\n',
  candidate: 'candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx',
  data: 'what a peer tells the other',
  token: 'eyJhbGciOiJIUzI1NiJ9.token.of.the.joiner',
  badToken: 'a-token-that-is-refused',
  annsClaim: 'claim-of-the-first-0123456789',
  bensClaim: 'claim-of-the-second-012345678',
  turnSecret: 'shared-with-the-turn-server',
  turnUsername: 'turn-user-of-the-application',
  turnCredential: 'turn-password-of-the-application'
}

const authorize: Authorize = async (_request, { token }) => {
  if (token === SECRETS.badToken) throw new Error('This token is not known.')
  return { metadata: { name: 'Ann' } }
}

/** Lines of ours: all but those of Fastify about requests and the server itself. */
const ours = (log: Log) => log.lines.filter(({ msg }) => !/^(incoming request|request completed|Server listening)/.test(msg))
const told = (log: Log, msg: string) => ours(log).filter(line => line.msg === msg)

/** Joins with a token, asks for ICE servers, and gives back every secret that the server has told. */
async function arrive (client: SignallingClient, claim: string): Promise<{ peer: string, resumeToken: string, secrets: string[] }> {
  const { peerId, resumeToken } = await client.join('room', { resume: true, claim, token: SECRETS.token })
  client.send({ command: 'getIceServerConfig' })
  const { turnServerUsername, turnServerCredential } = await client.hears('iceServerConfig')
  return { peer: String(peerId), resumeToken: String(resumeToken), secrets: [resumeToken, turnServerUsername, turnServerCredential].map(String) }
}

/** A connection that is cut, once the server knows. */
async function cut ({ app }: Host, client: SignallingClient): Promise<void> {
  const absent = new Promise(resolve => app.rooms.once('absent', resolve))
  client.socket.terminate()
  await absent
}

const urls = 'turn:turn.example:3478'
const turns = {
  'a shared secret': { urls, secret: SECRETS.turnSecret },
  'credentials of the application': { urls, credentials: () => ({ username: SECRETS.turnUsername, credential: SECRETS.turnCredential }) }
}

for (const [name, turn] of Object.entries(turns)) {
  t.test(`A whole call with resumption, authorize and TURN by ${name} is followed by its ids, and nothing secret is in the log`, async t => {
    const server = await host(t, { authorize, turn, probeTimeout: 2_000 })
    const { log, connect } = server
    const [ann, ben] = [await connect(), await connect()]
    const annArrived = await arrive(ann, SECRETS.annsClaim)
    const benArrived = await arrive(ben, SECRETS.bensClaim)
    await ann.hears('start')
    ann.send({ command: 'takeConfiguration', streamId: 'room', type: 'offer', sdp: SECRETS.sdp })
    ann.send({ command: 'takeCandidate', streamId: 'room', label: 0, id: '0', candidate: SECRETS.candidate })
    ben.send({ command: 'takeConfiguration', streamId: 'room', type: 'answer', sdp: SECRETS.sdp })
    ben.send({ command: 'peerMessageCommand', streamId: 'room', definition: 'chat', data: SECRETS.data })
    await ann.hears('peerMessageCommand')
    // One who is refused, one who finds the room full and has its sitters asked, and frames that are none.
    const cay = await connect()
    cay.send({ command: 'join', streamId: 'room', token: SECRETS.badToken })
    await cay.hears('error: unauthorized_access')
    cay.send({ command: 'join', streamId: 'room', token: SECRETS.token })
    await cay.hears('error: NoSpaceForNewPeer')
    for (const frame of [`{"command":"join","token":"${SECRETS.token}`, { command: SECRETS.token }, { command: 'takeConfiguration', sdp: SECRETS.sdp }]) cay.send(frame)
    await cay.heard()
    await cut(server, ann)
    const back = await connect()
    const { resumeToken: renewed } = await back.join('room', { resume: true, resumeToken: annArrived.resumeToken, token: SECRETS.token })
    back.send({ command: 'leave', streamId: 'room' })
    await back.hears('leaved')
    for (const client of [back, ben, cay]) {
      client.socket.close(1000)
      await client.closed
    }
    while (told(log, 'a connection is closed').length < 4) await new Promise(setImmediate)

    const all = log.lines.map(line => JSON.stringify(line)).join('\n')
    const secrets = [...Object.values(SECRETS), ...annArrived.secrets, ...benArrived.secrets, String(renewed)]
    for (const secret of secrets) t.notOk(all.includes(JSON.stringify(secret).slice(1, -1)), `nothing of ${secret.slice(0, 20)}`)
    t.notMatch(all, /ice-pwd|typ srflx|sdp/i)

    for (const line of ours(log)) t.match(line, { app: 'app', connection: /^[\da-f-]{36}$/, reqId: String }, line.msg)
    // Ann's connection, from its beginning to its end, and the one that she came back on.
    const [annsLines, backsLines] = [told(log, 'a peer joined')[0], told(log, 'a peer resumed its seat')[0]]
      .map(first => ours(log).filter(({ connection }) => connection === first?.connection))
    t.same(annsLines?.map(({ msg }) => msg), [
      'a connection is open', 'a peer is joining', 'a peer joined', 'a peer was asked for an offer', 'a client is asked whether it lives',
      'the client that was asked lives', 'a peer is absent', 'a connection is closed'
    ])
    t.same(backsLines?.map(({ msg }) => msg), [
      'a connection is open', 'a peer is joining', 'a peer resumed its seat', 'a peer left', 'a connection is closing', 'a connection is closed'
    ])
    for (const lines of [annsLines, backsLines]) t.equal(new Set(lines?.map(({ reqId }) => reqId)).size, 1, 'all are tied to one request')
    const full = 'a peer waits while those of its full room are asked whether they live'
    t.match(told(log, full), [{ level: 20, room: 'room' }])
    t.match(told(log, 'a peer was not let in').map(({ refused }) => refused), ['unauthorized_access', 'NoSpaceForNewPeer'])
    const seat = { app: 'app', room: 'room' }
    const [annJoined, benJoined] = told(log, 'a peer joined')
    t.match(annJoined, { ...seat, level: 20, peer: annArrived.peer, peers: 1 })
    t.match(benJoined, { ...seat, level: 20, peer: benArrived.peer, peers: 2 })
    t.match(told(log, 'a peer is absent'), [{ ...seat, peer: annArrived.peer, connection: annJoined?.connection }], 'by the connection that it lost')
    const [resumed] = told(log, 'a peer resumed its seat')
    t.match(resumed, { ...seat, level: 20, peer: annArrived.peer })
    t.not(resumed?.connection, annJoined?.connection, 'by the new one')
    t.match(told(log, 'a peer left').map(({ peer }) => peer).sort(), [annArrived.peer, benArrived.peer].sort())
    const asked = told(log, 'a client is asked whether it lives')
    t.same(asked.map(({ peer }) => peer).sort(), [annArrived.peer, benArrived.peer].sort())
    t.match(told(log, 'the client that was asked lives'), asked.map(({ connection }) => ({ ...seat, connection, alive: true })))
    t.match(told(log, 'authorize refused a join'), [{ ...seat, level: 30, reqId: String }])

    const ended = told(log, 'a connection is closed')
    t.equal(new Set(ended.map(({ connection }) => connection)).size, 4, 'one line for each')
    t.same(ended.map(({ code }) => code).sort(), [1000, 1000, 1000, 1006])
    for (const line of ended) t.match(line, { level: 30, duration: Number, reqId: String })
    const requests = log.lines.filter(({ msg }) => msg === 'incoming request').map(({ reqId }) => reqId)
    t.same(new Set(ended.map(({ reqId }) => reqId)), new Set(requests), 'tied to the request that it began with')
  })
}

t.test('A call at level info is one line for each connection, with the code by which the server closed it', async t => {
  const server = await host(t, { limits: { messagesPerSecond: 1, messageBurst: 10 } })
  const [ann, ben] = await pair(server)
  for (let n = 0; n < 100; n++) ann.send({ command: 'ping' })
  t.equal((await ann.closed).code, 1008)
  await server.app.rooms.drain()
  t.equal((await ben.closed).code, 1001)
  while (told(server.log, 'a connection is closed').length < 2) await new Promise(setImmediate)
  t.match(ours(server.log).filter(({ level }) => level >= 30), [
    { msg: 'a connection is closed', app: 'app', code: 1008 }, { msg: 'a connection is closed', app: 'app', code: 1001 }
  ])
  t.equal(ours(server.log).filter(({ level }) => level >= 30).length, 2)
})

t.test('A hundred messages that are relayed write no line', async t => {
  const server = await host(t)
  const [ann, ben] = await pair(server)
  const before = server.log.lines.length
  for (let n = 0; n < 100; n++) ann.send({ command: 'takeCandidate', streamId: 'room', label: 0, id: '0', candidate: '' })
  t.same(await ann.heard(), [])
  t.equal((await ben.heard()).length, 100)
  t.equal(server.log.lines.length, before)
})

t.test('A connection in two rooms is logged with the room that a line is about', async t => {
  const server = await host(t, { authorize: (_request, { room }) => { if (room === 'third') throw new Error('Not this one.') } })
  const client = await server.connect()
  await client.join('first')
  await client.join('second')
  client.send({ command: 'join', streamId: 'third' })
  await client.hears('error: unauthorized_access')
  const [line] = told(server.log, 'authorize refused a join')
  t.match(line, { room: 'third', connection: String })
  t.equal(line?.peer, undefined, 'it has no peer there')
})
