import { once } from 'node:events'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { launch } from '../helpers/browser.js'
import { inCall } from '../helpers/media.js'
import { NOTHING, watchPerson, type Noticed } from '../helpers/noticed.js'
import { PeerPage } from '../helpers/peer-page.js'
import { Proxy } from '../helpers/proxy.js'
import { LastingRedis, startReplica } from '../helpers/redis.js'
import { ownKeys, serverProcess, until, type ServerProcess } from '../helpers/servers.js'
import { Wire } from '../helpers/wire.js'

// One call in Chromium between two people on two servers, in the middle of which servers and Redis die, stand still or are cut off: what the
// two notice of it. What servers and clients say meanwhile is in cluster/faults.test.ts.

/** As long as a server may be kept waiting by a busy machine: one that stands still for longer is taken for dead, as it should be. */
const LEASE = 3_000
/** What outlives the test that starts it ends with the file. */
const file = t
/** The Redis that has taken over. */
let successor = 0

const redis = await LastingRedis.start(t)
// Each server has a way of its own to Redis, so that the two may lead to two of them.
const [wayA, wayB] = [await Proxy.start(t, `http://127.0.0.1:${redis.port}`), await Proxy.start(t, `http://127.0.0.1:${redis.port}`)]
const ways = [wayA, wayB]
const options = { serveClient: true, cluster: { ...ownKeys(), lease: LEASE, timeout: 1_500 } }
const start = async (way: Proxy): Promise<ServerProcess> => serverProcess(t, portOf(way), options)
const [a, b] = await Promise.all([start(wayA), start(wayB)])
// What a load balancer is to them: the way to a server, which can lead to another one.
const [doorA, doorB] = [await Proxy.start(t, a.origin), await Proxy.start(t, b.origin)]
const browser = await launch(t)
const [anna, ben] = [await open(doorA), await open(doorB)]
await anna.join('room')
await anna.is('waiting')
await ben.join('room')
await inCall(anna, ben)

function portOf ({ origin }: Proxy): number {
  return Number(new URL(origin).port)
}

async function open (door: Proxy): Promise<PeerPage> {
  return PeerPage.open(t, browser, `${door.origin}/app`, { expected: [/WebSocket connection to .* failed/, /net::ERR_/] })
}

/** What the two notice of something that befalls servers or Redis. */
async function noticed (befalls: () => Promise<void>): Promise<{ anna: Noticed, ben: Noticed }> {
  const [ofAnna, ofBen] = [await watchPerson(anna.page), await watchPerson(ben.page)]
  await befalls()
  await inCall(anna, ben)
  return { anna: await ofAnna(), ben: await ofBen() }
}

const NEITHER = { anna: NOTHING, ben: NOTHING }

async function passed (ms: number): Promise<void> {
  const begun = performance.now()
  await until(() => performance.now() - begun >= ms)
}

/** Waits until both seats are known again: a third one is refused because they are taken. */
async function isFull (t: Test): Promise<void> {
  const third = await b.connect()
  await until(async () => {
    third.send({ command: 'join', streamId: 'room' })
    const { definition } = await third.next()
    if (definition === 'joined') throw new Error('A third one got a seat.')
    return definition === 'NoSpaceForNewPeer'
  })
  third.socket.close()
  t.pass('a third one gets no seat')
}

/** Each switches the camera off and on, which takes an offer and an answer, from server to server. */
async function theyTalk (t: Test): Promise<void> {
  for (const [one, other] of [[anna, ben], [ben, anna]] as const) {
    const offered = Wire.of(other.page).hears('takeConfiguration')
    await one.press('Camera', 'off')
    await offered
    await one.press('Camera', 'on')
  }
  await inCall(anna, ben)
  t.pass('what each says reaches the other')
}

/** The connection of one of them is cut: it comes back to its own seat. */
async function comesBack ({ page }: PeerPage, door: Proxy): Promise<void> {
  const back = Wire.of(page).hears('"resumed":true')
  door.cut()
  await back
}

