import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import type { WebrtcSignallingOptions } from '../../lib/index.js'
import type { Host } from '../helpers/host.js'
import { Proxy } from '../helpers/proxy.js'
import { RedisWay } from '../helpers/redis-way.js'
import { LastingRedis, startLastingCluster, startRedis } from '../helpers/redis.js'
import { ownKeys, server, serverProcess, servers, until, type ServerProcess } from '../helpers/servers.js'
import { namesOf, type Message, type SignallingClient } from '../helpers/signalling-client.js'

// What two people notice where a server dies or stands still, or Redis does.

const { port, stop } = await startRedis()
t.teardown(stop)

const LEASE = 1_000
const fast = (): WebrtcSignallingOptions => ({ cluster: { ...ownKeys(), lease: LEASE } })
const said = (data: unknown): Record<string, unknown> => ({ command: 'peerMessageCommand', streamId: 'room', definition: 'chat', data })

interface Call {
  first: SignallingClient
  second: SignallingClient
  joined: Message
}

interface Connects { connect (): Promise<SignallingClient> }

async function call (a: Connects, b: Connects, fields: Record<string, unknown> = { resume: true }): Promise<Call> {
  const first = await a.connect()
  const joined = await first.join('room', fields)
  const second = await b.connect()
  await second.join('room', fields)
  await first.hears('start')
  return { first, second, joined }
}

/** A message of each reaches the other, and nothing else has come. */
async function theyTalk (t: Test, one: SignallingClient, other: SignallingClient, what = 'they talk'): Promise<void> {
  one.send(said(what))
  other.send(said(what))
  t.match(await one.next(), { data: what })
  t.match(await other.next(), { data: what })
}

/** Joins as the SDK does: a server that is busy, since Redis was away until now, is asked again. */
async function joined (client: SignallingClient, fields: Record<string, unknown>): Promise<Message> {
  for (;;) {
    client.send({ command: 'join', streamId: 'room', ...fields })
    const answer = await client.next()
    if (answer.definition !== 'serverBusy') return answer
    await new Promise(resolve => setTimeout(resolve, Number(answer.retryAfter)))
  }
}

async function killed ({ process }: ServerProcess): Promise<void> {
  process.kill('SIGKILL')
  await new Promise(resolve => process.once('exit', resolve))
}

/** Until nobody but this server counts as alive. */
async function isAlone ({ app }: Host): Promise<void> {
  await until(async () => (await app.rooms.servers()).length === 1)
}

t.test('a client whose server was killed gets a seat on another server before its lease has lapsed, and the call goes on', async t => {
  const options = fast()
  const [a, b] = [await serverProcess(t, port, options), await server(t, port, options)]
  const { first, second, joined: { resumeToken, peerId } } = await call(a, b)
  await killed(a)
  await first.closed
  const again = await b.connect()
  // What the server had not handed on died with it: so it is a new seat, and not the old one.
  t.match(await again.join('room', { resume: true, resumeToken, received: 2 }), { resumed: false, peers: 1 })
  const told = [await second.next(), await second.next(), await second.next(), await second.next()]
  t.same(namesOf(told), ['stop', 'peerLeft', 'peerJoined', 'start'])
  t.match(told[1], { peerId, reason: 'lost' })
  await theyTalk(t, again, second)
})

t.test('the seat of somebody whose server was killed ends when its window is over, and the other one is told once', async t => {
  const options = { ...fast(), resume: { window: 500 } }
  const a = await serverProcess(t, port, options)
  const [b, c] = [await server(t, port, options), await server(t, port, options)]
  const { second } = await call(a, b)
  await killed(a)
  t.same(namesOf([await second.next(), await second.next()]), ['stop', 'peerLeft'])
  const third = await c.connect()
  t.match(await third.join('room'), { peers: 1 })
  t.same(namesOf([await second.next(), await second.next()]), ['peerJoined', 'start'])
  await theyTalk(t, second, third)
})

t.test('somebody whose server was killed does not keep others out of a full room for longer than a probe and two leases', async t => {
  const options = { ...fast(), resume: { hold: false }, probeTimeout: 300 }
  const [a, b] = [await serverProcess(t, port, options), await server(t, port, options)]
  const { second } = await call(a, b)
  await killed(a)
  const third = await b.connect()
  t.match(await third.join('room'), { peers: 1 })
  await second.hears('start')
  await theyTalk(t, second, third)
})

