import { once } from 'node:events'
import Fastify from 'fastify'
import t from 'tap'
import webrtcSignalling from '../../lib/index.js'
import { event, pair, SignallingClient, talks } from '../helpers/signalling-client.js'
import { startServer } from '../helpers/signalling-server.js'
import { timer } from '../helpers/timer.js'
import { Proxy } from '../helpers/proxy.js'

const { connect } = SignallingClient

t.test('A half-open socket is cut off within interval and timeout, and its room is told', async t => {
  const server = await startServer(t, { heartbeat: { interval: 60, timeout: 300 } })
  const proxy = await Proxy.start(t, server.http)
  const dead = await connect(t, `${proxy.origin.replace('http', 'ws')}/app`)
  const sitter = await connect(t, server.address)
  await dead.join('room1')
  await sitter.join('room1')
  const late = timer(2_000)
  proxy.swallow()
  t.match(await sitter.hears('stop'), { streamId: 'room1', reason: 'lost' })
  t.notOk(late.fired)
  t.equal((await server.app.rooms.get('app', 'room1'))?.peers.length, 1)
})

t.test('A client that answers pings and says nothing else stays for ever', async t => {
  const server = await startServer(t, { heartbeat: { interval: 20, timeout: 1_000 } })
  const sitters = await pair(t, server.address, 'room1')
  for (let i = 0; i < 10; i++) await new Promise(resolve => sitters[0].socket.once('ping', resolve))
  await talks(t, sitters, 'room1', 'after ten pings')
})

t.test('A client that talks and answers no ping, as one does whose way from the server is cut, is gone after three times the time', async t => {
  const timeout = 300
  const server = await startServer(t, { heartbeat: { interval: 60, timeout } })
  const client = await connect(t, server.address, { autoPong: false })
  const sitter = await connect(t, server.address)
  await client.join('room1')
  await sitter.join('room1')
  await new Promise(resolve => client.socket.once('ping', resolve))
  const pinged = performance.now()
  const talking = setInterval(() => client.send({ command: 'ping' }), 20)
  t.teardown(() => clearInterval(talking))
  t.equal((await client.closed).code, 1006)
  t.ok(performance.now() - pinged > 2 * timeout, 'its pong might have been behind large frames')
  t.match(await sitter.hears('stop'), { reason: 'lost' })
})

t.test('A client whose pong comes late, behind what it sends, is alive', async t => {
  const server = await startServer(t, { heartbeat: { interval: 60, timeout: 1_000 }, limits: { messagesPerSecond: 1e6, messageBurst: 1e6 } })
  const client = await connect(t, server.address, { autoPong: false })
  const [payload] = await once(client.socket, 'ping')
  const pinged = performance.now()
  while (performance.now() - pinged < 1_300) t.same(await client.heard(), [])
  client.socket.pong(payload)
  await once(client.socket, 'ping')
  t.equal(client.socket.readyState, 1)
})

t.test('A connection that is quiet and answers no ping is gone, seat or no seat; one that can resume is absent', async t => {
  const server = await startServer(t, { heartbeat: { interval: 20, timeout: 40 } })
  const idle = await connect(t, server.address, { autoPong: false })
  const sitter = await connect(t, server.address, { autoPong: false })
  const absent = event(server.app, 'absent')
  await sitter.join('room1', { resume: true })
  t.equal((await idle.closed).code, 1006)
  t.match(await absent, { room: 'room1' })
  t.equal((await sitter.closed).code, 1006)
})

t.test('A client that sends a close frame and keeps its side open does not keep its seat', async t => {
  const server = await startServer(t, { heartbeat: { interval: 40, timeout: 60_000 } })
  const [first, second] = await pair(t, server.address, 'room1')
  first.raw.removeAllListeners('data').pause()
  const late = timer(15_000)
  first.raw.write(Buffer.from('88820000000003e9', 'hex'))
  t.match(await second.hears('stop'), { reason: 'left' })
  t.notOk(late.fired, 'where ws alone would wait for 30 s')
})

t.test('One timer serves all connections, and none is left with the last of them', async t => {
  const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
  const server = await startServer(t)
  const clients = await Promise.all(Array.from({ length: 50 }, () => connect(t, server.address)))
  for (const [i, client] of clients.entries()) await client.join(`room${i}`)
  const many = timers()
  t.ok(many < 30, `${many} timers for 50 connections`)
})

