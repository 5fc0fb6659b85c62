import { Cluster, Redis } from 'ioredis'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis-5'
import t, { type Test } from 'tap'
import { MemoryArbiter } from '../../lib/cluster/memory-arbiter.js'
import { NoAnswerError, type ScriptClient } from '../../lib/cluster/command-gate.js'
import { RedisArbiter } from '../../lib/cluster/redis-arbiter.js'
import type { AnnouncedSeat, Answer, JoinAnswer, OwnedSeat, SeatArbiter, SeatAsk, SeatRecord } from '../../lib/rooms/seat-arbiter.js'
import { startRedis, startRedisCluster } from '../helpers/redis.js'

// The contract of whoever decides who sits where. It runs on memory and on a real Redis, with servers that know of each other by it alone.

const room = { app: 'app', room: 'room' }
const WINDOW = 20_000
const KEEP_FOR = 1_000_000

const { port, stop } = await startRedis()
const redis = new Redis({ port, host: '127.0.0.1' })
const redis5 = new Redis5({ port, host: '127.0.0.1' })
const nodes = await startRedisCluster()
const startup = nodes.ports.map(port => ({ port, host: '127.0.0.1' }))
const [cluster, cluster5] = [new Cluster(startup), new Cluster5(startup)]
t.teardown(async () => {
  for (const client of [redis, redis5, cluster, cluster5]) client.disconnect()
  await Promise.all([stop(), nodes.stop()])
})

let prefixes = 0
let time = 1_000_000

/** As a client whose connection broke before each answer: Redis has done what was asked, and is asked again. */
const doubled: ScriptClient = {
  async evalsha (...args) {
    await redis.evalsha(...args)
    return redis.evalsha(...args)
  },
  async eval (...args) {
    await redis.eval(...args)
    return redis.eval(...args)
  }
}

const MAKES: Array<[string, () => SeatArbiter]> = [
  ['memory', () => new MemoryArbiter(() => time)],
  ['Redis', () => new RedisArbiter(redis, `test:${prefixes++}:`, KEEP_FOR, () => time)],
  ['Redis, each command sent twice', () => new RedisArbiter(doubled, `test:${prefixes++}:`, KEEP_FOR, () => time)],
  ['Redis, by ioredis 5', () => new RedisArbiter(redis5, `test:${prefixes++}:`, KEEP_FOR, () => time)],
  ['a Redis Cluster', () => new RedisArbiter(cluster, `test:${prefixes++}:`, KEEP_FOR, () => time)],
  ['a Redis Cluster, by ioredis 5', () => new RedisArbiter(cluster5, `test:${prefixes++}:`, KEEP_FOR, () => time)]
]

/** A joiner on a connection of its own to server `a`, which can resume. */
function ask (id: string, more: Partial<SeatAsk> = {}): SeatAsk {
  return { server: 'a', connection: `connection of ${id}`, id, kind: 'other', token: `token of ${id}`, hold: false, waits: 2_000, ...more }
}

function proof (id: string): Partial<SeatAsk> {
  return { proof: { id, token: `token of ${id}` } }
}

async function sit (arbiter: SeatArbiter, id: string, more: Partial<SeatAsk> = {}): Promise<SeatRecord> {
  const seating = await arbiter.join(room, ask(id, more))
  if (!('seat' in seating)) throw new Error(`${id} got no seat: ${seating.outcome}`)
  return seating.seat
}

/** What has become of a joiner, and of whom. */
function summary ({ outcome, ended, state, ...more }: JoinAnswer): Record<string, unknown> {
  const ids = { outcome, ended: ended.map(({ id }) => id) }
  return 'seat' in more ? { ...ids, others: state.seats.flatMap(({ id }) => id === more.seat.id ? [] : id) } : ids
}

/** An answer without the state of the room. */
async function bare (answer: Answer<{ state: unknown }>): Promise<Record<string, unknown>> {
  const { state, ...rest } = await answer
  return rest
}

async function seatsOf (arbiter: SeatArbiter, name = room): Promise<readonly SeatRecord[]> {
  return (await arbiter.state(name)).seats
}

