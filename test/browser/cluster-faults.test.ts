import { once } from 'node:events'
import t, { type Test } from 'tap'
import { launch } from '../helpers/browser.js'
import { inCall } from '../helpers/media.js'
import { watchPerson } from '../helpers/noticed.js'
import { PeerPage } from '../helpers/peer-page.js'
import { Proxy } from '../helpers/proxy.js'
import { LastingRedis, startReplica } from '../helpers/redis.js'
import { ownKeys, serverProcess, until } from '../helpers/servers.js'
import { Wire } from '../helpers/wire.js'

// One call in Chromium between two people on two servers, in the middle of which servers and Redis die, stand still or are cut off: what the
// two notice of it. What servers and clients say meanwhile is in cluster/faults.test.ts.

const LEASE = 2_000

const redis = await LastingRedis.start(t)
const way = await Proxy.start(t, `http://127.0.0.1:${redis.port}`)
const options = { serveClient: true, cluster: { ...ownKeys(), lease: LEASE, timeout: 1_000 } }
const start = async () => serverProcess(t, Number(new URL(way.origin).port), options)
const [a, b] = await Promise.all([start(), start()])
// What a load balancer is to them: the way to a server, which can lead to another one.
const [doorA, doorB] = [await Proxy.start(t, a.origin), await Proxy.start(t, b.origin)]
const browser = await launch(t)
const [anna, ben] = [await open(doorA), await open(doorB)]
await anna.join('room')
await anna.is('waiting')
await ben.join('room')
await inCall(anna, ben)

async function open (door: Proxy): Promise<PeerPage> {
  return PeerPage.open(t, browser, `${door.origin}/app`, { expected: [/WebSocket connection to .* failed/, /net::ERR_/] })
}

/** What the two notice of something that befalls the servers. */
async function noticed (befalls: () => Promise<void>): Promise<{ anna: string[], ben: string[] }> {
  const read = await Promise.all([anna, ben].map(async ({ page }) => watchPerson(page)))
  await befalls()
  await inCall(anna, ben)
  const [ofAnna = [], ofBen = []] = await Promise.all(read.map(async read => read()))
  return { anna: ofAnna, ben: ofBen }
}

const NOTHING = { anna: [], ben: [] }

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
  t.pass('the room is full')
}

/** Each switches the camera off and on, which takes a new offer and answer, from server to server. */
async function theyTalk (t: Test): Promise<void> {
  for (const [one, other] of [[anna, ben], [ben, anna]] as const) {
    const offered = Wire.of(other.page).hears('takeConfiguration')
    await one.press('Camera', 'off')
    await other.page.getByText('Their camera is off').waitFor()
    await offered
    await one.press('Camera', 'on')
    await other.page.getByText('Their camera is off').waitFor({ state: 'hidden' })
  }
  await inCall(anna, ben)
  t.pass('what each says reaches the other')
}

t.test('200 ms to Redis: they notice nothing', async t => {
  t.same(await noticed(async () => {
    way.delay = 200
    await isFull(t)
  }), NOTHING)
  await theyTalk(t)
  way.delay = 0
})

t.test('no way to Redis for 5 s: they notice nothing, and what they say to each other by the servers comes when it is back', async t => {
  t.same(await noticed(async () => {
    way.refuse()
    await passed(5_000)
  }), NOTHING)
  const offered = Wire.of(ben.page).hears('takeConfiguration')
  await anna.press('Camera', 'off')
  way.accept()
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
    }), NOTHING)
    await theyTalk(t)
  })
}

t.test('a replica takes over that lacks the last writes: they notice nothing', async t => {
  const replica = await startReplica(t, redis.port)
  await replica.promote()
  // What the old one is told from now on is lost with it: a seat that went on on another connection.
  const back = Wire.of(anna.page).hears('"resumed":true')
  doorA.cut()
  await back
  await anna.is('call')
  let healed = 0
  t.same(await noticed(async () => {
    way.leadTo(`http://127.0.0.1:${replica.port}`)
    await redis.kill()
    const begun = performance.now()
    await isFull(t)
    healed = performance.now() - begun
  }), NOTHING)
  t.comment(`healed after ${Math.round(healed)} ms`)
  await theyTalk(t)
})

t.test('a server stands still for twice its lease: they notice nothing', async t => {
  t.same(await noticed(async () => {
    a.process.kill('SIGSTOP')
    await passed(2 * LEASE)
    a.process.kill('SIGCONT')
    await isFull(t)
  }), NOTHING)
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
  }), { anna: ['Connection lost, reconnecting …', 'In call'], ben: [] })
  await theyTalk(t)
})
