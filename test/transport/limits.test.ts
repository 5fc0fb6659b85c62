import { once } from 'node:events'
import t from 'tap'
import { host, pair } from '../helpers/host.js'
import { refusal } from '../helpers/signalling-client.js'

// Each limit as an option of the plugin: what happens at it, and that whoever stays below it is let be.

t.test('frameBytes: a larger frame is answered by tooLarge and then 1009, one of exactly that size is taken', async t => {
  const { connect } = await host(t, { limits: { frameBytes: 2_000 } })
  const [good, bad] = [await connect(), await connect()]
  const ping = (bytes: number) => JSON.stringify({ command: 'ping', padding: '' }).replace('""', `"${'x'.repeat(bytes - 31)}"`)
  t.equal(ping(2_000).length, 2_000)
  good.send(ping(2_000))
  await good.hears('pong')
  bad.send(ping(2_001))
  t.match(await bad.hears('error: tooLarge'), { command: 'error' })
  t.equal((await bad.closed).code, 1009)
})

t.test('frameBytes: a frame that is larger by far is not even read to its end', async t => {
  const { connect } = await host(t, { limits: { frameBytes: 2_000 } })
  const client = await connect()
  client.send('x'.repeat(1_000_000))
  t.equal((await client.closed).code, 1009)
})

t.test('frameBytes: the other peer hears of neither the frame nor the error', async t => {
  const server = await host(t, { limits: { frameBytes: 2_000 } })
  const [first, second] = await pair(server)
  second.send({ command: 'peerMessageCommand', streamId: 'room', definition: 'x', data: 'x'.repeat(2_000) })
  await second.closed
  t.match(await first.hears('stop'), { reason: 'lost' })
  t.same(await first.heard(), ['peerLeft'])
})

t.test('messagesPerSecond: above it frames get rateExceeded, and who goes on all the same is closed with 1008', async t => {
  const { connect } = await host(t, { limits: { messagesPerSecond: 1, messageBurst: 10 } })
  const client = await connect()
  for (let n = 0; n < 200; n++) client.send({ command: 'ping' })
  for (let n = 0; n < 10; n++) t.match(await client.next(), { command: 'pong' })
  t.match(await client.next(), { command: 'error', definition: 'rateExceeded' }, 'an error first')
  t.equal((await client.closed).code, 1008)
})

t.test('messagesPerSecond: a client that heeds the error stays', async t => {
  const { connect } = await host(t, { limits: { messagesPerSecond: 1_000, messageBurst: 2 } })
  const client = await connect()
  for (let n = 0; n < 10; n++) client.send({ command: 'ping' })
  await client.hears('error: rateExceeded')
  client.skip()
  // A millisecond brings a token back; attempts before that are answered by errors, of which there may be some.
  for (let answer = ''; answer !== 'pong';) {
    client.send({ command: 'ping' })
    answer = (await client.next()).command
  }
  t.equal(client.socket.readyState, client.socket.OPEN)
})

t.test('messagesPerSecond: WebSocket pings are no way around it', async t => {
  const { connect } = await host(t, { limits: { messagesPerSecond: 1, messageBurst: 10 } })
  const client = await connect()
  // One after the other: many unanswered at once would have ws itself cut the connection off.
  const ended = client.closed.then(() => true)
  for (let n = 0, over = false; n < 200 && !over; n++) {
    client.socket.ping()
    over = await Promise.race([once(client.socket, 'pong').then(() => false), ended])
  }
  t.equal((await client.closed).code, 1008)
})

t.test('bytesPerSecond: above it frames get rateExceeded, and then 1008', async t => {
  const { connect } = await host(t, { limits: { frameBytes: 2_000, bytesPerSecond: 100, byteBurst: 4_000 } })
  const client = await connect()
  const frame = JSON.stringify({ command: 'ping', padding: 'x'.repeat(1_000) })
  for (let n = 0; n < 100; n++) client.send(frame)
  for (let n = 0; n < 3; n++) t.match(await client.next(), { command: 'pong' })
  t.match(await client.next(), { definition: 'rateExceeded' })
  t.equal((await client.closed).code, 1008)
})

