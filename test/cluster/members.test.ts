import t from 'tap'
import { CommandGate, type ScriptClient } from '../../lib/cluster/command-gate.js'
import { Members } from '../../lib/cluster/members.js'
import { promisesDone } from '../helpers/fakes/pending.js'
import { TestClock } from '../helpers/fakes/test-clock.js'

// Who counts as alive, and what a server learns of its own lease.

const LEASE = 9_000
const TIMEOUT = 2_000
/** What Redis's clock shows when that of the test begins. */
const EPOCH = 1_000_000

interface Answer {
  /** Redis did not know of the server before, or took it for dead: as the first renewal finds it that it carries out. */
  forgot?: boolean
  lapsed?: boolean
  /** What is left of the leases of others, in ms. */
  left?: Record<string, number>
}

/** One server, and answers of Redis that the test makes up. */
function lonely () {
  const clock = new TestClock()
  const told: string[] = []
  let answer: Answer | null = {}
  let [known, steady] = [0, 0]
  const late: Array<() => void> = []
  const reply = ({ left = {} }: Answer): string => JSON.stringify({
    now: EPOCH + clock.now(), known, steady, servers: Object.entries(left).map(([id, left]) => ({ id, left, about: '{}' }))
  })
  const client: ScriptClient = {
    async evalsha () {
      if (answer === null) await new Promise<void>(resolve => late.push(resolve))
      return reply(answer ?? {})
    },
    eval: async () => { throw new Error('Redis knows the script.') }
  }
  const members = new Members({
    client,
    gate: new CommandGate(client, clock, TIMEOUT),
    prefix: '',
    server: 'own',
    lease: LEASE,
    clock,
    about: () => ({ since: 0, draining: false, peers: 0 }),
    renewed: (lapsed, lost) => told.push(lost ? 'lost' : lapsed ? 'lapsed' : 'renewed'),
    failed: () => told.push('failed'),
    died: server => told.push(`${server} died`)
  })
  const next = async (next: Answer | null, ms = LEASE / 3): Promise<string[]> => {
    answer = next
    if (next?.forgot === true) known++
    if (next?.forgot === true || next?.lapsed === true) steady++
    if (next !== null) for (const go of late.splice(0)) go()
    await promisesDone()
    await clock.advanceSlowly(ms, promisesDone)
    await promisesDone()
    return told.splice(0)
  }
  return { clock, members, next, told, late }
}

async function started (left: Record<string, number>): Promise<ReturnType<typeof lonely>> {
  const one = lonely()
  await one.next({ forgot: true, lapsed: true, left }, 0)
  await one.members.start()
  one.told.splice(0)
  return one
}

t.test('A lease that falls due while the process stands still is renewed as soon as it goes on: the others count its time all the same', async t => {
  const { clock, next } = await started({})
  clock.stall(LEASE / 2)
  t.same(await next({}, 0), ['renewed'])
  t.same(await next({}, LEASE / 3 - 1), [])
  t.same(await next({}, 1), ['renewed'])
})

t.test('What time it is by Redis is known from its last answer, and not before the first one', async t => {
  const { members, next } = lonely()
  t.equal(members.redisTime, undefined)
  await next({ forgot: true, lapsed: true }, 0)
  await members.start()
  t.equal(members.redisTime, EPOCH)
  await next({}, 1_234)
  t.equal(members.redisTime, EPOCH + 1_234)
})

t.test('A server whose lease has lapsed is dead, and one that has said goodbye, or was forgotten', async t => {
  const { members, next } = await started({ other: 5_000, third: 5_000 })
  t.same(members.alive.map(({ id }) => id), ['other', 'third'])
  t.same(await next({ left: { other: -1, third: 5_000 } }), ['other died', 'renewed'])
  t.equal(members.isDead('other'), true)
  t.same(await next({ left: { other: -3_001 } }), ['third died', 'renewed'], 'each is said once')
  t.same(await next({}), ['renewed'])
})

t.test('A server that starts while Redis is just back takes nobody for dead before it can have said that it lives, and whoever does not say so is dead a lease later', async t => {
  const { members, next, told } = lonely()
  await next({ forgot: true, lapsed: true, left: { other: -953, third: -2 * LEASE } }, 0)
  await members.start()
  t.same([members.isDead('other'), members.isDead('third')], [false, false])
  t.same(members.alive, [], 'but it is not said that they live, either')
  t.same(told.splice(0), ['lapsed'])
  t.same(await next({ left: { other: LEASE - 100, third: -2 * LEASE } }, LEASE - 1), ['renewed', 'renewed'])
  t.same(await next({ left: { other: LEASE - 100, third: -2 * LEASE } }, 1), ['third died', 'renewed'])
  t.same(members.alive.map(({ id }) => id), ['other'])
})

