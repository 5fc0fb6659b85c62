import t, { type Test } from 'tap'
import { notTold } from '../../lib/cluster/told-of-room.js'
import { ClusterWorld, type FakePeer, type FakeServer } from '../helpers/fakes/cluster-world.js'
import { promisesDone } from '../helpers/fakes/pending.js'
import { namesOf } from '../helpers/signalling-client.js'

// What comes in another order than it was sent, between servers that share a room.

interface Pair {
  world: ClusterWorld
  a: FakeServer
  b: FakeServer
  first: FakePeer
  second: FakePeer
}

/** Two servers, and a peer of one room on each, who have read everything. */
async function pair (fields: object = {}): Promise<Pair> {
  const world = new ClusterWorld()
  const [a, b] = [world.start('a'), world.start('b')]
  const [first, second] = [a.connect(), b.connect()]
  await first.join(fields)
  await second.join(fields)
  first.read()
  return { world, a, b, first, second }
}

/** A message of each reaches the other, and nothing else has come. */
async function theyTalk (t: Test, world: ClusterWorld, one: FakePeer, other: FakePeer): Promise<void> {
  one.chat('there')
  other.chat('and back')
  await world.idle()
  t.match(other.read(), [{ data: 'there' }])
  t.match(one.read(), [{ data: 'and back' }])
}

/** Somebody leaves, of which the others of that server are told, and nobody else: its end is said behind what has no answer yet. */
async function leavesUnsaid (world: ClusterWorld, { arbiter, cluster }: FakeServer, peer: FakePeer): Promise<void> {
  arbiter.hold()
  cluster.renewed(true)
  await world.idle()
  peer.say({ command: 'leave' })
  await world.idle()
}

t.test('Somebody who waited before a full room on a third server is told later of nobody who left meanwhile', async t => {
  const { world, first, second } = await pair()
  const third = world.start('c').connect()
  third.say({ command: 'join' })
  await world.idle()
  second.say({ command: 'leave' })
  await world.idle()
  // Both answer the question whether they live.
  for (const peer of [first, second]) peer.read()
  await world.idle()
  t.match(third.read(), [{ definition: 'joined', peers: 1 }])
  await world.pass(60_000)
  t.same(third.heard(), [], 'its call goes on')
  third.chat('still there')
  await world.idle()
  t.same(first.chats(), ['still there'])
})

t.test('Where the second joiner is known before the first has its answer, the first is asked for the offer all the same, and misses nothing', async t => {
  const world = new ClusterWorld()
  const [a, b] = [world.start('a'), world.start('b')]
  const [first, second] = [a.connect(), b.connect()]
  a.arbiter.hold()
  first.say({ command: 'join' })
  await world.idle()
  t.match(await second.join(), { definition: 'joined', peers: 1, polite: true })
  second.chat('hello')
  await world.idle()
  t.same(first.heard(), [])
  a.arbiter.release()
  await world.idle()
  const heard = first.read()
  t.same(namesOf(heard), ['joined', 'peerJoined', 'start', 'peerMessageCommand'])
  t.match(heard[0], { peers: 0, polite: false })
  t.same(second.heard(), [], 'and nobody else is')
  await theyTalk(t, world, first, second)
})

t.test('What a peer says comes behind the news of it, also where those wait for an answer', async t => {
  const world = new ClusterWorld()
  const [a, b] = [world.start('a'), world.start('b')]
  const [first, second] = [a.connect(), b.connect()]
  await first.join()
  a.arbiter.hold()
  a.cluster.renewed(true)
  await second.join()
  second.chat('hello')
  await world.idle()
  t.same(first.heard(), [])
  a.arbiter.release()
  await world.idle()
  t.same(first.heard(), ['peerJoined', 'start', 'peerMessageCommand'])
})

