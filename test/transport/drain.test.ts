import t from 'tap'
import { event, pair, refusal, SignallingClient, type Message } from '../helpers/signalling-client.js'
import { startServer } from '../helpers/signalling-server.js'
import { timer } from '../helpers/timer.js'

const { connect } = SignallingClient

t.test('A drain tells each client when to come back, each another time, closes with 1001, and says nothing of the others', async t => {
  const { app, address } = await startServer(t, { drain: { grace: 2_000, retryAfter: 10_000 } })
  const sitters = await pair(t, address, 'room1', { resume: true })
  const others = await Promise.all(Array.from({ length: 20 }, () => connect(t, address)))
  const clients = [...sitters, ...others]
  const before = clients.map(({ frames }) => frames.length)
  await app.rooms.drain()
  const times = new Set<unknown>()
  for (const [i, client] of clients.entries()) {
    t.equal((await client.closed).code, 1001)
    const news = client.frames.slice(before[i]).map(frame => JSON.parse(frame) as Message)
    // A `stop` would end a call whose media flows on while the server is started again.
    t.match(news, [{ command: 'notification', definition: 'server_will_stop', retryAfter: Number }])
    t.equal(news.length, 1)
    const { retryAfter } = news[0] as Message
    t.ok(Number(retryAfter) >= 5_000 && Number(retryAfter) <= 15_000, 'from half to one and a half of the option')
    times.add(retryAfter)
  }
  t.ok(times.size > clients.length / 2, 'jittered')
  t.match(await app.rooms.dump(), { draining: true, connections: 0, rooms: [] })
  t.equal((await refusal(address)).status, 503)
})

t.test('A client that ignores the close is cut off after the grace period, and close() takes no longer', async t => {
  const { app, address } = await startServer(t, { drain: { grace: 200 } })
  const stubborn = await connect(t, address)
  await stubborn.join('room1')
  stubborn.raw.removeAllListeners('data').pause()
  const [early, late] = [timer(150), timer(1_500)]
  await app.close()
  t.ok(early.fired, 'not before')
  t.notOk(late.fired, 'and not long after')
})

t.test('Absent seats do not hold a drain up, and no window outlives it', async t => {
  const { app, address } = await startServer(t, { drain: { grace: 5_000 } })
  const client = await connect(t, address)
  await client.join('room1', { resume: true })
  const absent = event(app, 'absent')
  client.raw.destroy()
  await absent
  const graceOver = timer(5_000)
  await app.close()
  t.notOk(graceOver.fired, 'long before the grace is over')
  t.same((await app.rooms.dump()).rooms, [])
})

t.test('A drain without clients is over at once, and so is a second one', async t => {
  const { app } = await startServer(t)
  await app.rooms.drain()
  await app.rooms.drain()
  t.equal(app.rooms.draining, true)
})