/** What its server would say of a seat. */
function announced ({ server, until, ...seat }: SeatRecord, left?: number): AnnouncedSeat {
  return { ...seat, token: `token of ${seat.id}`, ...(left === undefined ? {} : { left }) }
}

/** The seat that was taken last. */
async function later (arbiter: SeatArbiter): Promise<SeatRecord> {
  const seat = (await seatsOf(arbiter)).at(-1)
  if (seat === undefined) throw new Error('Nobody sits there.')
  return seat
}

function contract (what: string, check: (t: Test, arbiter: SeatArbiter) => Promise<void>): void {
  for (const [name, make] of MAKES) t.test(`${what} (${name})`, async t => check(t, make()))
}

contract('two joiners of two servers meet, exactly one is told to give way, and each knows where the other is', async (t, arbiter) => {
  const one = await sit(arbiter, 'one')
  const seating = await arbiter.join(room, ask('two', { server: 'b' }))
  t.match(seating, { outcome: 'seated', state: { seats: [one, { id: 'two' }] }, ended: [], seat: { server: 'b', connection: 'connection of two', toldPolite: true } })
  t.equal(one.toldPolite, false)
  t.same((await seatsOf(arbiter)).map(({ id, server }) => [id, server]), [['one', 'a'], ['two', 'b']])
})

contract('rooms of the same name in two applications do not meet', async (t, arbiter) => {
  await sit(arbiter, 'one')
  t.same(await seatsOf(arbiter, { app: 'other', room: 'room' }), [])
})

contract('nothing that proves an owner is told to anybody', async (t, arbiter) => {
  await sit(arbiter, 'one', { claim: 'claim of one' })
  const told = JSON.stringify([await arbiter.join(room, ask('two')), await seatsOf(arbiter)])
  t.notMatch(told, /token of|claim of/)
})

contract('a full room has a joiner wait while its sitters are asked, and refuses it once they have answered', async (t, arbiter) => {
  const sitters = [await sit(arbiter, 'one'), await sit(arbiter, 'two', { server: 'b' })]
  t.same(await bare(arbiter.join(room, ask('three'))), { outcome: 'wait', sitters, ended: [] })
  t.same(await bare(arbiter.join(room, ask('three', { probed: true }))), { outcome: 'full', ended: [] })
})

contract('a joiner gets the place of a sitter that was found dead, with what is left of its window', async (t, arbiter) => {
  await sit(arbiter, 'one')
  const two = await sit(arbiter, 'two', { server: 'b' })
  await arbiter.join(room, ask('three'))
  t.match(await arbiter.lost(room, two, WINDOW, 0), { outcome: 'absent', seat: { id: 'two', until: time + WINDOW } })
  t.same(summary(await arbiter.join(room, ask('three', { probed: true }))), { outcome: 'replaced', ended: ['two'], others: ['one'] })
})

contract('a seat that is held is not given away, and the refused joiner is told when to come again', async (t, arbiter) => {
  await sit(arbiter, 'one')
  await arbiter.lost(room, await sit(arbiter, 'two'), WINDOW, 0)
  time += 5_000
  await arbiter.join(room, ask('three', { hold: true }))
  t.same(await bare(arbiter.join(room, ask('three', { hold: true, probed: true }))), { outcome: 'full', retryAfter: WINDOW - 5_000, ended: [] })
})

contract('a seat that becomes free while somebody waits is kept for the one that came first', async (t, arbiter) => {
  await sit(arbiter, 'one')
  const two = await sit(arbiter, 'two')
  await arbiter.join(room, ask('three'))
  await arbiter.join(room, ask('four', { server: 'b' }))
  await arbiter.leave(room, two)
  t.match(await arbiter.join(room, ask('five')), { outcome: 'wait' }, 'not for one that comes now')
  t.match(await arbiter.join(room, ask('four', { server: 'b', probed: true })), { outcome: 'full' })
  t.same(summary(await arbiter.join(room, ask('three', { probed: true }))), { outcome: 'seated', ended: [], others: ['one'] })
})

