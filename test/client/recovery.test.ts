import t from 'tap'
import { inCall, World, type FakePage } from '../helpers/fakes/client-world.js'
import { FakePlainClient } from '../helpers/fakes/fake-plain-client.js'

const restarts = (...pages: FakePage[]) => pages.map(({ connection }) => connection?.restarts)
const joins = (page: FakePage) => page.sent.filter(({ command }) => command === 'join').length

/** Both sides of a call see the way between them change. */
function become (world: World, state: 'disconnected' | 'failed'): void {
  for (const connection of world.ice.connections) connection.become(state)
}

t.test('disconnected is waited out; when it lasts, the impolite side alone restarts ICE', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  become(world, 'disconnected')
  await world.pass(2_900)
  for (const { connection } of [anna, ben]) connection?.become('connected')
  await world.pass(60_000)
  t.same(restarts(anna, ben), [0, 0])
  become(world, 'disconnected')
  await world.pass(2_900)
  t.same(restarts(anna, ben), [0, 0])
  await world.pass(200)
  t.same(restarts(anna, ben), [1, 0])
  t.ok(inCall(anna, ben))
  await world.pass(60_000)
  t.same(restarts(anna, ben), [1, 0], 'once')
})

t.test('the polite side gives the other\'s restart the time that it needs', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  world.ice.open = false
  ben.connection?.become('failed')
  anna.connection?.become('disconnected')
  await world.pass(3_100)
  t.same(restarts(anna, ben), [1, 0])
  await world.pass(4_000)
  t.same(restarts(anna, ben), [1, 0])
})

t.test('failed restarts ICE at once', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  become(world, 'failed')
  await world.pass(0)
  t.same(restarts(anna, ben), [1, 0])
  t.ok(inCall(anna, ben))
})

t.test('where the impolite side sees nothing wrong, the polite one acts a little later', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  ben.connection?.become('failed')
  await world.pass(3_900)
  t.same(restarts(anna, ben), [0, 0])
  await world.pass(200)
  t.same(restarts(anna, ben), [0, 1])
  t.ok(inCall(anna, ben))
})

t.test('step by step: a restart, a fresh connection, a fresh join, and then again and again, more and more slowly', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  const first = anna.connection
  world.ice.open = false
  become(world, 'failed')
  await world.pass(7_900)
  t.equal(anna.connection, first)
  t.equal(first?.restarts, 1)
  await world.pass(200)
  t.not(anna.connection, first, 'a fresh connection after 8 s')
  t.equal(joins(anna), 1)
  await world.pass(15_000)
  t.equal(joins(anna), 2, 'a fresh join after 15 s more')
  t.same([anna.count('joined'), anna.count('leaved')], [1, 0], 'which the application need not know of')
  const connections = world.ice.connections.length
  await world.pass(10 * 60_000)
  const more = world.ice.connections.length - connections
  t.ok(more > 0 && more < 150, `${more} connections in ten minutes, at both sides`)
  t.ok(anna.errorNames.concat(ben.errorNames).every(name => name === 'peerConnectionFailed'))
  world.ice.open = true
  await world.pass(90_000)
  t.ok(inCall(anna, ben), 'until there is a way')
})

t.test('while the signalling is away nothing is tried; when it is back, it is', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  for (const page of [anna, ben]) {
    page.network.reachable = false
    page.socket.cut()
  }
  become(world, 'failed')
  await world.pass(15_000)
  t.same(restarts(anna, ben), [0, 0])
  for (const page of [anna, ben]) page.network.reachable = true
  await world.pass(8_000)
  t.ok(inCall(anna, ben))
  t.equal(world.ice.connections.length, 2)
})

t.test('a call that does not come up is set up anew', async t => {
  const world = new World()
  world.ice.open = false
  const [anna, ben] = await world.call(t)
  const connections = world.ice.connections.length
  world.ice.open = true
  await world.pass(40_000)
  t.ok(inCall(anna, ben))
  t.ok(world.ice.connections.length - connections <= 2)
})

t.test('with a client of another make the offerer restarts ICE and then joins anew, and the answerer joins anew', async t => {
  for (const first of ['ours', 'plain'] as const) {
    const world = new World()
    const page = world.page(t)
    const plain = new FakePlainClient(world)
    page.open()
    if (first === 'plain') await plain.join()
    void page.adaptor.join('room1')
    await world.whenIdle()
    if (first === 'ours') await plain.join()
    world.ice.open = false
    become(world, 'failed')
    await world.pass(7_000)
    t.equal(page.connection?.restarts ?? 0, first === 'ours' ? 1 : 0)
    await world.pass(2_000)
    t.equal(joins(page), 2)
    world.ice.open = true
    await world.pass(60_000)
    t.equal(page.connection?.connectionState, 'connected')
    t.same(world.ice.faults, [])
    world.ice.open = false
    become(world, 'failed')
    const before = joins(page)
    page.errors.length = 0
    await world.pass(20 * 60_000)
    t.ok(joins(page) - before > 15 && joins(page) - before < 24, `${joins(page) - before} joins in twenty minutes`)
    t.same(page.errorNames, ['peerConnectionFailed'], 'told once')
  }
})

t.test('with nobody there nothing is tried', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  ben.network.reachable = false
  ben.socket.cut()
  await world.pass(21_000)
  anna.connection?.become('disconnected')
  await world.pass(60_000)
  t.same(restarts(anna), [0])
  anna.connection?.become('failed')
  await world.pass(60_000)
  t.equal(anna.connection, null)
  t.equal(joins(anna), 1)
})