t.test('What a server that was cut off has of a peer whose seat was given away is not heard any more', async t => {
  const { world, a, b, first, second } = await pair({ resume: true })
  // It waits for an answer. Meanwhile the others take it for dead, and its own peer speaks before it knows that.
  a.arbiter.hold()
  a.cluster.renewed(true)
  await world.idle()
  for (const { id, fence } of world.arbiter.state({ app: 'app', room: 'room' }).seats) {
    if (a.rooms.seat(id) !== undefined) world.arbiter.lost({ app: 'app', room: 'room' }, { id, fence }, 1, 0)
  }
  await world.pass(1)
  const third = b.connect()
  await third.join()
  t.ok(second.heard().includes('peerLeft'))
  first.chat('from the past')
  await world.idle()
  t.same([...second.chats(), ...third.chats()], [])
  a.arbiter.release()
  third.chat('and now')
  await world.idle()
  t.same(second.chats(), ['and now'])
})

t.test('What both servers of a room have heard of it before Redis lost its last writes does not keep them from what is so now', async t => {
  const { world, a, b, first, second } = await pair()
  const room = { app: 'app', room: 'room' }
  // What its server has heard last is from after what is known again: somebody has waited there.
  const third = a.connect()
  third.say({ command: 'join' })
  await world.idle()
  for (const peer of [first, second]) peer.read()
  await world.idle()
  t.same(third.heard(), ['error: NoSpaceForNewPeer'])
  const [one, two] = world.arbiter.state(room).seats
  // Another history, in which the first seat is somebody else's.
  world.forget(room)
  world.arbiter.announce(room, 'b', [two as never], 2)
  world.arbiter.announce(room, 'elsewhere', [{ ...one, id: 'somebody else', fence: 0 } as never], 2)
  for (const server of [a, b]) server.cluster.renewed(true)
  await world.idle()
  t.equal(first.link.closedWith, 'seatResumed')
  t.ok(second.heard().includes('peerJoined'))
})

t.test('A question of which nothing can be found out harms nobody', async t => {
  const { world, a, b, second } = await pair()
  const unhandled: unknown[] = []
  const note = (error: unknown): void => { unhandled.push(error) }
  process.on('unhandledRejection', note)
  t.teardown(() => process.off('unhandledRejection', note))
  a.arbiter.isAway = true
  let answered = false
  b.cluster.probe('a', { app: 'app', room: 'nowhere' }, 'nobody', () => { answered = true })
  await world.idle()
  await new Promise(setImmediate)
  t.same(unhandled, [])
  t.equal(a.failures.length, 1)
  t.notOk(answered)
  await world.pass(60_000)
  t.ok(answered, 'its asker does not wait for ever')
  t.same(second.heard(), [])
})

t.test('Somebody who meets the peer of a server that is long dead is told that it is gone, once its window is over', async t => {
  const world = new ClusterWorld()
  const [a, b] = [world.start('a'), world.start('b')]
  await a.connect().join({ resume: true })
  await world.die('a')
  const second = b.connect()
  t.match(await second.join(), { peers: 1 })
  await world.pass(25_000)
  t.same(second.heard(), ['stop', 'peerLeft'])
})

t.test('That the peers of a dead server are gone is said again where it had no answer', async t => {
  const { world, b, second } = await pair({ resume: true })
  b.arbiter.isAway = true
  await world.die('a')
  b.arbiter.isAway = false
  b.cluster.renewed(false)
  await world.idle()
  t.same(second.heard(), [])
  await world.pass(25_000)
  t.same(second.heard(), ['stop', 'peerLeft'])
})

t.test('That a window is over is looked at again where there was no answer', async t => {
  const { world, b, second } = await pair({ resume: true })
  await world.die('a')
  await world.pass(19_000)
  b.arbiter.isAway = true
  await world.pass(2_000)
  t.same(second.heard(), [])
  b.arbiter.isAway = false
  b.cluster.renewed(false)
  await world.pass(5_000)
  t.same(second.heard(), ['stop', 'peerLeft'])
})