t.test('After an outage nobody is taken for dead before it can have said that it lives', async t => {
  const { members, next } = await started({ other: 5_000 })
  t.same(await next(null, LEASE / 3 + TIMEOUT), ['failed'])
  await next(null, 3 * LEASE)
  t.same(await next({ lapsed: true, left: { other: -2 * LEASE } }), ['lapsed'], 'its lease has lapsed as the own one has')
  t.equal(members.isDead('other'), false)
  t.same(await next({ left: { other: LEASE - 100 } }), ['renewed'])
  t.same(await next({ left: { other: LEASE - 100 } }), ['renewed'])
})

t.test('One that does not come back after an outage is dead a lease later', async t => {
  const { next } = await started({ other: 5_000 })
  await next(null, LEASE + TIMEOUT)
  const told = [
    ...await next({ lapsed: true, left: { other: -LEASE } }), ...await next({ left: { other: -LEASE } }),
    ...await next({ left: { other: -LEASE } }), ...await next({ left: { other: -LEASE } }), ...await next({ left: { other: -LEASE } })
  ]
  t.same(told.filter(each => each !== 'renewed'), ['lapsed', 'other died'])
})

t.test('Where Redis has lost its data others are not dead, however long it was away', async t => {
  for (const away of [0, 3 * LEASE]) {
    const { members, next } = await started({ other: 5_000 })
    if (away > 0) await next(null, away)
    t.same((await next({ forgot: true, lapsed: true })).at(-1), 'lost')
    t.equal(members.isDead('other'), false)
    t.same(await next({ left: { other: 5_000 } }), ['renewed'])
  }
})

t.test('A lease that lapsed because Redis was away is no loss of data', async t => {
  const { next } = await started({})
  await next(null, 2 * LEASE)
  t.same(await next({ lapsed: true }, 0), ['lapsed'])
})

t.test('One that was named and never heard of is told as dead, once', async t => {
  const { members, next } = await started({})
  t.equal(members.isDead('unheard'), false)
  t.same([...await next({}), ...await next({}), ...await next({})], ['renewed', 'unheard died', 'renewed', 'renewed'])
  t.equal(members.isDead('unheard'), true)
})

t.test('While Redis is away for hours, only a few renewals wait for it', async t => {
  const { next, late } = await started({})
  await next(null, 1_000 * LEASE)
  t.ok(late.length <= 3, `${late.length} wait`)
  t.ok((await next({})).includes('renewed'))
})

t.test('A renewal passes, however many commands wait', async t => {
  const clock = new TestClock()
  const client: ScriptClient = { evalsha: () => new Promise(() => {}), eval: () => new Promise(() => {}) }
  const gate = new CommandGate(client, clock, TIMEOUT)
  const refused: unknown[] = []
  for (let i = 0; i < 10_001; i++) gate.evalsha('sha', 0).catch((error: unknown) => refused.push(error))
  await promisesDone()
  t.match(refused, [{ message: /10000 commands wait already/ }])
  t.equal(await gate.inTime(async () => 'renewed'), 'renewed')
})

t.test('What was on its way when the connection was cut is asked again only once it is known that Redis has its data', async t => {
  const asked: string[] = []
  let answer = (): void => {}
  const client: ScriptClient = {
    async evalsha (sha) {
      asked.push(sha)
      return await new Promise(resolve => { answer = () => resolve(`answer to ${sha}`) })
    },
    eval: async () => {}
  }
  const gate = new CommandGate(client, new TestClock(), TIMEOUT)
  const first = gate.evalsha('first', 0)
  gate.pause()
  await promisesDone()
  t.same(asked, ['first'])
  gate.open()
  await promisesDone()
  t.same(asked.splice(0), ['first', 'first'])
  answer()
  t.equal(await first, 'answer to first')
  const second = gate.evalsha('second', 0)
  gate.pause()
  await promisesDone()
  gate.openAnew()
  await t.rejects(second, { message: /lost its data/ })
  t.same(asked, ['second'])
})

t.test('What waited for Redis is not asked of it once it has lost its data', async t => {
  const asked: string[] = []
  const client: ScriptClient = { evalsha: async sha => asked.push(sha), eval: async () => {} }
  const gate = new CommandGate(client, new TestClock(), TIMEOUT)
  gate.pause()
  const held = gate.evalsha('before', 0)
  gate.openAnew()
  await t.rejects(held, { name: 'Error', message: /lost its data/ })
  await gate.evalsha('after', 0)
  t.same(asked, ['after'])
  gate.pause()
  const next = gate.evalsha('held', 0)
  gate.open()
  await next
  t.same(asked, ['after', 'held'])
})
