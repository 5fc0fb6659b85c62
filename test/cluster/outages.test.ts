import Fastify from 'fastify'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { CommandGate, type ScriptClient } from '../../lib/cluster/command-gate.js'
import { Members } from '../../lib/cluster/members.js'
import webrtcSignalling, { type WebrtcSignallingOptions } from '../../lib/index.js'
import { promisesDone } from '../helpers/fakes/pending.js'
import { TestClock } from '../helpers/fakes/test-clock.js'
import { host, type Host } from '../helpers/host.js'
import { Proxy } from '../helpers/proxy.js'
import { LastingRedis, startRedis } from '../helpers/redis.js'
import { ownKeys, servers, until } from '../helpers/servers.js'
import type { SignallingClient } from '../helpers/signalling-client.js'

// What becomes of rooms where Redis was away, and what our connections to it do.

const { port, stop } = await startRedis()
t.teardown(stop)

const LEASE = 1_000
const said = (data: unknown): Record<string, unknown> => ({ command: 'peerMessageCommand', streamId: 'room', definition: 'chat', data })

async function call (a: Host, b: Host): Promise<[SignallingClient, SignallingClient]> {
  const [first, second] = [await a.connect(), await b.connect()]
  await first.join('room', { resume: true })
  await second.join('room', { resume: true })
  await first.hears('start')
  return [first, second]
}

async function theyTalk (t: Test, one: SignallingClient, other: SignallingClient): Promise<void> {
  one.send(said('there'))
  other.send(said('and back'))
  t.match(await one.next(), { data: 'and back' })
  t.match(await other.next(), { data: 'there' })
}

t.test('Nobody gets into a full room after Redis was away for longer than a lease and has lost its data', async t => {
  const redis = await LastingRedis.start(t)
  const [a, b] = await servers(t, redis.port, 2, { cluster: { ...ownKeys(), lease: LEASE, timeout: 400 } }) as [Host, Host]
  const [first, second] = await call(a, b)
  const third = await a.connect()
  await redis.kill()
  third.send({ command: 'join', streamId: 'room' })
  t.match(await third.next(), { definition: 'serverBusy' })
  const began = performance.now()
  await until(() => performance.now() - began > 2 * LEASE)
  await redis.startAgain({ forget: true })
  await until(async () => {
    third.send({ command: 'join', streamId: 'room' })
    const { definition } = await third.next()
    if (definition === 'joined') throw new Error('A third one got a seat.')
    return definition === 'NoSpaceForNewPeer'
  })
  await theyTalk(t, first, second)
})

t.test('A join that was on its way when Redis ended is not asked of the one that comes back without its data', async t => {
  const redis = await LastingRedis.start(t)
  const [a, b] = await servers(t, redis.port, 2, { cluster: { ...ownKeys(), lease: 10_000, timeout: 30_000 } }) as [Host, Host]
  const [first, second] = await call(a, b)
  const third = await a.connect()
  redis.standStill()
  third.send({ command: 'join', streamId: 'room' })
  // The server has read it once it answers a ping behind it.
  const answered = new Promise(resolve => third.socket.once('pong', resolve))
  third.socket.ping()
  await answered
  await redis.kill()
  await redis.startAgain({ forget: true })
  t.match(await third.next(), { definition: 'serverBusy' })
  await theyTalk(t, first, second)
})

/** A server's lease in the real Redis, through a client that does with each command what a test says. */
async function leaseThrough (t: Test, send: (command: () => Promise<unknown>) => Promise<unknown>) {
  const redis = new Redis({ port, host: '127.0.0.1' })
  t.teardown(() => redis.disconnect())
  const client: ScriptClient = {
    evalsha: async (...args) => send(async () => redis.evalsha(...args)),
    eval: async (...args) => send(async () => redis.eval(...args))
  }
  const { keyPrefix } = ownKeys()
  const clock = new TestClock()
  const told: string[] = []
  const members = new Members({
    client,
    gate: new CommandGate(client, clock, LEASE),
    prefix: keyPrefix,
    server: 'own',
    lease: 60 * LEASE,
    clock,
    about: () => ({ since: 0, draining: false, peers: 0 }),
    renewed: (lapsed, lost) => told.push(lost ? 'lost' : lapsed ? 'lapsed' : 'renewed'),
    failed: () => told.push('failed'),
    died: () => {}
  })
  await members.start()
  t.same(told.splice(0), ['lapsed'], 'it was not there before')
  return {
    members,
    told,
    /** Redis is away for longer than an answer may take. */
    tooLate: async () => clock.advanceSlowly(LEASE, promisesDone),
    forget: async () => {
      // It counts in ms, and it is never twice in one of them that it loses what it knows.
      const began = performance.now()
      await until(() => performance.now() - began > 2)
      await redis.del(`${keyPrefix}{servers}`)
    },
    keys: async () => redis.keys(`${keyPrefix}*`)
  }
}