t.test('A server that was taken for dead and lives says so at once, and its peer keeps its seat', async t => {
  const { world, b, first, second } = await pair({ resume: true })
  b.cluster.died('a')
  await world.idle()
  t.same(world.arbiter.state({ app: 'app', room: 'room' }).seats.map(({ until }) => until), [undefined, undefined])
  await world.pass(60_000)
  t.same(first.heard(), [])
  await theyTalk(t, world, first, second)
})

t.test('Who left while there were no answers is named once there are, and nobody waits for it', async t => {
  const { world, a, first, second } = await pair({ resume: true })
  a.arbiter.isAway = true
  first.say({ command: 'leave' })
  await world.idle()
  t.same(second.heard(), [])
  a.arbiter.isAway = false
  a.cluster.renewed(false)
  await world.idle()
  t.match(second.read(), [{ command: 'stop', reason: 'left' }, { definition: 'peerLeft', reason: 'left' }])
  await world.pass(60_000)
  t.same(second.heard(), [])
})

t.test('Who goes with a server that drains, and cannot come back to the seat, is said to have left: on the other servers', async t => {
  const { world, a, second } = await pair()
  a.rooms.drain(true)
  await world.idle()
  t.match(second.read(), [{ definition: 'peerLeft', reason: 'lost' }])
  t.match(await world.start('c').connect().join(), { definition: 'joined', peers: 1 })
  t.same(second.heard(), ['peerJoined', 'start'])
})

t.test('Who goes with a server that drains is said to have left: to whoever takes a seat of it to another server', async t => {
  const world = new ClusterWorld()
  const [a, b] = [world.start('a'), world.start('b')]
  const [first, second] = [a.connect(), a.connect()]
  await first.join()
  const joined = await second.join({ resume: true })
  a.rooms.drain(true)
  await world.idle()
  const again = b.connect()
  again.say({ command: 'join', resume: true, resumeToken: joined?.resumeToken, received: 0 })
  await world.idle()
  t.match(again.read(), [{ definition: 'joined', resumed: true, peers: 0 }, { definition: 'peerLeft', reason: 'lost' }])
})

t.test('Who left a server that died before it could say so has left where all seats are known to be others\'', async t => {
  const world = new ClusterWorld()
  const [a, b, c] = [world.start('a'), world.start('b'), world.start('c')]
  const [first, second] = [a.connect(), b.connect()]
  await first.join()
  await second.join()
  a.die()
  first.say({ command: 'leave' })
  await world.idle()
  t.same(second.heard(), [])
  t.match(await c.connect().join(), { definition: 'joined', peers: 1 })
  t.same(second.heard(), ['stop', 'peerLeft', 'peerJoined', 'start'])
})

t.test('What comes too late for a seat that went to another server and back is not sent to and fro', async t => {
  const world = new ClusterWorld()
  const [a, b] = [world.start('a'), world.start('b')]
  const first = a.connect()
  const [one, two] = [await first.join({ resume: true }), b.connect()]
  const moved = await two.join({ resume: true, resumeToken: one?.resumeToken, received: 0 })
  t.match(moved, { resumed: true })
  const three = a.connect()
  t.match(await three.join({ resume: true, resumeToken: moved?.resumeToken, received: 0 }), { resumed: true })
  three.say({ command: 'leave' })
  await world.idle()
  const id = String(moved?.peerId)
  b.cluster.relay('a', id, 1, 1, 'nobody', 'late')
  await world.idle()
  t.ok(world.posted < 100, 'it comes to rest')
})

t.test('A joiner that is refused while its answer is on the way hears of no seat, and has none', async t => {
  const world = new ClusterWorld()
  const a = world.start('a')
  const first = a.connect()
  a.arbiter.hold()
  first.say({ command: 'join' })
  await world.idle()
  a.rooms.find('app', 'room')?.close('closed')
  await world.idle()
  t.same(first.heard(), ['error: NoSpaceForNewPeer'])
  a.arbiter.release()
  await world.idle()
  t.same(first.heard(), [])
  t.equal(first.link.seats.size, 0)
  t.same(world.arbiter.state({ app: 'app', room: 'room' }).seats, [])
  t.same(a.rooms.apps(), [])
})