t.test('a server that stood still for twice its lease goes on, and nobody notices', async t => {
  const options = fast()
  const [a, b] = [await serverProcess(t, port, options), await server(t, port, options)]
  const { first, second } = await call(a, b)
  a.process.kill('SIGSTOP')
  await isAlone(b)
  second.send(said('to one that stands still'))
  a.process.kill('SIGCONT')
  t.match(await first.next(), { data: 'to one that stands still' })
  await until(async () => (await b.app.rooms.servers()).length === 2)
  await until(async () => (await b.app.rooms.list()).some(({ peers }) => peers.length === 2 && peers.every(({ state }) => state === 'present')))
  await theyTalk(t, first, second)
  const third = await b.connect()
  third.send({ command: 'join', streamId: 'room' })
  t.match(await third.next(), { definition: 'NoSpaceForNewPeer' }, 'both live')
})

t.test('a server that stood still does not get a seat back that went to another server', async t => {
  const options = fast()
  const [a, b] = [await serverProcess(t, port, options), await server(t, port, options)]
  const { first, second, joined: { resumeToken } } = await call(a, b)
  a.process.kill('SIGSTOP')
  await isAlone(b)
  const again = await b.connect()
  t.match(await again.join('room', { resume: true, resumeToken, received: 2 }), { resumed: false })
  await second.hears('start')
  a.process.kill('SIGCONT')
  t.equal((await first.closed).code, 4001)
  await theyTalk(t, again, second)
})

/** The scene for what a server says too late: the prefix of its keys, and what Redis has of the room. */
function late (t: Test) {
  const { keyPrefix } = ownKeys()
  const redis = new Redis({ port, host: '127.0.0.1' })
  t.teardown(() => redis.disconnect())
  const room = `${keyPrefix}{app/room}`
  return {
    // Nothing is to be given up for lost but what the test stops, however busy the machine is.
    options: { cluster: { keyPrefix, lease: 3 * LEASE, timeout: 30_000 }, probeTimeout: 10_000, resume: { hold: false } },
    seat: async (id: unknown) => redis.hget(room, `s:${String(id)}`),
    /** The commands about the room that were answered. */
    answers: async () => redis.keys(`${room}:*`),
    alive: async () => redis.zcount(`${keyPrefix}{servers}`, Date.now(), '+inf')
  }
}

/** How a server says in a command that a peer has lost its connection. */
const LOST = '\r\nlost\r\n'

t.test('what a server has said of its peer, and what arrives when it stands still and the peer sits on another server, takes no seat from it', async t => {
  const { options, seat, answers } = late(t)
  const way = await RedisWay.start(port)
  t.teardown(() => way.end())
  const [a, b] = [await serverProcess(t, way.port, options), await server(t, port, options)]
  const { first, second, joined: { resumeToken, peerId } } = await call(a, b)
  const held = way.holdAt(LOST)
  first.raw.destroy()
  const letGo = await held
  const again = await b.connect()
  t.match(await again.join('room', { resume: true, resumeToken, received: 2 }), { resumed: true, peerId })
  a.process.kill('SIGSTOP')
  await isAlone(b)
  const [known, answered] = [await seat(peerId), await answers()]
  letGo()
  await until(async () => (await answers()).some(answer => !answered.includes(answer)))
  t.equal(await seat(peerId), known)
  const third = await b.connect()
  third.send({ command: 'join', streamId: 'room' })
  t.match(await third.next(), { definition: 'NoSpaceForNewPeer' }, 'both are there')
  a.process.kill('SIGCONT')
  await theyTalk(t, again, second)
})

t.test('what another server says too late of the peer of one that stood still takes no seat from it that it has on a third one by then', async t => {
  const { options, seat, alive } = late(t)
  const way = await RedisWay.start(port)
  t.teardown(() => way.end())
  const [a, b, c] = [await serverProcess(t, port, options), await server(t, port, options), await server(t, way.port, options)]
  const { first, second, joined: { resumeToken, peerId } } = await call(a, c)
  const held = way.holdAt(LOST)
  a.process.kill('SIGSTOP')
  const letGo = await held
  a.process.kill('SIGCONT')
  await until(async () => await alive() === 3 && (await b.app.rooms.servers()).length === 3)
  const again = await b.connect()
  t.match(await again.join('room', { resume: true, resumeToken, received: 2 }), { resumed: true, peerId })
  t.equal((await first.closed).code, 4001)
  const known = await seat(peerId)
  // It asks right behind what is held up, before anybody could say that the peer is there.
  const third = await c.connect()
  third.send({ command: 'join', streamId: 'room' })
  const read = new Promise(resolve => third.socket.once('pong', resolve))
  third.socket.ping()
  await read
  letGo()
  t.match(await third.next(), { definition: 'NoSpaceForNewPeer' }, 'both are there')
  t.equal(await seat(peerId), known)
  await theyTalk(t, again, second)
})