contract('a joiner that waits on a server that died holds nobody up for longer than it may wait', async (t, arbiter) => {
  await sit(arbiter, 'one')
  const two = await sit(arbiter, 'two')
  await arbiter.join(room, ask('three', { server: 'b' }))
  await arbiter.leave(room, two)
  t.match(await arbiter.join(room, ask('four')), { outcome: 'wait' })
  time += 2_000
  t.match(await arbiter.join(room, ask('five')), { outcome: 'seated' })
})

contract('a joiner that has gone does not keep its place before the room', async (t, arbiter) => {
  await sit(arbiter, 'one')
  const two = await sit(arbiter, 'two')
  await arbiter.join(room, ask('three'))
  await arbiter.leave(room, two)
  await arbiter.withdraw(room, 'three')
  t.match(await arbiter.join(room, ask('four')), { outcome: 'seated' })
})

contract('no more than sixteen wait before one room', async (t, arbiter) => {
  await sit(arbiter, 'one', { capacity: 1 })
  for (let i = 0; i < 16; i++) t.equal((await arbiter.join(room, ask(`waiting ${i}`))).outcome, 'wait')
  t.equal((await arbiter.join(room, ask('one too many'))).outcome, 'full')
})

contract('a peer resumes on another server, and the one that it left may not speak for the seat any more', async (t, arbiter) => {
  const before = await sit(arbiter, 'one')
  const two = await sit(arbiter, 'two')
  const resumed = await arbiter.join(room, ask('new', { ...proof('one'), server: 'b', token: 'next token' }))
  t.match(resumed, { outcome: 'resumed', previous: before, state: { seats: [{ id: 'one' }, two] }, seat: { id: 'one', server: 'b', order: before.order } })
  for (const late of [arbiter.lost(room, before, WINDOW, 0), arbiter.leave(room, before), arbiter.expire(room, before)]) {
    t.match(await late, { outcome: 'stale' })
  }
  t.match(await seatsOf(arbiter), [{ id: 'one', server: 'b' }, { id: 'two' }])
})

contract('a resume token is worth nothing once it was used', async (t, arbiter) => {
  await sit(arbiter, 'one')
  await sit(arbiter, 'two')
  await arbiter.join(room, ask('new', { ...proof('one'), token: 'next token' }))
  t.match(await arbiter.join(room, ask('thief', proof('one'))), { outcome: 'wait' })
})

contract('a claim proves the seat whose token never arrived', async (t, arbiter) => {
  await sit(arbiter, 'one', { claim: 'claim of one' })
  t.match(await arbiter.join(room, ask('new', { server: 'b', proof: { claim: 'claim of one' } })), { outcome: 'resumed', seat: { id: 'one', server: 'b' } })
})

contract('a peer whose messages are not kept any more gets a new seat in place of its own', async (t, arbiter) => {
  await sit(arbiter, 'one')
  await sit(arbiter, 'two')
  t.same(summary(await arbiter.join(room, ask('new', { ...proof('one'), fresh: true }))), { outcome: 'replaced', ended: ['one'], others: ['two'] })
})

contract('a peer that joins again on its connection gets a new seat, whatever token it brings', async (t, arbiter) => {
  await sit(arbiter, 'one')
  await sit(arbiter, 'two')
  const again = await arbiter.join(room, ask('again', { connection: 'connection of one', ...proof('two') }))
  t.same(summary(again), { outcome: 'rejoined', ended: ['one'], others: ['two'] })
})

contract('connections of the same id on two servers are two', async (t, arbiter) => {
  await sit(arbiter, 'one')
  t.match(await arbiter.join(room, ask('two', { connection: 'connection of one', server: 'b' })), { outcome: 'seated' })
})

contract('a seat that nobody takes back ends once its window is over, and not before', async (t, arbiter) => {
  await sit(arbiter, 'two')
  const lost = await arbiter.lost(room, await sit(arbiter, 'one'), WINDOW, 0)
  const { seat } = lost as { seat: OwnedSeat }
  time += WINDOW - 1
  t.match(await arbiter.expire(room, seat), { outcome: 'stale' })
  time += 1
  t.match(await arbiter.expire(room, seat), { outcome: 'ended', seat: { id: 'one' } })
  t.match(await arbiter.expire(room, seat), { outcome: 'stale' }, 'only one of those that come across it tells the others')
})

