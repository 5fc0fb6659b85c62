import Fastify from 'fastify'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import webrtcSignalling, { type WebrtcSignallingOptions } from '../../lib/index.js'
import type { Host } from '../helpers/host.js'
import { startRedis } from '../helpers/redis.js'
import { ownKeys, servers } from '../helpers/servers.js'
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
async function pair (a: Host, b: Host, fields: Record<string, unknown> = {}): Promise<Pair> {
  const first = await a.connect()
  const one = await first.join('room', fields)
  const second = await b.connect()
  const two = await second.join('room', fields)
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
