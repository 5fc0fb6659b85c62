import { Cluster, Redis } from 'ioredis'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis-5'
import t, { type Test } from 'tap'
import { MemoryNetwork } from '../../lib/cluster/memory-backplane.js'
import { RedisBackplane } from '../../lib/cluster/redis-backplane.js'
import type { StreamClient } from '../../lib/cluster/stream-outbox.js'
import type { Backplane } from '../../lib/rooms/backplane.js'
import { systemClock } from '../../lib/rooms/clock.js'
import { Proxy } from '../helpers/proxy.js'
import { startRedis, startRedisCluster } from '../helpers/redis.js'

// What carries messages between servers: in order, each once. The contract runs in memory, on a real Redis and on a real Redis Cluster.

const { port, stop } = await startRedis()
const redis = new Redis({ port, host: '127.0.0.1' })
const nodes = await startRedisCluster()
t.teardown(async () => {
  redis.disconnect()
  await Promise.all([stop(), nodes.stop()])
})

/** What a server was told, and a way to wait for it. */
class Inbox {
  readonly messages: string[] = []
  #enough: (() => void) | null = null
  #count = Infinity

  readonly received = (from: string, message: string): void => {
    this.messages.push(`${from}: ${message}`)
    if (this.messages.length >= this.#count) this.#enough?.()
  }

  async has (count: number): Promise<string[]> {
    this.#count = count
    if (this.messages.length < count) await new Promise<void>(resolve => { this.#enough = resolve })
    return this.messages
  }
}

interface Joined {
  inbox: Inbox
  backplane: Backplane
}

type Network = (t: Test, server: string) => Joined

let prefixes = 0

/** In ms. */
const KEEP_FOR = 60_000
const BOUNDS = { maxWaiting: 1_000_000, keepFor: KEEP_FOR }

interface Client extends StreamClient {
  on (event: 'error', listener: () => void): unknown
  disconnect (): void
}

const PATIENT = { maxRetriesPerRequest: null, retryStrategy: () => 10 }
const startup = nodes.ports.map(port => ({ port, host: '127.0.0.1' }))

function onRedis (at = port, wrap: (client: StreamClient) => StreamClient = client => client): Network {
  return on(() => new Redis({ port: at, host: 'localhost', ...PATIENT }), wrap)
}

function on (connect: () => Client, wrap: (client: StreamClient) => StreamClient = client => client): Network {
  const prefix = `test ${prefixes++}:`
  return (t, server) => {
    const inbox = new Inbox()
    const make = (): StreamClient => {
      const client = connect()
      // ioredis tells of each connection that was cut, and makes a new one.
      client.on('error', () => {})
      t.teardown(() => client.disconnect())
      return client
    }
    const [writer, reader] = [wrap(make()), make()]
    const failed = (error: unknown): void => { t.fail(String(error)) }
    const backplane = new RedisBackplane({
      writer, reader, prefix, server, ...BOUNDS, timeout: 2_000, clock: systemClock, received: inbox.received, failed, stuck: () => {}
    })
    t.teardown(() => backplane.close())
    return { inbox, backplane }
  }
}

function inMemory (): Network {
  const network = new MemoryNetwork()
  return (t, server) => {
    const inbox = new Inbox()
    const backplane = network.connect(server, inbox.received)
    t.teardown(() => backplane.close())
    return { inbox, backplane }
  }
}

function contract (what: string, check: (t: Test, network: Network) => Promise<void>): void {
  t.test(`${what} (memory)`, async t => check(t, inMemory()))
  t.test(`${what} (Redis)`, async t => check(t, onRedis()))
  t.test(`${what} (Redis by protocol 2)`, async t => check(t, on(() => new Redis({ port, host: '127.0.0.1', protocol: 2, ...PATIENT }))))
  t.test(`${what} (Redis, by ioredis 5)`, async t => check(t, on(() => new Redis5({ port, host: '127.0.0.1', ...PATIENT }))))
  t.test(`${what} (a Redis Cluster)`, async t => check(t, on(() => new Cluster(startup, { redisOptions: PATIENT }))))
  t.test(`${what} (a Redis Cluster, by ioredis 5)`, async t => check(t, on(() => new Cluster5(startup, { redisOptions: PATIENT }))))
}

contract('messages arrive in order, each once, and say which server sent them', async (t, network) => {
  const [a, b] = [network(t, 'a'), network(t, 'b')]
  const expected: string[] = []
  for (let i = 0; i < 1_200; i++) {
    if (!a.backplane.send('b', `message ${i}`)) throw new Error(`Message ${i} was dropped.`)
    expected.push(`a: message ${i}`)
  }
  t.same(await b.inbox.has(1_200), expected)
  t.same(a.inbox.messages, [])
})

contract('text comes out as it went in', async (t, network) => {
  const [a, b] = [network(t, 'a'), network(t, 'b')]
  const text = '{"data":"ü \\u0000 🙂 \\r\\n"}\r\n$3\u0000'
  a.backplane.send('b', text)
  t.same(await b.inbox.has(1), [`a: ${text}`])
})

contract('messages of each of several servers keep their order', async (t, network) => {
  const [a, b, c] = [network(t, 'a'), network(t, 'b'), network(t, 'c')]
  for (let i = 0; i < 100; i++) {
    a.backplane.send('c', String(i))
    b.backplane.send('c', String(i))
  }
  const messages = await c.inbox.has(200)
  for (const name of ['a', 'b']) {
    t.same(messages.filter(message => message.startsWith(name)), Array.from({ length: 100 }, (_, i) => `${name}: ${i}`))
  }
})

contract('what is sent while nothing is told yet comes behind it, and an answer goes back', async (t, network) => {
  const [a, b] = [network(t, 'a'), network(t, 'b')]
  a.backplane.send('b', 'question')
  t.same(b.inbox.messages, [], 'never before send() has returned')
  await b.inbox.has(1)
  b.backplane.send('a', 'answer')
  t.same(await a.inbox.has(1), ['b: answer'])
})

t.test('an entry that was written twice, since its answer was lost, counts once', async t => {
  const twice = (client: StreamClient): StreamClient => ({
    async call (command, ...args) {
      if (command === 'XADD') await client.call(command, ...args)
      return client.call(command, ...args)
    }
  })
  const network = onRedis(port, twice)
  const [a, b] = [network(t, 'a'), network(t, 'b')]
  a.backplane.send('b', 'one')
  await b.inbox.has(1)
  a.backplane.send('b', 'two')
  t.same(await b.inbox.has(2), ['a: one', 'a: two'])
})

t.test('a connection to Redis that is cut again and again costs no message and doubles none', async t => {
  const proxy = await Proxy.start(t, `http://127.0.0.1:${port}`)
  const network = onRedis(Number(new URL(proxy.origin).port))
  const [a, b] = [network(t, 'a'), network(t, 'b')]
  const expected: string[] = []
  for (let round = 0; round < 8; round++) {
    for (let i = 0; i < 50; i++) {
      a.backplane.send('b', `${round}/${i}`)
      expected.push(`a: ${round}/${i}`)
    }
    // Some of them are there: others are on their way, or not written yet.
    await b.inbox.has(round * 50 + 1)
    for (let i = 50; i < 60; i++) {
      a.backplane.send('b', `${round}/${i}`)
      expected.push(`a: ${round}/${i}`)
    }
    proxy.cut()
  }
  t.same(await b.inbox.has(expected.length), expected)
})

t.test('messages of one turn share a round trip', async t => {
  const calls: number[] = []
  const counted = (client: StreamClient): StreamClient => ({
    async call (command, ...args) {
      if (command === 'XADD') calls.push((args.length - 9) / 2 + 1)
      return client.call(command, ...args)
    }
  })
  const network = onRedis(port, counted)
  const [a, b] = [network(t, 'a'), network(t, 'b')]
  for (let i = 0; i < 40; i++) a.backplane.send('b', 'frame')
  await b.inbox.has(40)
  t.equal(calls.length, 1, `entries of ${calls.join(', ')} messages`)
})

t.test('no more waits for one server than may', async t => {
  const network = onRedis()
  const { backplane } = network(t, 'a')
  const half = 'x'.repeat(500_000)
  t.same([backplane.send('b', half, true), backplane.send('b', half, true), backplane.send('b', 'one more', true)], [true, true, false])
  t.equal(backplane.send('c', 'another', true), true, 'another server has a line of its own')
  t.equal(backplane.send('b', half), true, 'what servers say themselves has more room')
  for (let i = 0; i < 5; i++) backplane.send('b', half)
  t.equal(backplane.send('b', 'one more'), false, 'though not without end')
})

t.test('what was read is trimmed', async t => {
  const prefix = `test ${prefixes}:`
  const network = onRedis()
  const [a, b] = [network(t, 'a'), network(t, 'b')]
  for (let i = 1; i <= 20; i++) {
    a.backplane.send('b', String(i))
    await b.inbox.has(i)
  }
  // Its answer comes behind that of the last trim but one: at most what was read last is still there, and what came before it.
  t.ok(await redis.xlen(`${prefix}to:b`) <= 2)
})

t.test('A connection that is cut somewhere on its way, and looks as if it were open, is noticed', async t => {
  const proxy = await Proxy.start(t, `http://127.0.0.1:${port}`)
  const prefix = `test ${prefixes++}:`
  const inbox = new Inbox()
  const client = (at: number): Redis => {
    const client = new Redis({ port: at, host: 'localhost', maxRetriesPerRequest: null, retryStrategy: () => 10 })
    client.on('error', () => {})
    t.teardown(() => client.disconnect())
    return client
  }
  const [writer, reader] = [client(port), client(Number(new URL(proxy.origin).port))]
  const failed = (error: unknown): void => { t.fail(String(error)) }
  const options = { writer, prefix, ...BOUNDS, timeout: 200, blockFor: 100, clock: systemClock, failed }
  const stuck = (): void => { if (reader.status === 'ready') reader.disconnect(true) }
  const a = new RedisBackplane({ ...options, reader: client(port), server: 'a', received: () => {}, stuck: () => {} })
  const b = new RedisBackplane({ ...options, reader, server: 'b', received: inbox.received, stuck })
  t.teardown(() => {
    a.close()
    b.close()
  })
  a.send('b', 'before')
  await inbox.has(1)
  proxy.swallow()
  a.send('b', 'after')
  t.same(await inbox.has(2), ['a: before', 'a: after'])
})

t.test('What nobody reads any more does not stay', async t => {
  const prefix = `test ${prefixes}:`
  const { backplane } = onRedis()(t, 'a')
  backplane.send('gone', 'to one that is gone')
  await backplane.written()
  let left = await redis.pttl(`${prefix}to:gone`)
  // It is said behind the message, and nobody waits for it.
  while (left < 0) left = await redis.pttl(`${prefix}to:gone`)
  t.ok(left > 0 && left <= KEEP_FOR, `${left} ms are left`)
})

t.test('What was sent is said to be written while more and more is sent', async t => {
  let backplane: Backplane | null = null
  let writes = 0
  const busy = (client: StreamClient): StreamClient => ({
    async call (command, ...args) {
      // Always one more: it never comes to rest.
      if (command === 'XADD' && ++writes < 1_000) backplane?.send('b', 'more')
      return client.call(command, ...args)
    }
  })
  const a = onRedis(port, busy)(t, 'a')
  backplane = a.backplane
  backplane.send('b', 'this')
  await backplane.written()
  t.ok(writes < 1_000, `after ${writes}`)
})
