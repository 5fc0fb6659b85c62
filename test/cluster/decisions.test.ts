import t from 'tap'
import { ClusterWorld, type FakeServer } from '../helpers/fakes/cluster-world.js'

// An absent peer's window stands still while the application of another server decides whether it may come back.

const WINDOW = 20_000

/** A peer of server `a` that has lost its connection, and its token. */
async function absent (): Promise<{ world: ClusterWorld, a: FakeServer, b: FakeServer, resumeToken: string }> {
  const world = new ClusterWorld({ window: WINDOW })
  const [a, b] = [world.start('a'), world.start('b')]
  const first = a.connect()
  const joined = await first.join({ resume: true })
  await b.connect().join({ resume: true })
  first.link.lose(false)
  await world.idle()
  return { world, a, b, resumeToken: String(joined?.resumeToken) }
}

const isThere = ({ rooms }: FakeServer): boolean => rooms.find('app', 'room')?.seats.length === 2

t.test('The window goes on where it stopped, once the application has decided', async t => {
  const { world, a, b, resumeToken } = await absent()
  const decided = b.rooms.pauseWindow('app', 'room', { resumeToken })
  await world.pass(WINDOW + 5_000)
  t.ok(isThere(a) && isThere(b))
  decided?.()
  await world.pass(WINDOW - 1_000)
  t.ok(isThere(b))
  await world.pass(1_000)
  t.notOk(isThere(b))
})

t.test('Whoever does not prove the seat pauses nothing', async t => {
  for (const wrong of [(token: string) => token.slice(0, -1), () => 'nobody.secret', () => '']) {
    const { world, b, resumeToken } = await absent()
    b.rooms.pauseWindow('app', 'room', { resumeToken: wrong(resumeToken) })
    await world.pass(WINDOW)
    t.notOk(isThere(b))
  }
})

t.test('A server that dies while its application decides does not keep the seat for ever', async t => {
  const { world, a, b, resumeToken } = await absent()
  b.rooms.pauseWindow('app', 'room', { resumeToken })
  await world.idle()
  await world.die('b')
  await world.pass(30_000 + WINDOW)
  t.equal(a.rooms.seat(resumeToken.split('.')[0] ?? ''), undefined)
})

t.test('A decision before it is known where the seat is pauses nothing, and neither does one while nobody knows', async t => {
  const { world, b, resumeToken } = await absent()
  b.arbiter.hold('state')
  const decided = b.rooms.pauseWindow('app', 'room', { resumeToken })
  decided?.()
  b.arbiter.release()
  await world.idle()
  b.arbiter.isAway = true
  b.rooms.pauseWindow('app', 'room', { resumeToken })
  await world.idle()
  t.equal(b.failures.length, 1)
  b.arbiter.isAway = false
  await world.pass(WINDOW)
  t.notOk(isThere(b))
})