t.test('After an outage a server says again what it has, and not all rooms at once', async t => {
  const world = new ClusterWorld()
  const a = world.start('a')
  for (let i = 0; i < 1_000; i++) await a.connect(`app${i}`).join()
  const announced = (): number => a.arbiter.asked.filter(method => method === 'announce').length
  a.arbiter.hold()
  a.cluster.renewed(true)
  await world.idle()
  t.ok(announced() > 0 && announced() < 1_000, `${announced()} at once`)
  a.arbiter.release()
  await world.idle()
  t.equal(announced(), 1_000)
})

t.test('A room that has ended meanwhile does not speak for another one of its name', async t => {
  const world = new ClusterWorld()
  const a = world.start('a')
  for (let i = 0; i < 300; i++) await a.connect(`app${i}`).join()
  const last = a.connect('last')
  await last.join()
  a.arbiter.hold('announce')
  a.cluster.renewed(true)
  last.say({ command: 'leave' })
  await world.idle()
  await last.join()
  a.arbiter.release()
  await world.idle()
  t.equal(world.arbiter.state({ app: 'last', room: 'room' }).seats.length, 1)
})

t.test('Of two who believe in one seat, since a replica lacked the last writes, the one that Redis knows keeps it; the other is put out as soon as its server says it again', async t => {
  const { world, b, first, second } = await pair({ resume: true })
  const room = { app: 'app', room: 'room' }
  const [, lost] = world.arbiter.state(room).seats
  if (lost === undefined) throw new Error('There is no second seat.')
  world.arbiter.leave(room, lost)
  const third = world.start('c').connect()
  t.match(await third.join({ resume: true }), { definition: 'joined', peers: 1 })
  t.equal(second.link.closedWith, null, 'both believe in it')
  b.cluster.renewed(true)
  await world.idle()
  t.equal(second.link.closedWith, 'seatResumed')
  first.read()
  third.read()
  await theyTalk(t, world, first, third)
  t.same(world.arbiter.state(room).seats.map(({ server }) => server), ['a', 'c'])
})

t.test('Whoever is put out for a joiner of its own server, which has not heard yet that others took it for lost, is told so', async t => {
  const world = new ClusterWorld({ hold: false })
  const a = world.start('a')
  const [first, second] = [a.connect(), a.connect()]
  const room = { app: 'app', room: 'room' }
  const id = (await first.join({ resume: true }))?.peerId
  await second.join({ resume: true })
  const [seat] = world.arbiter.state(room).seats
  if (seat?.id !== id || seat === undefined) throw new Error('It has another seat.')
  world.arbiter.lost(room, seat, 20_000, 20_000)
  const third = a.connect()
  t.match(await third.join({ resume: true }), { definition: 'joined', peers: 1 })
  t.equal(first.link.closedWith, 'seatResumed')
  t.equal(first.link.seats.size, 0)
  second.read()
  await theyTalk(t, world, second, third)
})

t.test('Whoever was put out while its server stood still is told of nobody who sits there instead', async t => {
  const world = new ClusterWorld({ window: 0 })
  const [a, b] = [world.start('a'), world.start('b')]
  const [first, second] = [a.connect(), b.connect()]
  const room = { app: 'app', room: 'room' }
  await first.join()
  await second.join()
  first.read()
  const [seat] = world.arbiter.state(room).seats
  if (seat?.server !== 'a') throw new Error('It has another seat.')
  world.arbiter.lost(room, seat, 0, 0)
  const third = a.connect()
  t.match(await third.join(), { definition: 'joined', peers: 1 })
  t.same(first.heard(), [])
  t.equal(first.link.closedWith, 'seatResumed')
  second.read()
  await theyTalk(t, world, second, third)
})