contract('a seat whose server died is given up by whoever joins after its window', async (t, arbiter) => {
  await arbiter.lost(room, await sit(arbiter, 'one', { server: 'dead' }), WINDOW, 0)
  time += WINDOW
  t.same(summary(await arbiter.join(room, ask('two'))), { outcome: 'seated', ended: ['one'], others: [] })
})

contract('an owner that is back after its window, and before anybody has ended its seat, is not too late', async (t, arbiter) => {
  await sit(arbiter, 'one')
  await arbiter.lost(room, await sit(arbiter, 'two'), WINDOW, 0)
  time += 2 * WINDOW
  t.same(summary(await arbiter.join(room, ask('new', { ...proof('two'), server: 'b' }))), { outcome: 'resumed', ended: [], others: ['one'] })
})

contract('an owner that is back gets nothing by a seat that is over where its connection has another one', async (t, arbiter) => {
  await sit(arbiter, 'one')
  await arbiter.lost(room, await sit(arbiter, 'two'), WINDOW, 0)
  time += WINDOW
  const again = await arbiter.join(room, ask('again', { connection: 'connection of one', ...proof('two') }))
  t.same(summary(again), { outcome: 'rejoined', ended: ['two', 'one'], others: [] })
})

contract('a window that stood still is as long as its server says, and never shorter', async (t, arbiter) => {
  const seat = await sit(arbiter, 'one')
  await sit(arbiter, 'two')
  await arbiter.lost(room, seat, WINDOW, WINDOW)
  const { version } = await arbiter.state(room)
  t.match(await arbiter.announce(room, 'a', [announced(seat, WINDOW), announced(await later(arbiter))], 2), { version }, 'as it was')
  time += 3 * WINDOW
  const { seats: [still] } = await arbiter.announce(room, 'a', [announced(seat, WINDOW / 2), announced(await later(arbiter))], 2)
  t.match(still, { id: 'one', until: time + WINDOW / 2 })
  t.match(await arbiter.join(room, ask('three', { hold: true })), { outcome: 'wait', ended: [] })
})

contract('a seat that cannot be resumed ends with its connection', async (t, arbiter) => {
  const { token, ...plain } = ask('one')
  t.ok(token)
  const seating = await arbiter.join(room, plain)
  const { seat } = seating as { seat: OwnedSeat }
  t.match(await arbiter.lost(room, seat, WINDOW, 0), { outcome: 'ended', seat: { id: 'one', resumable: false } })
  t.same(await seatsOf(arbiter), [])
})

contract('nobody but its server ends a seat within the grace after its window, and a joiner is told when the window is over', async (t, arbiter) => {
  await sit(arbiter, 'one')
  const { seat } = await arbiter.lost(room, await sit(arbiter, 'two'), WINDOW, 5_000) as { seat: OwnedSeat }
  time += WINDOW + 4_999
  t.match(await arbiter.expire(room, seat), { outcome: 'stale' })
  await arbiter.join(room, ask('three', { hold: true }))
  t.match(await arbiter.join(room, ask('three', { hold: true, probed: true })), { outcome: 'full', retryAfter: 0 })
  time += 1
  t.match(await arbiter.join(room, ask('three', { hold: true })), { outcome: 'seated', ended: [{ id: 'two' }] })
})

contract('a server that stood still gets a seat back that was taken for lost, and its older number is worth nothing then', async (t, arbiter) => {
  const before = await sit(arbiter, 'one')
  await arbiter.lost(room, before, WINDOW, 0)
  const { seats: [seat] } = await arbiter.announce(room, 'a', [announced(before)], 2)
  t.match(seat, { id: 'one', server: 'a' })
  t.notOk(seat !== undefined && 'until' in seat)
  t.match(await arbiter.lost(room, before, WINDOW, 0), { outcome: 'stale' })
})

