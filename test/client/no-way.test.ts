import t from 'tap'
import { inCall, World, type FakePage } from '../helpers/fakes/client-world.js'
import { FakePlainClient } from '../helpers/fakes/fake-plain-client.js'

const joins = (page: FakePage) => page.sent.filter(({ command }) => command === 'join').length

/** The seconds, from now on, in which a try is made: a fresh peer connection, at either side. */
async function tries (world: World, seconds: number): Promise<number[]> {
  const at: number[] = []
  for (let second = 0; second < seconds; second++) {
    const before = world.ice.connections.length
    await world.pass(1_000)
    if (world.ice.connections.length > before) at.push(second)
  }
  return at
}

t.test('where there is no way through, both sides are told within 20 s, once, and the tries grow apart', async t => {
  const world = new World()
  world.ice.open = false
  const [anna, ben] = await world.call(t)
  await world.pass(19_000)
  t.same([anna.errorNames, ben.errorNames], [[], []])
  await world.pass(1_500)
  t.same([anna.errorNames, ben.errorNames], [['peerConnectionFailed'], ['peerConnectionFailed']])
  const at = await tries(world, 15 * 60)
  const gaps = at.slice(1).map((second, index) => second - (at[index] ?? 0)).filter(gap => gap > 1)
  t.ok(gaps.slice(2).every(gap => gap >= 28), `never again within 8 s: ${gaps.join()}`)
  t.ok(gaps.slice(6).every(gap => gap >= 50), `and slower in the end: ${gaps.join()}`)
  t.ok(joins(anna) + joins(ben) <= 4, 'nobody leaves and joins again and again')
  t.same([anna.errorNames, ben.errorNames], [['peerConnectionFailed'], ['peerConnectionFailed']])
  world.ice.open = true
  await world.pass(65_000)
  t.ok(inCall(anna, ben), 'until there is a way')
  world.ice.open = false
  for (const connection of world.ice.connections) connection.become('failed')
  await world.pass(21_000)
  t.same(anna.errorNames, ['peerConnectionFailed', 'peerConnectionFailed'], 'the next time it is told anew')
})

t.test('an offer that comes in does not cut a longer wait down', async t => {
  const world = new World()
  world.ice.open = false
  const [anna, ben] = await world.call(t)
  await world.pass(3 * 60_000)
  let before = world.ice.connections.length
  while (world.ice.connections.length === before) await world.pass(1_000)
  // Just after a try of either side, with a wait of a minute before it.
  before = world.ice.connections.length
  await Promise.all([anna.adaptor.negotiate(), ben.adaptor.negotiate()])
  await world.pass(25_000)
  t.equal(world.ice.connections.length, before)
})

t.test('who comes after somebody to whom there was no way gets all tries, at the pace of a fresh call', async t => {
  const world = new World()
  world.ice.open = false
  const [anna, ben] = await world.call(t)
  await world.pass(60_000)
  await ben.adaptor.close()
  const errors = anna.errors.length
  await world.pass(60_000)
  t.equal(anna.errors.length, errors, 'alone, nothing more is told')
  const cleo = world.page(t)
  void cleo.open().join('room1')
  await world.whenIdle()
  await world.pass(15_500)
  t.same([anna.connection?.restarts, cleo.connection?.restarts], [1, 0])
  t.same(await tries(world, 9), [7])
  t.same([anna.errors.length - errors, cleo.errorNames], [1, ['peerConnectionFailed']])
})

t.test('while the server is away nobody is told that there is no way', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  for (const page of [anna, ben]) {
    page.network.reachable = false
    page.socket.cut()
  }
  world.ice.open = false
  for (const connection of world.ice.connections) connection.become('failed')
  await world.pass(60_000)
  t.same([anna.errorNames, ben.errorNames], [[], []])
  for (const page of [anna, ben]) page.network.reachable = true
  await world.pass(35_000)
  t.same([anna.errorNames, ben.errorNames], [['peerConnectionFailed'], ['peerConnectionFailed']])
})

t.test('an offer that a client of another make never answers is told, once; one that it answers late is not told again', async t => {
  const world = new World()
  const page = world.page(t)
  const plain = new FakePlainClient(world)
  void page.open().join('room1')
  await world.whenIdle()
  const hears = plain.socket.onmessage
  plain.socket.onmessage = null
  await plain.join()
  await world.pass(21_000)
  t.same(page.errorNames, ['offerUnanswered'])
  await world.pass(10 * 60_000)
  t.same(page.errorNames, ['offerUnanswered'])
  plain.socket.onmessage = hears
  await world.pass(65_000)
  t.equal(page.connection?.connectionState, 'connected')
  t.same(page.errorNames, ['offerUnanswered'])
})