t.test('Where all seats have ended while a server stood still, a joiner is told of no more others than there can be, and who sits there is put right', async t => {
  const { world, a, first } = await pair({ resume: true })
  const room = { app: 'app', room: 'room' }
  for (const seat of world.arbiter.state(room).seats) world.arbiter.leave(room, seat)
  await world.pass(1_000)
  const third = a.connect()
  t.match(await third.join({ resume: true }), { definition: 'joined', peers: 1 })
  t.same(first.heard(), ['stop', 'peerLeft', 'peerJoined', 'start'])
  t.equal(world.arbiter.state(room).seats.length, 2)
  await theyTalk(t, world, first, third)
})

/** A seat of the first server goes on at a third one, which the first learns only when it hands it over: it has not heard what came before. */
async function movesUnheard (happens: (b: FakeServer, second: FakePeer) => Promise<void>): Promise<{ again: FakePeer, peerId: unknown, world: ClusterWorld }> {
  const world = new ClusterWorld()
  const [a, b, c] = [world.start('a'), world.start('b'), world.start('c')]
  const [first, second] = [a.connect(), b.connect()]
  const joined = await first.join({ resume: true })
  const peerId = (await second.join())?.peerId
  a.arbiter.hold()
  a.cluster.renewed(true)
  await happens(b, second)
  const again = c.connect()
  again.say({ command: 'join', resume: true, resumeToken: joined?.resumeToken, received: 2 })
  await world.idle()
  a.arbiter.release()
  await world.idle()
  return { again, peerId, world }
}

t.test('Who moves to another server is told of whoever left before, though the server before had not heard of it', async t => {
  const { again, peerId } = await movesUnheard(async (_b, second) => second.say({ command: 'leave' }))
  const heard = again.read()
  t.same(namesOf(heard), ['joined', 'stop', 'peerLeft'])
  t.match(heard[0], { resumed: true, peers: 0 })
  t.match(heard[2], { peerId, reason: 'lost' })
})

t.test('Who moves to another server is told of whoever has come before, though the server before had not heard of it, and is asked for an offer', async t => {
  const third: FakePeer[] = []
  const { again, peerId, world } = await movesUnheard(async (b, second) => {
    second.say({ command: 'leave' })
    third[0] = b.connect()
    await third[0].join()
  })
  const heard = again.read()
  t.same(namesOf(heard), ['joined', 'stop', 'peerLeft', 'peerJoined', 'start'])
  t.match(heard[0], { resumed: true, peers: 1 })
  t.match(heard[2], { peerId })
  t.not(heard[3]?.peerId, peerId)
  if (third[0] === undefined) throw new Error('There is no third peer.')
  third[0].read()
  await theyTalk(t, world, again, third[0])
  again.say({ command: 'leave' })
  await world.idle()
  t.same(third[0].heard(), ['stop', 'peerLeft'])
})

t.test('Who moves to another server is told nothing twice: it has heard all, or its server had ended a seat and had not said so yet', async t => {
  t.same((await movesUnheard(async () => {})).again.heard(), ['joined'])
  const world = new ClusterWorld()
  const [a, c] = [world.start('a'), world.start('c')]
  const [first, second] = [a.connect(), a.connect()]
  const joined = await first.join({ resume: true })
  await second.join()
  first.read()
  await leavesUnsaid(world, a, second)
  t.same(first.heard(), ['stop', 'peerLeft'])
  const again = c.connect()
  again.say({ command: 'join', resume: true, resumeToken: joined?.resumeToken, received: 4 })
  await world.idle()
  const heard = again.read()
  t.same(namesOf(heard), ['joined'], 'it is not told of it as of somebody who has come')
  t.match(heard[0], { resumed: true, peers: 0 })
  a.arbiter.release()
  await world.idle()
  t.same(again.heard(), [], 'nor of its end once that is said')
  t.match(await a.connect().join(), { definition: 'joined', peers: 1 })
  t.same(again.heard(), ['peerJoined', 'start'])
})