t.test('while Redis is away two on one server talk, joins are refused with a time, and what was sent to another server comes later, in order', async t => {
  const proxy = await Proxy.start(t, `http://127.0.0.1:${port}`)
  const redisPort = Number(new URL(proxy.origin).port)
  const [a, b] = await servers(t, redisPort, 2, fast()) as [Host, Host]
  const { first, second } = await call(a, b)
  const local = [await a.connect(), await a.connect()] as const
  await local[0].join('local')
  await local[1].join('local')
  await local[0].hears('start')
  proxy.refuse()
  for (let i = 0; i < 20; i++) first.send(said(i))
  const third = await a.connect()
  third.send({ command: 'join', streamId: 'another' })
  const refusal = await third.next()
  t.match(refusal, { definition: 'serverBusy' })
  t.ok(Number(refusal.retryAfter) > 0)
  local[0].send({ ...said('here'), streamId: 'local' })
  t.match(await local[1].next(), { data: 'here' })
  proxy.accept()
  for (let i = 0; i < 20; i++) t.match(await second.next(), { data: i })
  t.match(await joined(third, { streamId: 'another' }), { definition: 'joined' })
  await theyTalk(t, first, second)
})

t.test('a window does not end while Redis is away', async t => {
  const proxy = await Proxy.start(t, `http://127.0.0.1:${port}`)
  const redisPort = Number(new URL(proxy.origin).port)
  const [a] = await servers(t, redisPort, 1, { ...fast(), resume: { window: 1_500 } }) as [Host]
  const { first, second, joined: { resumeToken } } = await call(a, a)
  proxy.refuse()
  const third = await a.connect()
  third.send({ command: 'join', streamId: 'another' })
  await third.hears('error: serverBusy')
  const absent = new Promise(resolve => a.app.rooms.once('absent', resolve))
  first.raw.destroy()
  await absent
  const begun = performance.now()
  await until(() => performance.now() - begun > 2_000)
  proxy.accept()
  const again = await a.connect()
  t.match(await joined(again, { resume: true, resumeToken, received: 2 }), { definition: 'joined', resumed: true })
  await theyTalk(t, again, second)
})

for (const forget of [false, true]) {
  t.test(`Redis is killed and started again ${forget ? 'without' : 'with'} its data, and nobody in a call notices`, async t => {
    const redis = await LastingRedis.start(t)
    const [a, b] = await servers(t, redis.port, 2, fast()) as [Host, Host]
    const { first, second, joined: { resumeToken } } = await call(a, b)
    await redis.kill()
    await redis.startAgain({ forget })
    await until(async () => (await a.app.rooms.servers()).length === 2 && (await b.app.rooms.servers()).length === 2)
    const third = await a.connect()
    // Until both servers have said again who sits there, there may be nobody to refuse for.
    await until(async () => {
      third.send({ command: 'join', streamId: 'room' })
      const { definition } = await third.next()
      if (definition === 'joined') throw new Error('A third one got a seat.')
      return definition === 'NoSpaceForNewPeer'
    })
    await theyTalk(t, first, second)
    first.raw.destroy()
    const again = await b.connect()
    // The one server may know everything again while the other does not yet.
    t.match(await joined(again, { resume: true, resumeToken, received: 3 }), { definition: 'joined', resumed: true })
    await theyTalk(t, again, second)
  })
}

t.test('with 200 ms to Redis two peers on two servers set up a call, and nothing is lost', async t => {
  const proxy = await Proxy.start(t, `http://127.0.0.1:${port}`)
  proxy.delay = 200
  const redisPort = Number(new URL(proxy.origin).port)
  const [a, b] = await servers(t, redisPort, 2, { cluster: ownKeys() }) as [Host, Host]
  const { first, second } = await call(a, b)
  for (let i = 0; i < 100; i++) first.send(said(i))
  for (let i = 0; i < 100; i++) t.match(await second.next(), { data: i })
  second.send({ command: 'leave', streamId: 'room' })
  t.same(namesOf([await first.next(), await first.next()]), ['stop', 'peerLeft'])
})

/** Names of which all keys lie on one node of a Redis Cluster or another. */
type NodeOf = (key: string) => Promise<number>

