import t from 'tap'
import { ClusterWorld } from '../helpers/fakes/cluster-world.js'

// That a server still has its rooms is said again and again, and what was lost without anybody's notice is found by it.

const room = { app: 'app', room: 'room' }

/** How many signs of life a server gives in the ten leases in which each room is renewed once. */
const TURNS = 30

/** That many signs of life, and how many rooms were renewed with each. */
async function turns (world: ClusterWorld, server: ReturnType<ClusterWorld['start']>, count: number): Promise<number[]> {
  const renewed: number[] = []
  for (let i = 0; i < count; i++) {
    const before = server.arbiter.asked.length
    server.cluster.renewed(false)
    await world.idle()
    renewed.push(server.arbiter.asked.slice(before).filter(asked => asked === 'renew').length)
  }
  return renewed
}

t.test('Each room is renewed once in ten leases, and as many with each sign of life', async t => {
  const world = new ClusterWorld()
  const server = world.start('a')
  for (let i = 0; i < 75; i++) server.connect().say({ command: 'join', streamId: `room-${i}` })
  await world.idle()
  const before = server.arbiter.asked.length
  const renewed = await turns(world, server, TURNS)
  t.equal(Math.max(...renewed), 3)
  t.equal(renewed.reduce((all, one) => all + one), 75)
  t.same(new Set(server.arbiter.asked.slice(before)), new Set(['renew']), 'and nothing else is asked')
  t.equal((await turns(world, server, TURNS)).reduce((all, one) => all + one), 75, 'then it begins again')
})

t.test('A server without rooms renews none', async t => {
  const world = new ClusterWorld()
  t.same(await turns(world, world.start('a'), 2), [0, 0])
})

t.test('What was lost of a room without anybody\'s notice is there again once it was renewed, and nobody in it hears of that', async t => {
  const world = new ClusterWorld()
  const [a, b] = [world.start('a'), world.start('b')]
  const [first, second] = [a.connect(), b.connect()]
  await first.join({ resume: true })
  await second.join({ resume: true })
  first.read()
  // All of it, and then what was written last.
  for (const kept of [[], [{ ...world.arbiter.state(room).seats[0], fence: 0, order: 1 }]]) {
    world.forget(room)
    for (const seat of kept) world.arbiter.announce(room, 'a', [seat as never], 2)
    for (const server of [a, b]) await turns(world, server, TURNS)
    await world.pass(60_000)
    t.equal(world.arbiter.state(room).seats.length, 2)
    t.same([...first.heard(), ...second.heard()], [])
  }
  first.chat('there')
  await world.idle()
  t.same(second.chats(), ['there'])
})