t.test('200 ms to Redis: they notice nothing', async t => {
  t.same(await noticed(async () => {
    for (const way of ways) way.delay = 200
    await isFull(t)
  }), NEITHER)
  await theyTalk(t)
  for (const way of ways) way.delay = 0
})

t.test('no way to Redis for 5 s: they notice nothing, and what they say to each other by the servers comes when it is back', async t => {
  t.same(await noticed(async () => {
    for (const way of ways) way.refuse()
    await passed(5_000)
  }), NEITHER)
  const offered = Wire.of(ben.page).hears('takeConfiguration')
  await anna.press('Camera', 'off')
  for (const way of ways) way.accept()
  await offered
  await anna.press('Camera', 'on')
  await isFull(t)
  await theyTalk(t)
})

for (const forget of [false, true]) {
  t.test(`Redis is killed and started again ${forget ? 'without' : 'with'} its data: they notice nothing`, async t => {
    t.same(await noticed(async () => {
      await redis.kill()
      await redis.startAgain({ forget })
      await isFull(t)
    }), NEITHER)
    await theyTalk(t)
    await comesBack(anna, doorA)
  })
}

t.test('a server stands still for twice its lease: they notice nothing', async t => {
  t.same(await noticed(async () => {
    a.process.kill('SIGSTOP')
    await passed(2 * LEASE)
    a.process.kill('SIGCONT')
    await isFull(t)
  }), NEITHER)
  await theyTalk(t)
})

t.test('a replica takes over that lacks the last writes: they notice nothing, and whose last proof it lacks comes back by it', async t => {
  const replica = await startReplica(file, redis.port)
  await replica.promote()
  // What the old one is told from now on is lost with it: a seat that went on on another connection, and the proof that its owner has since.
  await comesBack(anna, doorA)
  await anna.is('call')
  t.same(await noticed(async () => {
    for (const way of ways) way.leadTo(`http://127.0.0.1:${replica.port}`)
    await redis.kill()
    await isFull(t)
  }), NEITHER)
  await theyTalk(t)
  await comesBack(anna, doorA)
  successor = replica.port
})

t.test('each server has a Redis of its own for two leases, and takes the other one for dead: they notice nothing, and both seats are there afterwards', async t => {
  const replica = await startReplica(file, successor)
  await replica.promote()
  const later = new Redis({ port: replica.port, host: '127.0.0.1' })
  t.teardown(() => later.disconnect())
  /** Who sits there by what the later one knows: whether each is present. */
  const seats = async (): Promise<boolean[]> => {
    const fields = Object.entries(await later.hgetall(`${options.cluster.keyPrefix}{app/room}`))
    return fields.flatMap(([field, value]) => field.startsWith('s:') ? !('until' in (JSON.parse(value) as object)) : [])
  }
  t.same(await noticed(async () => {
    wayB.leadTo(`http://127.0.0.1:${replica.port}`)
    wayB.cut()
    await until(async () => (await seats()).includes(false))
    await passed(LEASE)
    wayA.leadTo(`http://127.0.0.1:${replica.port}`)
    wayA.cut()
    await until(async () => (await seats()).filter(isPresent => isPresent).length === 2)
    await isFull(t)
  }), NEITHER)
  await theyTalk(t)
})

t.test('a server is killed: its person sees for a moment that the page reconnects, the other one nothing', async t => {
  t.same(await noticed(async () => {
    doorA.leadTo(b.origin)
    const back = Wire.of(anna.page).hears('"joined"')
    a.process.kill('SIGKILL')
    await once(a.process, 'exit')
    await back
    await anna.is('call')
    await isFull(t)
  }), {
    anna: { media: [], words: ['Connection lost, reconnecting …', 'In call'], events: ['reconnecting', 'reconnected'] },
    ben: { media: [], words: [], events: ['peerLeft', 'peerJoined'] }
  })
  await theyTalk(t)
})
