import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { MemoryRoomCount } from '../../lib/cluster/memory-room-count.js'
import { RedisRoomCount, type RoomCount } from '../../lib/cluster/room-count.js'
import type { Host } from '../helpers/host.js'
import { startRedis } from '../helpers/redis.js'
import { ownKeys, servers, until } from '../helpers/servers.js'
import { ClusterWorld } from '../helpers/fakes/cluster-world.js'
import type { SignallingClient } from '../helpers/signalling-client.js'

// How many rooms an application has over all servers. The contract runs in memory and on a real Redis.

const { port, stop } = await startRedis()
const redis = new Redis({ port, host: '127.0.0.1' })
t.teardown(async () => {
  redis.disconnect()
  await stop()
})

const HOUR = 3_600_000
let prefixes = 0
const failed = (error: unknown): void => { throw error }

const MAKES: Array<[string, (countFor?: number) => RoomCount]> = [
  ['memory', (countFor = HOUR) => new MemoryRoomCount(() => performance.now(), countFor)],
  ['Redis', (countFor = HOUR) => new RedisRoomCount(redis, `test:${prefixes++}:`, countFor, failed)]
]

function contract (what: string, check: (t: Test, make: (countFor?: number) => RoomCount) => Promise<void>): void {
  for (const [name, make] of MAKES) t.test(`${what} (${name})`, async t => check(t, make))
}

const named = (room: string, app = 'app'): { app: string, room: string } => ({ app, room })

contract('no more rooms begin than an application may have, and one that begins twice is one', async (t, make) => {
  const count = make()
  for (const room of ['one', 'two', 'one']) t.equal(await count.begin(named(room), 2), true)
  t.equal(await count.begin(named('three'), 2), false)
  t.equal(await count.begin(named('three'), 2), false, 'it does not count')
  t.equal(await count.begin(named('three'), 3), true)
})

contract('each application has rooms of its own', async (t, make) => {
  const count = make()
  t.equal(await count.begin(named('one'), 1), true)
  t.equal(await count.begin(named('one', 'other'), 1), true)
  t.equal(await count.begin(named('two', 'other'), 1), false)
})

contract('where a room has ended, another one may begin', async (t, make) => {
  const count = make()
  await count.begin(named('one'), 1)
  count.end(named('nobody knows it'))
  t.equal(await count.begin(named('two'), 1), false)
  count.end(named('one'))
  t.equal(await count.begin(named('two'), 1), true)
})

contract('rooms that go on count, also where they were forgotten, and where there are too many', async (t, make) => {
  const count = make()
  count.goOn('app', ['one', 'two', 'three'])
  t.equal(await count.begin(named('four'), 3), false)
  t.equal(await count.begin(named('two'), 1), true, 'one that is there may always be')
})

contract('a room counts no more some time after the last that was said of it', async (t, make) => {
  const count = make(100)
  await count.begin(named('one'), 1)
  const began = performance.now()
  while (performance.now() - began < 150) {
    count.goOn('app', ['one'])
    if (await count.begin(named('two'), 1)) t.fail('The room goes on.')
  }
  await until(async () => await count.begin(named('two'), 1))
  t.equal(await count.begin(named('one'), 1), false)
})

t.test('Redis keeps no count of an application of which nobody says anything', async t => {
  const count = new RedisRoomCount(redis, 'kept:', HOUR, failed)
  await count.begin(named('one'), 1)
  const [key = '', ...more] = await redis.keys('kept:*')
  t.same([key, ...more], ['kept:{app}:rooms'])
  t.ok(await redis.pttl(key) > 0)
  count.end(named('one'))
  await until(async () => (await redis.keys('kept:*')).length === 0)
})

async function tries (host: Host, room: string): Promise<[SignallingClient, unknown]> {
  const client = await host.connect()
  client.send({ command: 'join', streamId: room })
  return [client, (await client.next()).definition]
}

t.test('An application has no more rooms over all servers than limits.rooms says, and whoever knows one of them gets in', async t => {
  const [a, b, c] = await servers(t, port, 3, { cluster: { ...ownKeys(), lease: 1_500 }, limits: { rooms: 2 } }) as [Host, Host, Host]
  // Until they know one another, none of them can say who sits on another one.
  for (const { app } of [a, b, c]) await until(async () => (await app.rooms.servers()).length === 3)
  const [first] = await tries(a, 'one')
  t.equal((await tries(b, 'two'))[1], 'joined')
  for (const host of [a, b, c]) t.equal((await tries(host, 'three'))[1], 'tooManyRooms')
  t.equal((await tries(c, 'one'))[1], 'joined')
  const [third] = await tries(c, 'three')
  await until(async () => (await a.app.rooms.get('app', 'one'))?.peers.length === 2)
  first.raw.destroy()
  // The room goes on, on another server.
  await until(async () => (await a.app.rooms.get('app', 'one'))?.peers.length === 1)
  third.send({ command: 'join', streamId: 'three' })
  t.match(await third.next(), { definition: 'tooManyRooms' })
  t.equal(await a.app.rooms.close('app', 'one'), true)
  await until(async () => {
    third.send({ command: 'join', streamId: 'three' })
    return (await third.next()).definition === 'joined'
  })
  t.equal((await tries(a, 'one'))[1], 'tooManyRooms')
})

t.test('What the count has lost it knows again after ten leases, and at once after a reconnection', async t => {
  const world = new ClusterWorld()
  const [a, b] = [world.start('a'), world.start('b')]
  await a.connect().join()
  const counts = (): boolean => !world.count.begin({ app: 'app', room: 'another' }, 1) && world.count.begin({ app: 'app', room: 'room' }, 0)
  for (const turns of [30, 0]) {
    t.ok(counts())
    world.count.end({ app: 'app', room: 'room' })
    for (let i = 0; i < turns; i++) a.cluster.renewed(false)
    if (turns === 0) a.cluster.renewed(true)
    b.cluster.renewed(true)
    await world.idle()
  }
  t.ok(counts())
})