t.test('bytesPerSecond: a single frame that is allowed always fits', async t => {
  const { connect } = await host(t, { limits: { frameBytes: 2_000, bytesPerSecond: 10, byteBurst: 10 } })
  const client = await connect()
  client.send(JSON.stringify({ command: 'ping', padding: 'x'.repeat(1_900) }))
  await client.hears('pong')
})

t.test('joinsPerMinute: one address, on however many connections, joins no more often', async t => {
  const { connect } = await host(t, { limits: { joinsPerMinute: 3 } })
  const [first, second] = [await connect(), await connect()]
  await first.join('one')
  await second.join('two')
  first.send({ command: 'leave', streamId: 'one' })
  await first.join('one')
  second.send({ command: 'join', streamId: 'three' })
  t.match(await second.hears('error: rateExceeded'), { streamId: 'three', retryAfter: 60_000 })
  t.same(await second.heard(), [], 'the connection goes on')
})

t.test('keyGenerator: what it returns is what counts as one address', async t => {
  const { connect, origin } = await host(t, {
    keyGenerator: request => String(request.headers['x-user']),
    limits: { joinsPerMinute: 1, connectionsPerAddress: 1 }
  })
  const as = (user: string) => ({ headers: { 'x-user': user } })
  const ann = await connect('/app', as('ann'))
  const ben = await connect('/app', as('ben'))
  await ann.join('one')
  await ben.join('two')
  ann.send({ command: 'join', streamId: 'three' })
  await ann.hears('error: rateExceeded')
  t.equal((await refusal(`${origin}/app`, as('ann'))).status, 429)
})

t.test('keyGenerator: what is no string is a fault of the host, and not a limit that is off', async t => {
  for (const bad of [async () => 'ann', () => undefined, () => 1]) {
    const { origin, log } = await host(t, { keyGenerator: bad as unknown as () => string })
    t.equal((await refusal(`${origin}/app`)).status, 500)
    t.match(JSON.stringify(log.lines.filter(line => line.level >= 50)), /keyGenerator/)
  }
})

t.test('keyGenerator: it is asked once for each connection', async t => {
  let asked = 0
  const { connect } = await host(t, { keyGenerator: () => `client ${asked++}`, limits: { connectionsPerAddress: 1 } })
  await (await connect()).join('room')
  await (await connect()).join('room')
  t.equal(asked, 2)
})

t.test('connectionsPerAddress: where all have joined, one more is 429 before the upgrade, with Retry-After, and free again once another has gone', async t => {
  const { connect, origin, app } = await host(t, { limits: { connectionsPerAddress: 2 } })
  const first = await connect()
  await first.join('room')
  await (await connect()).join('room')
  const { status, body, headers } = await refusal(`${origin}/app`)
  t.same([status, body.code], [429, 'FST_WEBRTC_TOO_MANY_CONNECTIONS'])
  t.match(headers['retry-after'], /^[1-9]\d*$/)
  const left = new Promise(resolve => app.rooms.once('left', resolve))
  first.socket.close(1000)
  await left
  await first.closed
  await (await connect()).join('room')
})

t.test('connectionsPerAddress: behind a trusted proxy the address is the client\'s', async t => {
  const limits = { connectionsPerAddress: 1 }
  const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })
  const trusting = await host(t, { limits }, { trustProxy: true })
  for (const address of ['192.0.2.1', '192.0.2.2', '2001:db8:1:2::3']) await (await trusting.connect('/app', from(address))).join(address.replaceAll(':', '_'))
  t.equal((await refusal(`${trusting.origin}/app`, from('192.0.2.1'))).status, 429)
  t.equal((await refusal(`${trusting.origin}/app`, from('2001:db8:1:2:ffff::4'))).status, 429, 'of IPv6 the /64')
  const distrusting = await host(t, { limits })
  await (await distrusting.connect('/app', from('192.0.2.1'))).join('room')
  t.equal((await refusal(`${distrusting.origin}/app`, from('192.0.2.2'))).status, 429, 'a header alone makes no new address')
})