contract('a server that stood still does not get a seat back that another server had meanwhile, though that one lost it too', async (t, arbiter) => {
  const before = await sit(arbiter, 'one')
  await arbiter.lost(room, before, WINDOW, 0)
  const after = await sit(arbiter, 'new', { ...proof('one'), server: 'b' })
  await arbiter.lost(room, after, WINDOW, 0)
  t.match(await arbiter.announce(room, 'a', [announced(before)], 2), { seats: [{ server: 'b', until: time + WINDOW }] })
  const { seats: [seat] } = await arbiter.announce(room, 'b', [announced(after)], 2)
  t.match(seat, { server: 'b' })
  t.notOk(seat !== undefined && 'until' in seat)
})

contract('seats that were forgotten are there again, in their order, once their servers have said them, and can be resumed', async (t, arbiter) => {
  const one = await sit(arbiter, 'one')
  const two = await sit(arbiter, 'two', { server: 'b', capacity: 3 })
  const elsewhere = { app: 'app', room: 'forgotten' }
  await arbiter.announce(elsewhere, 'b', [announced(two)], 3)
  const { seats, capacity } = await arbiter.announce(elsewhere, 'a', [announced(one, 5_000)], 3)
  t.match(seats, [{ id: 'one', server: 'a', until: time + 5_000, toldPolite: false }, { id: 'two', server: 'b', toldPolite: true }])
  t.equal(capacity, 3)
  t.match(await arbiter.join(elsewhere, ask('new', { ...proof('one'), server: 'c' })), { outcome: 'resumed', seat: { id: 'one', server: 'c' } })
})

contract('a seat that was forgotten does not come back into a room that has become full', async (t, arbiter) => {
  const one = await sit(arbiter, 'one')
  const elsewhere = { app: 'app', room: 'full' }
  await arbiter.join(elsewhere, ask('two'))
  await arbiter.join(elsewhere, ask('three'))
  t.match(await arbiter.announce(elsewhere, 'b', [announced(one)], 2), { seats: [{ id: 'two' }, { id: 'three' }] })
})

contract('where a replica lacks that a seat was resumed last, the proof counts by which its server has it, and the one of before does not', async (t, arbiter) => {
  const seat = await sit(arbiter, 'one')
  const lost = { ...announced(seat), fence: seat.fence + 5, token: 'token that was lost' }
  const { seats: [after] } = await arbiter.announce(room, 'a', [lost], 2)
  t.match(after, { id: 'one', server: 'a', order: seat.order })
  t.ok(Number(after?.fence) > seat.fence)
  t.match(await arbiter.announce(room, 'a', [lost], 2), { seats: [after] }, 'and again it changes nothing')
  await sit(arbiter, 'two')
  t.match(await arbiter.join(room, ask('new', { ...proof('one'), server: 'b' })), { outcome: 'wait' })
  t.match(await arbiter.join(room, ask('newer', { proof: { id: 'one', token: 'token that was lost' }, server: 'b' })), { outcome: 'resumed', seat: { id: 'one', server: 'b' } })
})

contract('where a replica lacks that a seat went to another server, it is that one\'s again, unless its peer is absent there', async (t, arbiter) => {
  const seat = await sit(arbiter, 'one')
  const lost = { ...announced(seat), fence: seat.fence + 5, connection: 'another' }
  t.match(await arbiter.announce(room, 'b', [{ ...lost, left: WINDOW }], 2), { seats: [{ server: 'a', fence: seat.fence }] })
  t.match(await arbiter.announce(room, 'b', [{ ...lost, fence: seat.fence - 5 }], 2), { seats: [{ server: 'a', fence: seat.fence }] })
  t.match(await arbiter.announce(room, 'b', [lost], 2), { seats: [{ server: 'b', connection: 'another' }] })
  t.match(await arbiter.lost(room, seat, WINDOW, 0), { outcome: 'stale' })
})

contract('a seat that its server does not name ends, and those of other servers stay', async (t, arbiter) => {
  await sit(arbiter, 'one')
  await sit(arbiter, 'two', { server: 'b' })
  t.match(await arbiter.announce(room, 'a', [], 2), { seats: [{ id: 'two' }] })
})

