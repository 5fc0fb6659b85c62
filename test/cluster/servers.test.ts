import Fastify from 'fastify'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import webrtcSignalling, { type WebrtcSignallingOptions } from '../../lib/index.js'
import type { Host } from '../helpers/host.js'
import { startRedis, startRedisCluster } from '../helpers/redis.js'
import { ownKeys, server, servers, until } from '../helpers/servers.js'
import { namesOf, type Message, type SignallingClient } from '../helpers/signalling-client.js'

// Two and three real servers share a real Redis, and people who land on different ones meet in one room.

const { port, stop } = await startRedis()
t.teardown(stop)

async function scene (t: Test, count = 2): Promise<Host[]> {
  return await servers(t, port, count, { cluster: ownKeys() })
}

const said = (data: unknown): Record<string, unknown> => ({ command: 'peerMessageCommand', streamId: 'room', definition: 'chat', data })

async function hearsAll (client: SignallingClient, count: number): Promise<unknown[]> {
  const data: unknown[] = []
  while (data.length < count) data.push((await client.hears('peerMessageCommand')).data)
  return data
}

interface Pair {
  first: SignallingClient
  second: SignallingClient
  /** Their `joined`. */
  joins: [Message, Message]
}

/** Two peers of one room, on one server each. */
async function pair (a: Host, b: Host, fields: Record<string, unknown> = {}, room = 'room'): Promise<Pair> {
  const first = await a.connect()
  const one = await first.join(room, fields)
  const second = await b.connect()
  const two = await second.join(room, fields)
  await first.hears('start')
  return { first, second, joins: [one, two] }
}

t.test('two peers on two servers set up a call', async t => {
  const [a, b] = await scene(t) as [Host, Host]
  const first = await a.connect()
  t.match(await first.join('room'), { peers: 0, polite: false })
  const second = await b.connect()
  const joined = await second.join('room')
  t.match(joined, { peers: 1, polite: true })
  t.same(namesOf([await first.next(), await first.next()]), ['peerJoined', 'start'])
  first.send({ command: 'takeConfiguration', streamId: 'room', type: 'offer', sdp: 'v=0' })
  t.match(await second.next(), { command: 'takeConfiguration', type: 'offer', sdp: 'v=0' })
  second.send({ command: 'takeConfiguration', streamId: 'room', type: 'answer', sdp: 'v=0' })
  second.send({ command: 'takeCandidate', streamId: 'room', label: 0, id: '0', candidate: '' })
  t.match(await first.next(), { type: 'answer' })
  t.match(await first.next(), { command: 'takeCandidate' })
  second.send({ command: 'leave', streamId: 'room' })
  t.same(namesOf([await second.next()]), ['leaved'])
  t.same(namesOf([await first.next(), await first.next()]), ['stop', 'peerLeft'])
  t.same(await first.heard(), [])
})

t.test('messages of both ways arrive in order, each once', async t => {
  const [a, b] = await scene(t) as [Host, Host]
  const { first, second } = await pair(a, b)
  const expected = Array.from({ length: 400 }, (_, i) => i)
  for (const i of expected) {
    first.send(said(i))
    second.send(said(i))
  }
  t.same(await hearsAll(second, 400), expected)
  t.same(await hearsAll(first, 400), expected)
})

t.test('a third peer finds the room full, whichever server it lands on', async t => {
  const [a, b, c] = await scene(t, 3) as [Host, Host, Host]
  await pair(a, b)
  for (const host of [a, b, c]) {
    const third = await host.connect()
    third.send({ command: 'join', streamId: 'room' })
    t.match(await third.next(), { command: 'error', definition: 'NoSpaceForNewPeer' })
  }
})

t.test('a peer that comes back on the other server has missed nothing, and the one that stays notices nothing', async t => {
  const [a, b] = await scene(t) as [Host, Host]
  const { first, second, joins: [{ resumeToken }] } = await pair(a, b, { resume: true })
  first.send(said('before'))
  await second.hears('peerMessageCommand')
  const absent = new Promise(resolve => a.app.rooms.once('absent', resolve))
  first.raw.destroy()
  await absent
  for (let i = 0; i < 5; i++) second.send(said(i))
  const again = await b.connect()
  t.match(await again.join('room', { resume: true, resumeToken, received: 2 }), { resumed: true, received: 1, peers: 1 })
  t.same(await hearsAll(again, 5), [0, 1, 2, 3, 4])
  again.send(said('after'))
  t.match(await second.next(), { data: 'after' })
  second.send(said('and back'))
  t.match(await again.next(), { data: 'and back' })
})