t.test('Who moves to another server does not hear what comes late of somebody of whom it is told there that he has left, or was told so before', async t => {
  const late = '{"command":"peerMessageCommand","streamId":"room","data":"late"}'
  const servers: FakeServer[] = []
  const told = await movesUnheard(async (b, second) => {
    servers.push(b)
    second.say({ command: 'leave' })
  })
  const [joined] = told.again.read()
  servers[0]?.cluster.relay('c', String(joined?.peerId), 1_000, 1, String(told.peerId), late)
  await told.world.idle()
  t.same(told.again.heard(), [])

  const world = new ClusterWorld()
  const [a, b] = [world.start('a'), world.start('b')]
  const [first, second] = [a.connect(), b.connect()]
  const seat = await first.join({ resume: true })
  const other = await second.join()
  second.say({ command: 'leave' })
  await world.idle()
  t.same(first.heard(), ['peerJoined', 'start', 'stop', 'peerLeft'])
  const again = world.start('c').connect()
  t.match(await again.join({ resume: true, resumeToken: seat?.resumeToken, received: 4 }), { resumed: true, peers: 0 })
  b.cluster.relay('c', String(seat?.peerId), 1_000, 1, String(other?.peerId), late)
  await world.idle()
  t.same(again.heard(), [])
})

t.test('Who moves on to a third server before the first one has said what it told is told it no second time there either, and those who were there hear of it', async t => {
  const world = new ClusterWorld()
  const [a, b, c] = [world.start('a'), world.start('b'), world.start('c')]
  const [first, second] = [a.connect('app', 3), a.connect()]
  const joined = await first.join({ resume: true })
  await second.join()
  const other = c.connect()
  await other.join()
  first.read()
  await leavesUnsaid(world, a, second)
  t.same(first.heard(), ['stop', 'peerLeft'])
  const moved = await b.connect().join({ resume: true, resumeToken: joined?.resumeToken, received: 6 })
  t.match(moved, { resumed: true, peers: 1 })
  const again = c.connect()
  again.say({ command: 'join', resume: true, resumeToken: moved?.resumeToken, received: 6 })
  await world.idle()
  t.match(again.read(), [{ definition: 'joined', resumed: true, peers: 1 }])
  t.same(other.heard(), [])
  a.arbiter.release()
  await world.idle()
  t.same(other.heard(), ['stop', 'peerLeft'])
  t.same(again.heard(), [])
})

t.test('The server of a seat that was given up for a joiner of a third one hears of it, and says it no more once Redis has lost its data', async t => {
  const world = new ClusterWorld({ hold: false })
  const [a, b, c] = [world.start('a'), world.start('b'), world.start('c')]
  const [first, second, third] = [a.connect(), b.connect(), c.connect()]
  await first.join({ resume: true })
  await second.join({ resume: true })
  second.link.lose(false)
  await world.idle()
  t.match(await third.join({ resume: true }), { definition: 'joined', peers: 1 })
  t.equal(b.rooms.find('app', 'room'), undefined)
  first.read()
  world.forget({ app: 'app', room: 'room' })
  for (const { cluster } of [c, b, a]) cluster.renewed(true)
  await world.idle()
  t.equal(first.link.closedWith, null)
  await theyTalk(t, world, first, third)
})

t.test('Where somebody comes back once the window of another one is over, the others hear at once that the other one has left', async t => {
  const world = new ClusterWorld()
  const [a, b, c] = [world.start('a'), world.start('b'), world.start('c')]
  const [first, second, third] = [a.connect('app', 3), b.connect(), a.connect()]
  const joined = await first.join({ resume: true })
  await second.join({ resume: true })
  await third.join()
  second.link.lose(false)
  await world.idle()
  // Its own server cannot say so.
  b.arbiter.isAway = true
  await world.pass(2 * world.rules.window + 1_000)
  third.read()
  t.match(await c.connect().join({ resume: true, resumeToken: joined?.resumeToken, received: first.read().length }), { definition: 'joined' })
  t.same(third.heard(), ['stop', 'peerLeft'])
})