t.test('connectionsPerApp: one more is 503 with Retry-After, and other applications are open', async t => {
  const { connect, origin } = await host(t, { limits: { connectionsPerApp: 1 } })
  await connect('/one')
  const { status, body, headers } = await refusal(`${origin}/one`)
  t.same([status, body.code], [503, 'FST_WEBRTC_FULL'])
  t.match(headers['retry-after'], /^[1-9]\d*$/)
  await connect('/two')
})

t.test('connections: one more in all is 503', async t => {
  const { connect, origin } = await host(t, { limits: { connections: 2 } })
  await connect('/one')
  await connect('/two')
  t.match(await refusal(`${origin}/three`), { status: 503, body: { code: 'FST_WEBRTC_FULL' } })
})

t.test('rooms: one more in an application is tooManyRooms; there may be two in the ones that are', async t => {
  const { connect } = await host(t, { limits: { rooms: 1 } })
  const [first, second] = [await connect('/one'), await connect('/one')]
  await first.join('room')
  second.send({ command: 'join', streamId: 'another' })
  t.match(await second.hears('error: tooManyRooms'), { streamId: 'another' })
  await second.join('room')
  await (await connect('/two')).join('another')
})

t.test('roomsPerConnection: one more is tooManyRooms, until another is left', async t => {
  const { connect } = await host(t, { limits: { roomsPerConnection: 2 } })
  const client = await connect()
  await client.join('one')
  await client.join('two')
  client.send({ command: 'join', streamId: 'three' })
  t.match(await client.hears('error: tooManyRooms'), { streamId: 'three' })
  client.send({ command: 'leave', streamId: 'one' })
  await client.join('three')
})

t.test('joinsInFlight: one more that would have to wait is refused at once, with a time to come back', async t => {
  let answer = () => {}
  const { connect } = await host(t, {
    limits: { joinsInFlight: 1 },
    authorize: async (_request, { token }) => { if (token === 'slow') await new Promise<void>(resolve => { answer = resolve }) }
  })
  const [slow, other] = [await connect(), await connect()]
  slow.send({ command: 'join', streamId: 'one', token: 'slow' })
  // Each connection is read in the order in which the bytes came, so that after a round trip the join above is under way.
  slow.socket.ping()
  await new Promise(resolve => slow.socket.once('pong', resolve))
  other.send({ command: 'join', streamId: 'two' })
  t.match(await other.hears('error: rateExceeded'), { streamId: 'two', retryAfter: 1_000 })
  answer()
  await slow.hears('joined')
  await other.join('two')
})

t.test('joinTimeout: who joins nothing is closed with 1013, and who has joined is not', async t => {
  const { connect } = await host(t, { limits: { joinTimeout: 300 } })
  const [idle, busy] = [await connect(), await connect()]
  await busy.join('room')
  t.equal((await idle.closed).code, 1013)
  t.same(await busy.heard(), [])
})

t.test('joinTimeout: it begins again with the last leave', async t => {
  const { connect } = await host(t, { limits: { joinTimeout: 300 } })
  const client = await connect()
  await client.join('one')
  await client.join('two')
  client.send({ command: 'leave', streamId: 'one' })
  t.same(await client.heard(), ['leaved'])
  client.send({ command: 'leave', streamId: 'two' })
  t.equal((await client.closed).code, 1013)
})

t.test('Limits of one application are counted for it alone', async t => {
  const { connect, origin } = await host(t, { apps: { small: { limits: { connectionsPerAddress: 1 } }, large: {} } })
  await (await connect('/small')).join('room')
  t.equal((await refusal(`${origin}/small`)).status, 429)
  await connect('/large')
  await connect('/large')
})

t.test('What all applications share no one of them can set for itself', async t => {
  for (const name of ['connections', 'joinsInFlight']) {
    await t.rejects(host(t, { apps: { app: { limits: { [name]: 1 } } } }), { code: 'FST_WEBRTC_BAD_OPTION', message: new RegExp(`'apps\\.app\\.limits\\.${name}' is not known`) })
  }
})