t.test('That Redis has lost its data is noticed also where nobody waits any more for the first renewal that it carries out', async t => {
  let back: Promise<unknown> | null = null
  const { members, told, tooLate, forget, keys } = await leaseThrough(t, async command => {
    // As a client with no connection: what it is told meanwhile goes out in order once it has one.
    await back
    return command()
  })
  let isBack = (): void => {}
  back = new Promise<void>(resolve => { isBack = resolve })
  await forget()
  const first = members.renewNow()
  await tooLate()
  await first
  const second = members.renewNow()
  isBack()
  await second
  await members.renewNow()
  t.same(told, ['failed', 'lost', 'renewed'])
  await members.stop()
  t.same(await keys(), [])
})

t.test('That Redis has lost its data is noticed also where the answer that says so is lost, and the renewal is sent again', async t => {
  const { members, told, forget, keys } = await leaseThrough(t, async command => {
    await command()
    return command()
  })
  await forget()
  await members.renewNow()
  await members.renewNow()
  t.same(told, ['lost', 'renewed'])
  await members.stop()
  t.same(await keys(), [])
})

t.test('What Redis has lost of its last writes is said again after each cut, also where nothing has waited long for it', async t => {
  const proxy = await Proxy.start(t, `http://127.0.0.1:${port}`)
  const keys = ownKeys()
  const [a, b] = await servers(t, Number(new URL(proxy.origin).port), 2, { cluster: { ...keys, lease: 60_000 } }) as [Host, Host]
  const [first, second] = await call(a, b)
  const redis = new Redis({ port, host: '127.0.0.1' })
  t.teardown(() => redis.disconnect())
  const key = `${keys.keyPrefix}{app/room}`
  t.equal(await redis.del(key), 1)
  proxy.cut()
  await until(async () => await redis.hlen(key) > 0 && Object.keys(await redis.hgetall(key)).filter(field => field.startsWith('s:')).length === 2)
  await theyTalk(t, first, second)
})

t.test('What a host has set for its own commands does not end our connections, nor the wait for messages', async t => {
  const proxy = await Proxy.start(t, `http://127.0.0.1:${port}`)
  const keys = ownKeys()
  const one = async (): Promise<Host> => {
    const redis = new Redis({
      port: Number(new URL(proxy.origin).port), host: 'localhost', retryStrategy: () => null, commandTimeout: 200, socketTimeout: 200, replyMapping: 'resp3'
    })
    redis.on('error', () => {})
    t.teardown(() => redis.disconnect())
    return await host(t, { redis, serveClient: false, cluster: { ...keys, lease: LEASE, timeout: 10_000 } } as WebrtcSignallingOptions)
  }
  const [a, b] = [await one(), await one()]
  const [first, second] = await call(a, b)
  const began = performance.now()
  await until(() => performance.now() - began > 600)
  await theyTalk(t, first, second)
  proxy.cut()
  await theyTalk(t, first, second)
  for (const { log } of [a, b]) t.same(log.from(40), [])
})

t.test('Where the plugin cannot be registered, its connections to Redis end with the app all the same', async t => {
  const redis = new Redis({ port, host: '127.0.0.1' })
  t.teardown(() => redis.disconnect())
  const connections = async (): Promise<number> => (await redis.client('LIST') as string).trim().split('\n').length
  await redis.ping()
  const before = await connections()
  const app = Fastify()
  app.decorate<unknown>('rooms', {})
  await t.rejects(async () => app.register(webrtcSignalling, { redis, cluster: ownKeys() }), { code: 'FST_WEBRTC_DECORATOR_TAKEN' })
  await app.close()
  await until(async () => await connections() === before)
})