async function nodesOf (t: Test, [first, ...more]: LastingRedis[]): Promise<NodeOf> {
  const ports = [first, ...more].map(node => node?.port)
  const redis = new Redis({ port: first?.port ?? 0, host: '127.0.0.1' })
  t.teardown(() => redis.disconnect())
  const slots = await redis.cluster('SLOTS')
  return async key => {
    const slot = Number(await redis.cluster('KEYSLOT', key))
    return ports.indexOf(slots.find(([from, to]) => from <= slot && slot <= to)?.[2]?.[1])
  }
}

/** The first of such names for which something holds. */
async function named (name: string, holds: (name: string) => Promise<boolean>): Promise<string> {
  for (let i = 0; ; i++) if (await holds(`${name}${i}`)) return `${name}${i}`
}

/** Servers of which some node has neither the lease nor the messages: nothing but rooms. */
async function serversBeside (t: Test, ports: number[], options: WebrtcSignallingOptions, nodeOf: NodeOf): Promise<{ hosts: Host[], beside: number }> {
  for (;;) {
    const hosts = [await server(t, ports, options), await server(t, ports, options)]
    await until(async () => (await hosts[0]?.app.rooms.servers())?.length === 2)
    const ids = (await hosts[0]?.app.rooms.servers() ?? []).map(({ id }) => id)
    const used = await Promise.all(['{servers}', ...ids.map(id => `to:${id}`)].map(async key => nodeOf(key.startsWith('{') ? key : `${options.cluster?.keyPrefix}${key}`)))
    const beside = [0, 1, 2].find(node => !used.includes(node))
    if (beside !== undefined) return { hosts, beside }
    await Promise.all(hosts.map(async ({ app }) => app.close()))
  }
}

t.test('a node of a Redis Cluster is killed: rooms of the others go on at once, joins into its own are refused with a time until it is back, and a server ends meanwhile', async t => {
  const nodes = await startLastingCluster(t)
  const nodeOf = await nodesOf(t, nodes)
  const options = { cluster: { ...ownKeys(), lease: 3_000, timeout: 1_000 } }
  const { hosts: [a, b], beside } = await serversBeside(t, nodes.map(({ port }) => port), options, nodeOf) as { hosts: [Host, Host], beside: number }
  const app = await named('app', async name => await nodeOf(`{${name}}`) !== beside)
  const roomOn = async (name: string, isOnKilled: boolean): Promise<string> => named(name, async room => (await nodeOf(`{${app}/${room}}`) === beside) === isOnKilled)
  const connect = async (host: Host): Promise<SignallingClient> => host.connect(`/${app}`)
  const pairs = new Map<string, [SignallingClient, SignallingClient]>()
  for (const room of [await roomOn('here', false), await roomOn('there', true)]) {
    const [one, other] = [await connect(a), await connect(b)]
    await one.join(room, { resume: true })
    await other.join(room, { resume: true })
    await one.hears('start')
    pairs.set(room, [one, other])
  }
  const c = await server(t, nodes.map(({ port }) => port), options)
  const ending = await connect(c)
  await ending.join(await roomOn('ending', true), { resume: true })
  // Before: it may be the very node that is asked for them.
  const [fresh, latest] = [await roomOn('new', false), await roomOn('latest', true)]
  await nodes[beside]?.kill()
  const newcomer = await connect(a)
  await newcomer.join(fresh)
  const refused = await connect(b)
  refused.send({ command: 'join', streamId: latest })
  const refusal = await refused.next()
  t.match(refusal, { definition: 'serverBusy' })
  t.ok(Number(refusal.retryAfter) > 0)
  const everybodyTalks = async (what: string): Promise<void> => {
    for (const [room, [one, other]] of pairs) {
      one.send({ ...said(what), streamId: room })
      other.send({ ...said(what), streamId: room })
      for (const peer of [one, other]) t.match(await peer.next(), { streamId: room, data: what })
    }
  }
  await everybodyTalks('meanwhile')
  await c.app.close()
  t.equal((await ending.closed).code, 1001)
  await nodes[beside]?.startAgain()
  t.match(await joined(refused, { streamId: latest }), { definition: 'joined' })
  await everybodyTalks('afterwards')
  for (const [room, [one, other]] of pairs) {
    const third = await connect(b)
    t.match(await joined(third, { streamId: room }), { definition: 'NoSpaceForNewPeer' })
    one.send({ command: 'leave', streamId: room })
    t.same(namesOf([await other.next(), await other.next()]), ['stop', 'peerLeft'])
  }
})