contract('a server that knows a later state than is known here gets one that is later still', async (t, arbiter) => {
  const one = await sit(arbiter, 'one')
  const { version } = await arbiter.state(room)
  t.match(await arbiter.announce(room, 'a', [announced(one)], 2, version), { version }, 'nothing was lost')
  const lost = version + 1_000_000_000
  const told = await arbiter.announce(room, 'a', [announced(one)], 2, lost)
  t.ok(told.version > lost)
  t.match(told.seats, [{ id: 'one' }])
  t.match(await arbiter.join(room, ask('two')), { outcome: 'seated', seat: { toldPolite: true } })
  t.ok((await arbiter.announce({ app: 'app', room: 'forgotten' }, 'a', [], 2, lost)).version > lost, 'also of a room that nobody sits in')
})

contract('of two states of a room the later one has the larger version, also where the room ended in between', async (t, arbiter) => {
  const versions: number[] = []
  const one = await arbiter.join(room, ask('one'))
  versions.push(one.state.version)
  versions.push((await arbiter.lost(room, { id: 'one', fence: 0 }, WINDOW, 0)).state.version)
  versions.push((await arbiter.lost(room, (one as { seat: OwnedSeat }).seat, WINDOW, 0)).state.version)
  versions.push((await arbiter.announce(room, 'a', [], 2)).version)
  time += 10
  versions.push((await arbiter.join(room, ask('two'))).state.version)
  t.same(versions, [...versions].sort((a, b) => a - b))
  t.equal(new Set(versions).size, 4, 'and what changes nothing has that of before')
})

contract('a join that was asked before its client got the seat by another way, and comes late, does not take it back', async (t, arbiter) => {
  const seat = await sit(arbiter, 'one', { claim: 'claim' })
  const asked = time
  time += 500
  const { fence } = await sit(arbiter, 'again', { ...proof('one'), claim: 'claim', server: 'b' })
  const late = (at: number): SeatAsk => ask('late', { proof: { id: 'one', token: 'token that is void', claim: 'claim' }, claim: 'claim', at })
  const { outcome, state } = await arbiter.join(room, late(asked))
  t.equal(outcome, 'seated')
  t.match(state.seats[0], { id: seat.id, server: 'b', fence })
  await arbiter.lost(room, { id: seat.id, fence }, WINDOW, 0)
  t.match(await arbiter.join(room, { ...late(asked), connection: 'third', id: 'in time' }), { outcome: 'resumed', seat: { id: seat.id } })
  time += 500
  t.match(await arbiter.join(room, { ...late(time), connection: 'fourth', id: 'later' }), { outcome: 'resumed', seat: { id: seat.id } })
})

contract('what a joiner says of the capacity holds once it has a seat, and is forgotten with the room', async (t, arbiter) => {
  const one = await sit(arbiter, 'one', { capacity: 1 })
  t.match(await arbiter.join(room, ask('two', { capacity: 1 })), { outcome: 'wait' })
  await arbiter.withdraw(room, 'two')
  await arbiter.leave(room, one)
  await sit(arbiter, 'three')
  t.match(await arbiter.join(room, ask('four')), { outcome: 'seated' })
})

contract('a server that still has a room is told which state of it is known, and 0 where none is', async (t, arbiter) => {
  const { state: { version } } = await arbiter.join(room, ask('one'))
  t.equal(await arbiter.renew(room), version)
  t.equal(await arbiter.renew({ app: 'app', room: 'unknown' }), 0)
  t.same((await arbiter.state(room)).version, version, 'that changes nothing')
})

t.test('a room in memory is forgotten some time after the last that a server has said of it', async t => {
  const arbiter = new MemoryArbiter(() => time, KEEP_FOR)
  await sit(arbiter, 'one')
  time += KEEP_FOR - 1
  t.ok(arbiter.renew(room) > 0)
  time += KEEP_FOR - 1
  t.equal((await seatsOf(arbiter)).length, 1)
  time += 1
  t.same(await seatsOf(arbiter), [])
  t.equal(arbiter.renew(room), 0)
})

