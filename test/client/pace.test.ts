import fc from 'fast-check'
import t, { type Test } from 'tap'
import { Pace } from '../../lib/client/guard/pace.js'
import { byteLength } from '../../lib/client/signalling/frames.js'
import type { Environment } from '../../lib/client/base/environment.js'
import type { ToldLimits } from '../../lib/protocol/server-messages.js'
import { TokenBucket } from '../../lib/transport/limits/token-bucket.js'
import { heard, inCall, World, type FakePage } from '../helpers/fakes/client-world.js'
import { TestClock } from '../helpers/fakes/test-clock.js'

/** The server's own defaults. */
const LIMITS: ToldLimits = { messagesPerSecond: 100, messageBurst: 500, bytesPerSecond: 131_072, byteBurst: 524_288, frameBytes: 65_536, waitingFrames: 256 }

/** Holds every socket to the limits by the server's own buckets; returns how many frames were refused so far. */
function enforce (world: World, limits: ToldLimits, tell = true): () => number {
  world.server.limits = tell ? limits : undefined
  const buckets = new WeakMap<object, [TokenBucket, TokenBucket]>()
  let refused = 0
  world.server.receive = (text, link) => {
    const now = world.clock.now()
    const [messages, bytes] = buckets.get(link) ?? [
      new TokenBucket({ rate: limits.messagesPerSecond, burst: limits.messageBurst }, now),
      new TokenBucket({ rate: limits.bytesPerSecond, burst: limits.byteBurst }, now)
    ]
    buckets.set(link, [messages, bytes])
    const size = Buffer.byteLength(text)
    if (size <= limits.frameBytes && messages.take(1, now) && bytes.take(size, now)) return link.take(text)
    refused++
    link.terminate()
  }
  return () => refused
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** Sends so many messages at once; the promises say how each went. */
const say = (page: FakePage, count: number, data: (index: number) => unknown = index => index): Promise<Array<PromiseSettledResult<void>>> =>
  Promise.allSettled(numbers(count).map(async index => await page.adaptor.sendPeerMessage('n', data(index))))

async function passUntil (world: World, done: () => boolean): Promise<void> {
  for (let steps = 0; steps < 500 && !done(); steps++) await world.pass(500)
}

async function limited (t: Test, limits: ToldLimits, tell?: boolean): Promise<{ world: World, anna: FakePage, ben: FakePage, refused: () => number }> {
  const world = new World()
  const refused = enforce(world, limits, tell)
  const [anna, ben] = await world.call(t)
  return { world, anna, ben, refused }
}

for (const [name, limits, tell] of [
  ['with the limits of the server by default', LIMITS, true],
  ['with limits that are far lower', { ...LIMITS, messagesPerSecond: 50, messageBurst: 40, waitingFrames: 4 }, true],
  ['with a server that tells nothing of them', LIMITS, false]
] as const) {
  t.test(`3,000 messages at once all arrive, in order and without a close, ${name}`, async t => {
    const { world, anna, ben, refused } = await limited(t, limits, tell)
    const all = say(anna, 3_000)
    await passUntil(world, () => heard(ben).length >= 3_000)
    t.same(heard(ben), numbers(3_000))
    t.ok((await all).every(({ status }) => status === 'fulfilled'))
    t.equal(refused(), 0)
    t.equal(anna.network.sockets.length, 1)
    t.same(anna.errorNames, [])
  })
}

t.test('bytes are paced as messages are', async t => {
  const { world, anna, ben, refused } = await limited(t, LIMITS)
  void say(anna, 100, index => `${index}${'€'.repeat(10_000)}`)
  await passUntil(world, () => heard(ben).length >= 100)
  t.same(heard(ben).map(data => Number.parseInt(String(data), 10)), numbers(100))
  t.equal(refused(), 0)
})

t.test('700 messages in 20 s of absence arrive, once and in order, and what was promised holds', async t => {
  const { world, anna, ben, refused } = await limited(t, LIMITS)
  anna.network.reachable = false
  anna.socket.cut()
  let sent = 0
  const all = say(anna, 700).finally(() => { sent++ })
  await world.pass(19_000)
  t.equal(sent, 0, 'nothing is said to be sent before it is')
  anna.network.reachable = true
  await passUntil(world, () => heard(ben).length >= 700)
  t.same(heard(ben), numbers(700))
  t.ok((await all).every(({ status }) => status === 'fulfilled'))
  t.equal(refused(), 0)
  t.ok(inCall(anna, ben))
})

t.test('a network that holds everything back and lets it through at once makes no flood of it', async t => {
  const { world, anna, ben, refused } = await limited(t, LIMITS)
  const { carryUp } = anna.socket
  for (let round = 0; round < 5; round++) {
    void say(anna, 600, index => round * 600 + index)
    anna.socket.carryUp = () => false
    for (let second = 0; second < 3; second++) {
      await world.clock.advanceSlowly(1_000, async () => {})
    }
    anna.socket.carryUp = carryUp
    await world.whenIdle()
  }
  await passUntil(world, () => heard(ben).length >= 3_000)
  t.same(heard(ben), numbers(3_000))
  t.equal(refused(), 0)
})

t.test('descriptions and candidates do not wait behind what the application says', async t => {
  const { world, anna, ben, refused } = await limited(t, LIMITS)
  void say(anna, 3_000)
  await world.whenIdle()
  const before = heard(ben).length
  t.ok(before < 3_000)
  await anna.adaptor.turnOffLocalCamera()
  await world.whenIdle()
  t.same(ben.remote, ['audio'], 'the camera is off at the other side at once')
  t.ok(heard(ben).length < 3_000)
  t.equal(refused(), 0)
})

t.test('a message that is larger than the server takes is refused once, before it is sent, and disturbs nothing', async t => {
  const { world, anna, ben, refused } = await limited(t, LIMITS)
  await t.rejects(anna.adaptor.sendPeerMessage('n', 'x'.repeat(70_000)), { name: 'tooLarge', streamId: 'room1' })
  await t.rejects(anna.adaptor.sendPeerMessage('n', '€'.repeat(22_000)), { name: 'tooLarge' }, 'in bytes, not characters')
  t.same(anna.errorNames, ['tooLarge', 'tooLarge'])
  const fits = anna.adaptor.sendPeerMessage('n', 'x'.repeat(65_000))
  await world.whenIdle()
  await fits
  t.equal(heard(ben).length, 1)
  t.equal(refused(), 0)
  t.equal(anna.network.sockets.length, 1)
})

t.test('a description that is larger than the server takes is refused by the SDK, told as tooLarge, and costs no connection', async t => {
  const { anna, ben, refused } = await limited(t, { ...LIMITS, frameBytes: 200 })
  t.notOk(inCall(anna, ben))
  t.same(anna.errorNames, ['tooLarge'])
  t.same(anna.sent.filter(({ command }) => command === 'takeConfiguration'), [])
  t.equal(refused(), 0)
  t.same([anna, ben].map(({ network }) => network.sockets.length), [1, 1])
  t.equal(ben.adaptor.connectionState, 'open')
})

t.test('what waits and turns out to be too large when the server tells its limits is refused then, once', async t => {
  const world = new World()
  enforce(world, LIMITS)
  const page = world.page(t)
  page.open()
  void page.adaptor.join('room1')
  const large = page.adaptor.sendPeerMessage('n', 'x'.repeat(70_000))
  await world.whenIdle()
  await t.rejects(large, { name: 'tooLarge' })
  t.same(page.errorNames, ['tooLarge'])
  t.equal(page.network.sockets.length, 1)
})

t.test('a server that refuses a message for its size and closes for it is heard once', async t => {
  const world = new World()
  world.server.limits = undefined
  const [anna] = await world.call(t)
  await anna.adaptor.sendPeerMessage('n', 'large')
  anna.socket.push(JSON.stringify({ command: 'error', definition: 'tooLarge', message: 'Too large.' }))
  anna.socket.end(1009)
  await world.pass(3_000)
  t.same(anna.errorNames, ['tooLarge'])
})

t.test('whatever a network does, the server\'s buckets refuse nothing that the pace allowed', async t => {
  type Step = { type: 'send', bytes: number, kind: 'application' | 'call' } | { type: 'wait', ms: number } | { type: 'carry', count: number } | { type: 'pong' }
  const steps = fc.array(fc.oneof<Array<fc.Arbitrary<Step>>>(
    fc.record({ type: fc.constant('send'), bytes: fc.integer({ min: 1, max: 300 }), kind: fc.constantFrom('application', 'call') }),
    fc.record({ type: fc.constant('wait'), ms: fc.integer({ min: 1, max: 3_000 }) }),
    fc.record({ type: fc.constant('carry'), count: fc.nat({ max: 20 }) }),
    fc.constant({ type: 'pong' })
  ), { maxLength: 200, size: 'max' })
  const limits = fc.record({
    messagesPerSecond: fc.integer({ min: 1, max: 20 }),
    messageBurst: fc.integer({ min: 15, max: 40 }),
    bytesPerSecond: fc.integer({ min: 100, max: 2_000 }),
    byteBurst: fc.integer({ min: 1_000, max: 5_000 }),
    frameBytes: fc.constant(400),
    waitingFrames: fc.integer({ min: 1, max: 50 })
  })
  fc.assert(fc.property(steps, limits, (steps, limits) => {
    const clock = new TestClock()
    const pace = new Pace({ now: () => clock.now() } as Environment)
    pace.handleLoss()
    pace.handleLimits(limits)
    const messages = new TokenBucket({ rate: limits.messagesPerSecond, burst: limits.messageBurst }, clock.now())
    const bytes = new TokenBucket({ rate: limits.bytesPerSecond, burst: limits.byteBurst }, clock.now())
    const wire: Array<{ bytes: number, ping: boolean }> = []
    let pongs = 0
    const send = (size: number, ping: boolean) => {
      wire.push({ bytes: size, ping })
      pace.handleSent(size)
      if (ping) pace.handlePing()
    }
    for (const step of steps) {
      if (step.type === 'send') {
        const delay = pace.delay(step.bytes, step.kind)
        if (delay === 0) send(step.bytes, false)
        else if (delay === Infinity && !pace.asking) send(18, true)
      } else if (step.type === 'wait') {
        clock.advance(step.ms)
      } else if (step.type === 'pong') {
        if (pongs > 0) pace.handlePong()
        pongs = Math.max(pongs - 1, 0)
      } else {
        for (const frame of wire.splice(0, step.count)) {
          if (!messages.take(1, clock.now()) || !bytes.take(frame.bytes, clock.now())) return false
          if (frame.ping) pongs++
        }
      }
    }
    return true
  }), { numRuns: 2_000 })
  t.pass()
})

t.test('the size of a text is that of its UTF-8', async t => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.array(fc.constantFrom('\ud800', '\udc00', '\ud83d\ude00', 'é', '€', 'a')), (text, more) => {
    const whole = text + more.join('')
    return byteLength(whole) === Buffer.byteLength(whole)
  }))
  t.equal(byteLength('\udc00a\ud800'), 7)
})