t.test('a peer that comes back on a third server is found there by the others', async t => {
  const [a, b, c] = await scene(t, 3) as [Host, Host, Host]
  const { first, second, joins: [{ resumeToken }] } = await pair(a, b, { resume: true })
  const again = await c.connect()
  t.match(await again.join('room', { resume: true, resumeToken, received: 2 }), { resumed: true })
  t.equal((await first.closed).code, 4001, 'the old connection is closed')
  for (let i = 0; i < 50; i++) {
    second.send(said(i))
    again.send(said(i))
  }
  t.same(await hearsAll(again, 50), Array.from({ length: 50 }, (_, i) => i))
  t.same(await hearsAll(second, 50), Array.from({ length: 50 }, (_, i) => i))
})

for (const [what, redis] of [['undefined', undefined], ['null', null], ['a string', 'redis://localhost'], ['the options of a client', { port }]] as const) {
  t.test(`The start fails with a code where redis is ${what}`, async t => {
    const app = Fastify()
    t.teardown(() => app.close())
    const options = { redis } as unknown as WebrtcSignallingOptions
    await t.rejects(async () => app.register(webrtcSignalling, options), { code: 'FST_WEBRTC_BAD_OPTION', message: /'redis'/ })
  })
}

t.test('The client of the host is neither blocked nor ended, and our own connections end with the app', async t => {
  const redis = new Redis({ port, host: '127.0.0.1' })
  t.teardown(() => redis.disconnect())
  await redis.ping()
  const connections = async (): Promise<number> => (await redis.client('LIST') as string).trim().split('\n').length
  const before = await connections()
  const app = Fastify()
  await app.register(webrtcSignalling, { redis, cluster: ownKeys() })
  await app.ready()
  t.equal(await redis.ping(), 'PONG')
  await app.close()
  t.equal(redis.status, 'ready')
  while (await connections() > before) await new Promise(resolve => setImmediate(resolve))
})

t.test('servers share their rooms by a Redis and by a Redis Cluster, one with ioredis 6 and one with ioredis 5', async t => {
  const nodes = await startRedisCluster()
  t.teardown(nodes.stop)
  for (const at of [port, nodes.ports]) {
    const options = { cluster: ownKeys() }
    const [a, b] = [await server(t, at, options), await server(t, at, options, 5)]
    const { first, second } = await pair(a, b)
    for (let i = 0; i < 20; i++) {
      first.send(said(i))
      second.send(said(i))
    }
    t.same(await hearsAll(second, 20), Array.from({ length: 20 }, (_, i) => i))
    t.same(await hearsAll(first, 20), Array.from({ length: 20 }, (_, i) => i))
    await until(async () => (await a.app.rooms.servers()).length === 2)
  }
})

t.test('fastify.rooms answers for all servers, and acts on all of them', async t => {
  const [a, b, c] = await scene(t, 3) as [Host, Host, Host]
  const heard: unknown[] = []
  b.app.rooms.on('joined', ({ server }) => heard.push(server))
  const { first, second, joins } = await pair(a, b)
  const ids = joins.map(({ peerId }) => peerId)
  for (const { app } of [a, b, c]) await until(async () => (await app.rooms.servers()).length === 3)
  const [mine] = (await b.app.rooms.get('app', 'room'))?.peers.filter(({ id }) => id === ids[1]) ?? []
  t.ok(mine?.server)
  t.same(heard, [mine?.server], 'an event says which server saw it, and comes there alone')
  for (const { app: { rooms } } of [a, b, c]) {
    t.match(await rooms.list(), [{ app: 'app', name: 'room', capacity: 2, peers: ids.map(id => ({ id, state: 'present' })) }])
    t.same((await rooms.peers('app', 'room')).map(({ id }) => id), ids)
    t.match(await rooms.peer(String(ids[0])), { id: ids[0], polite: false })
    t.match(await rooms.dump(), { connections: 2, rooms: [{ name: 'room' }] })
    t.same(await rooms.apps(), ['app'])
    t.equal(await rooms.get('app', 'nowhere'), undefined)
    t.equal(await rooms.send('app', 'room', 'hello', { from: 'c' }), true)
    for (const peer of [first, second]) t.match(await peer.next(), { definition: 'hello', data: { from: 'c' } })
    t.equal(await rooms.sendToPeer(String(ids[1]), 'you'), true)
    t.match(await second.next(), { definition: 'you' })
  }
  t.same(await first.heard(), [])
  t.equal(await c.app.rooms.remove(String(ids[1]), 'enough'), true)
  t.same(namesOf([await second.next(), await second.next()]), ['stop', 'leaved'])
  t.same(namesOf([await first.next(), await first.next()]), ['stop', 'peerLeft'])
  t.equal(await c.app.rooms.close('app', 'room'), true)
  t.same(namesOf([await first.next(), await first.next()]), ['stop', 'leaved'])
  t.equal(await c.app.rooms.close('app', 'room'), false)
})