t.test('a room in Redis is forgotten some time after the last that a server has said of it', async t => {
  const arbiter = new RedisArbiter(redis, 'kept:', KEEP_FOR, () => time)
  const key = 'kept:{app/room}'
  const one = await sit(arbiter, 'one')
  const renewals: Array<() => Answer<unknown>> = [
    () => arbiter.renew(room), () => sit(arbiter, 'two'), () => arbiter.announce(room, 'a', [announced(one)], 2), () => arbiter.lost(room, one, WINDOW, 0)
  ]
  for (const renew of renewals) {
    const left = await redis.pttl(key)
    t.ok(left > KEEP_FOR / 2 && left <= KEEP_FOR, `${left} ms are left`)
    await redis.pexpire(key, KEEP_FOR / 10)
    await renew()
  }
  t.ok(await redis.pttl(key) > KEEP_FOR / 2)
})

t.test('Redis keeps nothing of a room in which nobody sits or waits, but for its last answers', async t => {
  const arbiter = new RedisArbiter(redis, 'empty:', KEEP_FOR, () => time)
  const one = await sit(arbiter, 'one', { capacity: 1 })
  await arbiter.join(room, ask('two'))
  t.same((await redis.keys('empty:*')).filter(key => key.endsWith('}')), ['empty:{app/room}'])
  await arbiter.leave(room, one)
  await arbiter.withdraw(room, 'two')
  const left = await redis.keys('empty:*')
  t.same(left.filter(key => key.endsWith('}')), [])
  for (const key of left) t.ok(await redis.pttl(key) > 0, 'an answer is kept for some time alone')
})

t.test('Redis does nothing of a command that was overtaken by a newer one of its server, also where nothing of the room is left', async t => {
  const held: Array<() => void> = []
  const through = Promise.resolve()
  let way = through
  const client: ScriptClient = {
    async evalsha (...args) {
      await way
      return redis.evalsha(...args)
    },
    eval: async (...args) => redis.eval(...args)
  }
  const arbiter = new RedisArbiter(client, 'late:', KEEP_FOR, () => time)
  const lateJoin = async (id: string): Promise<JoinAnswer> => {
    way = new Promise(resolve => held.push(resolve))
    const answer = arbiter.join(room, ask(id))
    way = through
    return await answer
  }
  const [first, second] = [lateJoin('one'), lateJoin('two')]
  const seat = await sit(arbiter, 'one')
  held[0]?.()
  await t.rejects(first, new NoAnswerError('it came too late'))
  t.same((await seatsOf(arbiter)).map(({ id, fence }) => ({ id, fence })), [{ id: 'one', fence: seat.fence }], 'nobody has taken its place')
  await arbiter.leave(room, seat)
  held[1]?.()
  await t.rejects(second, new NoAnswerError('it came too late'))
  t.same(await seatsOf(arbiter), [])
  t.match(await new RedisArbiter(redis, 'late:', KEEP_FOR, () => time).join(room, ask('three')), { outcome: 'seated' }, 'others have numbers of their own')
})

t.test('the rooms of a Redis Cluster lie on all of its nodes', async t => {
  const arbiter = new RedisArbiter(cluster, 'spread:', KEEP_FOR, () => time)
  for (let i = 0; i < 40; i++) await arbiter.join({ app: 'app', room: `room ${i}` }, ask('one'))
  for (const node of cluster.nodes('master')) t.ok((await node.keys('spread:*')).length > 0)
  t.equal(cluster.nodes('master').length, 3)
})

t.test('Redis knows the script again after it has forgotten it', async t => {
  const arbiter = new RedisArbiter(redis, 'forgetful:', KEEP_FOR, () => time)
  await sit(arbiter, 'one')
  await redis.script('FLUSH')
  t.match(await arbiter.join(room, ask('two')), { outcome: 'seated' })
})

t.test('without a clock of the test it is Redis\'s own time that counts', async t => {
  const arbiter = new RedisArbiter(redis, 'timed:', KEEP_FOR)
  const lost = await arbiter.lost(room, await sit(arbiter, 'one'), WINDOW, 0)
  const [seconds, microseconds] = await redis.time()
  const { until = 0 } = (lost as { seat: SeatRecord }).seat
  const left = until - (Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000))
  t.ok(left <= WINDOW && left > 0, `${left} ms are left`)
})