t.test('A peer that does not read is cut off at `bufferedBytes` and its room told; the sender goes on, and so does everybody', async t => {
  const bufferedBytes = 100_000
  const server = await startServer(t, { bufferedBytes, limits: { messagesPerSecond: 1e6, messageBurst: 1e6, bytesPerSecond: 1e9, byteBurst: 1e9 } })
  const bystanders = await pair(t, server.address, 'room2')
  const [sender, reader] = await pair(t, server.address, 'room1')
  reader.socket.pause()
  const frame = JSON.stringify({ command: 'peerMessageCommand', streamId: 'room1', definition: 'data', data: 'x'.repeat(60_000) })
  const before = process.memoryUsage()
  let sent = 0
  for (;;) {
    sender.send(frame)
    sent++
    const heard = await sender.news()
    if (heard.length > 0) {
      t.match(heard[0], { command: 'stop', streamId: 'room1', reason: 'lost' })
      break
    }
    // The system's own buffers on both sides take some megabytes before ours has to.
    if (sent > 1_000) {
      t.fail('60 MB went to a peer that reads nothing')
      break
    }
  }
  const grown = process.memoryUsage().external - before.external
  t.ok(grown < 20_000_000, `${sent} frames of 60 kB, and ${Math.round(grown / 1e6)} MB more`)
  t.match(await server.app.rooms.peers('app', 'room1'), [{ state: 'present' }])
  t.same(await bystanders[0].heard(), [])
  await talks(t, bystanders, 'room2', 'bystanders')
  const next = await connect(t, server.address)
  await next.join('room1')
  await sender.hears('start')
  await talks(t, [sender, next], 'room1', 'with the next')
})

t.test('A peer that reads gets more than `bufferedBytes` in one turn of the event loop, which the server alone has kept waiting', async t => {
  const server = await startServer(t, { bufferedBytes: 100_000 })
  const client = await connect(t, server.address)
  await client.join('room1')
  const data = 'x'.repeat(20_000)
  const sent = Array.from({ length: 20 }, () => server.app.rooms.send('app', 'room1', 'much', data))
  await Promise.all(sent)
  for (let i = 0; i < sent.length; i++) t.match(await client.hears('much'), { data })
  t.same(await client.heard(), [])
})

t.test('A peer that does not read and can resume becomes absent, and comes back; a resumption far behind begins a new call', async t => {
  const server = await startServer(t, { bufferedBytes: 300_000, limits: { messagesPerSecond: 1e6, messageBurst: 1e6, bytesPerSecond: 1e9, byteBurst: 1e9 } })
  const sender = await connect(t, server.address)
  const reader = await connect(t, server.address)
  await sender.join('room1')
  const { resumeToken } = await reader.join('room1', { resume: true })
  await sender.hears('start')
  reader.socket.pause()
  const state = { absent: false }
  const absent = event(server.app, 'absent').then(() => { state.absent = true })
  const frame = JSON.stringify({ command: 'peerMessageCommand', streamId: 'room1', definition: 'data', data: 'x'.repeat(60_000) })
  while (!state.absent) {
    sender.send(frame)
    t.same(await sender.heard(), [], 'its room is not told, since it may come back')
  }
  await absent
  const again = await connect(t, server.address)
  t.match(await again.join('room1', { resume: true, resumeToken, received: 0 }), { resumed: false, peers: 1 })
  t.same(await again.heard(), [], 'and is not sent the megabytes that drowned it')
  t.same(await sender.heard(), ['stop', 'peerLeft', 'peerJoined', 'start'])
  await talks(t, [sender, again], 'room1', 'anew')
})

t.test('Who joins nothing in time is closed with 1013, and who has left may stay as long again', async t => {
  const server = await startServer(t, { limits: { joinTimeout: 300 } })
  const idle = await connect(t, server.address)
  const sitter = await connect(t, server.address)
  await sitter.join('room1')
  idle.send({ command: 'ping' })
  t.equal((await idle.closed).code, 1013, 'a ping is no join')
  t.same(await sitter.heard(), [], 'who sits is not asked')
  const left = performance.now()
  sitter.send({ command: 'leave' })
  t.equal((await sitter.closed).code, 1013)
  t.ok(performance.now() - left >= 290, 'counted from the leave')
})

t.test('More cannot be kept for an absent peer than a present one may have waiting, or its replay would cut it off', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await t.rejects(async () => { await app.register(webrtcSignalling, { bufferedBytes: 1_000, resume: { bytes: 1_001 } }) }, {
    code: 'FST_WEBRTC_BAD_OPTION',
    message: /'resume\.bytes' must not be more than 'bufferedBytes'/
  })
})