/** With all the time that Fastify gives a plugin to close. */
const patient = (options: WebrtcSignallingOptions): WebrtcSignallingOptions => ({ ...options, drain: { grace: 9_000 } })

t.test('a client of a server that drains takes its seat to another server: nothing is lost, and the other one is told nothing', async t => {
  const options = { cluster: { ...ownKeys(), lease: 3_000 } }
  const [a, b, c] = [await server(t, port, patient(options)), await server(t, port, options), await server(t, port, options)]
  const { first, second, joins: [{ resumeToken }] } = await pair(a, b, { resume: true })
  first.send(said('before'))
  await second.hears('peerMessageCommand')
  const closed = a.app.close()
  await first.hears('server_will_stop')
  t.equal((await first.closed).code, 1001)
  await until(async () => (await b.app.rooms.servers()).some(({ draining }) => draining))
  for (let i = 0; i < 50; i++) second.send(said(i))
  const again = await c.connect()
  again.send({ command: 'join', streamId: 'room', resume: true, resumeToken, received: 2 })
  for (let i = 50; i < 200; i++) second.send(said(i))
  t.match(await again.next(), { definition: 'joined', resumed: true, received: 1, peers: 1 })
  await closed
  for (let i = 200; i < 300; i++) second.send(said(i))
  t.same(await hearsAll(again, 300), Array.from({ length: 300 }, (_, i) => i))
  again.send(said('on'))
  t.match(await second.next(), { data: 'on' })
  t.same(await second.heard(), [])
  t.same(await again.heard(), [])
  await until(async () => (await b.app.rooms.servers()).length === 2)
})

t.test('a server drains on which both people of a call are: both seats are found on the others', async t => {
  const options = { cluster: ownKeys() }
  const [a, b, c] = [await server(t, port, patient(options)), await server(t, port, options), await server(t, port, options)]
  const { joins } = await pair(a, a, { resume: true })
  const drained = a.app.rooms.drain()
  const [first, second] = [await b.connect(), await c.connect()]
  t.match(await first.join('room', { resume: true, resumeToken: joins[0].resumeToken, received: 2 }), { resumed: true, peers: 1 })
  first.send(said('to one who is on the way'))
  t.match(await second.join('room', { resume: true, resumeToken: joins[1].resumeToken, received: 0 }), { resumed: true, peers: 1 })
  t.match(await second.next(), { data: 'to one who is on the way' })
  await drained
  second.send(said('back'))
  t.match(await first.next(), { data: 'back' })
})

t.test('servers that close at the same time do not wait for each other to take seats over', async t => {
  const options = patient({ cluster: { ...ownKeys(), lease: 60_000 } })
  const [a, b] = [await server(t, port, options), await server(t, port, options)]
  await pair(a, b, { resume: true })
  await pair(b, a, { resume: true }, 'another')
  const grace = new Promise<string>(resolve => { setTimeout(resolve, 9_000, 'the grace period is over').unref() })
  t.equal(await Promise.race([Promise.all([a.app.close(), b.app.close()]).then(() => 'closed'), grace]), 'closed')
})

t.test('a seat whose client does not come back while its server drains ends after drain.grace, and the call goes on by a new one', async t => {
  const [a, b] = await servers(t, port, 2, { cluster: ownKeys(), drain: { grace: 200 } }) as [Host, Host]
  const { second, joins: [{ resumeToken }] } = await pair(a, b, { resume: true })
  await a.app.close()
  await until(async () => (await b.app.rooms.servers()).length === 1)
  t.same(await second.heard(), ['peerLeft'], 'nothing that would end its call')
  const again = await b.connect()
  t.match(await again.join('room', { resume: true, resumeToken, received: 2 }), { resumed: false, peers: 1 })
  t.same(namesOf([await second.next(), await second.next()]), ['peerJoined', 'start'])
  again.send(said('on'))
  t.match(await second.next(), { data: 'on' })
})