t.test('Nobody is asked for a sign of life for a joiner that has gone before it was told to wait, and it gets no seat later', async t => {
  const { world, first, second } = await pair()
  const c = world.start('c')
  const third = c.connect()
  c.arbiter.hold('join')
  third.say({ command: 'join' })
  await world.idle()
  third.link.lose(false)
  c.arbiter.release()
  await world.idle()
  t.same(c.arbiter.asked, ['join', 'withdraw'])
  t.equal(c.rooms.find('app', 'room'), undefined)
  await theyTalk(t, world, second, first)
})

t.test('A joiner that had to wait takes no seat back that its client has got since by the same claim on another server', async t => {
  const world = new ClusterWorld()
  const [a, b, c] = [world.start('a'), world.start('b'), world.start('c')]
  const [first, second, left] = [a.connect(), b.connect(), c.connect()]
  const claim = 'what_proves_the_same_client'
  await first.join({ resume: true })
  await second.join({ resume: true, claim })
  first.read()
  // It was sent before the client got its seat.
  c.arbiter.time = 1
  left.say({ command: 'join', resume: true, claim })
  await world.idle()
  c.arbiter.time = Infinity
  for (const peer of [first, second]) peer.read()
  await world.idle()
  t.same(left.heard(), ['error: NoSpaceForNewPeer'])
  t.equal(second.link.closedWith, null)
  await theyTalk(t, world, first, second)
})

t.test('A seat whose client has come back meanwhile is not given to a server that had asked for it before', async t => {
  const world = new ClusterWorld()
  const [a, b, c] = [world.start('a'), world.start('b'), world.start('c')]
  const [first, second] = [a.connect(), b.connect()]
  const fields = { resume: true, claim: 'what_proves_the_same_client' }
  const joined = await first.join(fields)
  await second.join({ resume: true })
  const received = first.read().length
  const back = { command: 'join', ...fields, resumeToken: joined?.resumeToken, received }
  // What it asks of the other server stays on its way.
  const [left, again] = [c.connect(), a.connect()]
  left.say(back)
  await promisesDone()
  again.say(back)
  await promisesDone()
  t.match(again.read(), [{ definition: 'joined', resumed: true }])
  await world.idle()
  t.equal(again.link.closedWith, null)
  await theyTalk(t, world, again, second)
})

t.test('What is said to somebody whose seat is coming to the server of whoever says it arrives, and in order', async t => {
  const world = new ClusterWorld()
  const [a, b] = [world.start('a'), world.start('b')]
  const [first, second] = [a.connect(), b.connect()]
  const joined = await first.join({ resume: true })
  await second.join({ resume: true })
  second.chat('before')
  await world.idle()
  const again = b.connect()
  again.say({ command: 'join', resume: true, resumeToken: joined?.resumeToken, received: 2 })
  await world.next()
  // The answer is on its way.
  second.chat('on the way')
  await world.next()
  second.chat('after')
  await world.idle()
  const heard = again.read()
  t.match(heard[0], { definition: 'joined', resumed: true })
  t.same(heard.slice(1).map(({ data }) => data), ['before', 'on the way', 'after'])
})

t.test('What still waits on the server before for news of the room comes before what is said on the server to which the client has come', async t => {
  const world = new ClusterWorld()
  const [a, b] = [world.start('a'), world.start('b')]
  const [first, second] = [a.connect(), b.connect()]
  const joined = await first.join({ resume: true })
  await second.join({ resume: true })
  const others = a.connect()
  a.arbiter.hold('join')
  // The first server waits for an answer, and what others say waits behind it.
  others.say({ command: 'join' })
  await world.idle()
  second.say({ command: 'takeConfiguration', type: 'offer', sdp: 'v=0' })
  second.chat('before')
  await world.idle()
  const again = b.connect()
  t.match(await again.join({ resume: true, resumeToken: joined?.resumeToken, received: 2 }), { resumed: true })
  second.chat('after')
  second.chat('later')
  await world.idle()
  t.same(again.chats(), [])
  a.arbiter.release()
  await world.idle()
  second.chat('at last')
  t.same(again.chats(), ['before', 'after', 'later', 'at last'])
})

