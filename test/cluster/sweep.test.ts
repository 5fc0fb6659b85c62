import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { Cluster } from '../../lib/cluster/cluster.js'
import { KEPT_FOR } from '../../lib/cluster/record-times.js'
import { systemClock } from '../../lib/rooms/clock.js'
import { RoomRegistry } from '../../lib/rooms/room-registry.js'
import { FakeLink } from '../helpers/fakes/fake-link.js'
import { Proxy } from '../helpers/proxy.js'
import { startRedis } from '../helpers/redis.js'
import { ownKeys, until } from '../helpers/servers.js'

// Redis keeps nothing of servers that are gone, with no server that looks for it; and all that is about people who are there.

const { port, stop } = await startRedis()
const redis = new Redis({ port, host: '127.0.0.1' })
t.teardown(async () => {
  redis.disconnect()
  await stop()
})

/** Far less than a host may set, in ms, so that much of it passes. */
const LEASE = 20
const KEEP_FOR = KEPT_FOR * LEASE
const RULES = { window: 60_000, hold: true, messages: 100, bytes: 100_000 }

interface Server {
  /** Sits down in a room, and says nothing from then on. */
  sit (room: string): void
  /** Redis hears nothing of it from now on. */
  die (): void
}

async function start (t: Test, prefix: string): Promise<Server> {
  const proxy = await Proxy.start(t, `http://127.0.0.1:${port}`)
  const client = new Redis({ port: Number(new URL(proxy.origin).port), host: 'localhost', lazyConnect: true })
  let isDead = false
  const cluster = new Cluster({
    redis: client,
    prefix,
    lease: LEASE,
    timeout: 1_000,
    probeTimeout: 1_000,
    maxWaiting: 1_000_000,
    clock: systemClock,
    failed: error => { if (!isDead) t.fail(String(error)) }
  })
  const rooms = new RoomRegistry(RULES, systemClock, cluster.makeRoom)
  cluster.serve(rooms)
  await cluster.start()
  t.teardown(async () => cluster.stop())
  return {
    sit: room => new FakeLink({ rooms, clock: systemClock, probeTimeout: 1_000 }).say({ command: 'join', streamId: room, resume: true }),
    die: () => {
      isDead = true
      proxy.refuse()
    }
  }
}

t.test('What Redis has of dead servers ends by itself, and a room of living ones stays, however long nobody in it says anything', async t => {
  const { keyPrefix } = ownKeys()
  const keys = async (): Promise<string[]> => (await redis.keys(`${keyPrefix}*`)).map(key => key.slice(keyPrefix.length)).filter(key => key !== '').sort()
  const [a, b, c] = [await start(t, keyPrefix), await start(t, keyPrefix), await start(t, keyPrefix)]
  const here = (room: string): string => `{app/${room}}`
  const isFull = async (room: string): Promise<boolean> => (await redis.hkeys(`${keyPrefix}${here(room)}`)).filter(field => field.startsWith('s:')).length === 2
  for (const [one, other, room] of [[a, b, 'dead'], [a, c, 'half-alive'], [c, c, 'silent']] as const) {
    one.sit(room)
    other.sit(room)
    await until(async () => isFull(room))
  }
  const version = await redis.hget(`${keyPrefix}${here('silent')}`, 'last')
  a.die()
  b.die()
  const began = performance.now()
  await until(async () => !(await keys()).includes(here('dead')))
  t.ok((await keys()).includes(here('half-alive')))
  // Much longer than anything is kept of which nobody says anything.
  await until(() => performance.now() - began > 2 * KEEP_FOR)
  const left = await keys()
  t.ok(left.includes(here('half-alive')) && left.includes(here('silent')))
  t.equal(await redis.hget(`${keyPrefix}${here('silent')}`, 'last'), version, 'the record was there all the time')
  const streams = left.filter(key => key.startsWith('to:'))
  // The answers to commands are kept for half a minute in any case, and their numbers for five.
  const answers = left.filter(key => /\}:(by )?[0-9a-f-]{36}$/.test(key))
  t.same(left.filter(key => !streams.includes(key) && !answers.includes(key)), [here('half-alive'), here('silent'), '{app}:rooms', '{servers}', '{servers}:about'].sort())
  t.same((await redis.zrange(`${keyPrefix}{app}:rooms`, '0', '-1')).sort(), ['half-alive', 'silent'])
  t.ok(streams.length <= 1, `${streams.join(', ')} is left`)
  for (const key of left) t.ok(await redis.pttl(`${keyPrefix}${key}`) > 0, `${key} ends by itself`)
  t.equal(await redis.zcard(`${keyPrefix}{servers}`), 1)
})