t.test('What is lost on the way back from the server before is not waited for without end', async t => {
  const world = new ClusterWorld()
  const [a, b] = [world.start('a'), world.start('b')]
  const [first, second] = [a.connect(), b.connect()]
  const joined = await first.join({ resume: true })
  await second.join({ resume: true })
  a.arbiter.hold('join')
  a.connect().say({ command: 'join' })
  await world.idle()
  second.say({ command: 'takeConfiguration', type: 'offer', sdp: 'v=0' })
  second.chat('lost')
  await world.idle()
  const again = b.connect()
  t.match(await again.join({ resume: true, resumeToken: joined?.resumeToken, received: 2 }), { resumed: true })
  second.chat('after')
  await world.idle()
  t.same(again.chats(), [])
  await world.pass(2_000)
  t.same(again.chats(), ['after'])
  second.chat('later')
  t.same(again.chats(), ['later'])
  a.arbiter.release()
  await world.idle()
  t.same(again.chats(), [])
})

t.test('Who moves to a server that has not heard yet of its seat is there for those who sit on that one', async t => {
  const world = new ClusterWorld()
  const [a, b] = [world.start('a'), world.start('b')]
  const first = a.connect()
  await first.join({ resume: true })
  const proof = { command: 'join', resume: true, claim: 'c'.repeat(32), received: 0 }
  b.connect().say(proof)
  // The news of it is on its way while the same client, which has no answer, comes to the first server.
  await promisesDone()
  const again = a.connect()
  again.say(proof)
  await world.idle()
  const [joined, ...more] = again.read()
  t.match(joined, { definition: 'joined', peers: 1 })
  t.same(more, [])
  const [told, start, ...others] = first.read()
  t.match(told, { definition: 'peerJoined', peerId: joined?.peerId })
  t.match(start, { command: 'start' })
  t.same(others, [])
  again.chat('hello')
  first.chat('hello, too')
  t.same([...first.chats(), ...again.chats()], ['hello', 'hello, too'])
})

t.test('A server of an earlier version does not say what it has told the client, and its seats move all the same', t => {
  const seats = [{ id: 'own' }, { id: 'other' }] as never
  t.same(notTold(undefined, 'own', seats), { come: [], gone: [], ending: [], left: [] })
  t.same(notTold({ others: ['gone'], ended: [] }, 'own', seats), { come: ['other'], gone: ['gone'], ending: [], left: ['gone'] })
  t.end()
})

t.test('Who comes by a claim to a seat of another server of which it does not know is told all that came of it, and not that it resumed the one that it knows', async t => {
  const world = new ClusterWorld()
  const [a, b, c] = [world.start('a'), world.start('b'), world.start('c')]
  const claim = 'c'.repeat(32)
  t.match(await a.connect().join({ resume: true, claim }), { resumed: false, peers: 0 })
  const second = b.connect()
  await second.join()
  second.chat('hello')
  await world.idle()
  const again = c.connect()
  // It holds the token of a seat that is gone, on which two messages had arrived.
  again.say({ command: 'join', resume: true, claim, resumeToken: 'gone.secret', received: 2 })
  await world.idle()
  const heard = again.read()
  t.same(namesOf(heard), ['joined', 'peerJoined', 'start', 'peerMessageCommand'])
  t.match(heard[0], { resumed: false, peers: 0 })
  t.notOk(heard[0] !== undefined && 'received' in heard[0])
  await theyTalk(t, world, again, second)
})
