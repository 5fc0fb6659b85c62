import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import t from 'tap'
import { UnjoinedConnections, type UnjoinedConnection } from '../../lib/transport/limits/unjoined-connections.js'
import { host } from '../helpers/host.js'
import { refusal, type SignallingClient } from '../helpers/signalling-client.js'

// At the limit for one address its oldest connection that never joined gives way to a newcomer, and nobody else does.

t.test('24 renders of a React Native app open 24 sockets, and the next person behind the same NAT gets in', async t => {
  const { connect, app } = await host(t, { limits: { connectionsPerAddress: 24 } })
  const sockets: SignallingClient[] = []
  for (let render = 0; render < 24; render++) sockets.push(await connect())
  // The SDK joins on the first, and uses no other.
  await sockets[0]?.join('room')
  const next = await connect()
  t.equal((await sockets[1]?.closed)?.code, 1013, 'the oldest that joined nothing')
  t.match(await next.join('room'), { peers: 1 })
  await sockets[0]?.hears('start')
  t.same(await sockets[2]?.heard(), [], 'one for one')
  for (let more = 0; more < 22; more++) await (await connect()).join(`room${more}`)
  t.equal((await app.rooms.dump()).rooms.length, 23)
  t.same(await sockets[0]?.heard(), [], 'who sits is not disturbed')
})

t.test('who sits, who has left again, and who is about to join never gives way: then a newcomer gets 429', async t => {
  let answer = () => {}
  const { connect, origin } = await host(t, {
    limits: { connectionsPerAddress: 3 },
    authorize: async (_request, { token }) => { if (token === 'slow') await new Promise<void>(resolve => { answer = resolve }) }
  })
  const [sits, left, joining] = [await connect(), await connect(), await connect()]
  await sits.join('one')
  await left.join('two')
  left.send({ command: 'leave', streamId: 'two' })
  await left.hears('leaved')
  joining.send({ command: 'join', streamId: 'three', token: 'slow' })
  joining.socket.ping()
  await new Promise(resolve => joining.socket.once('pong', resolve))
  t.equal((await refusal(`${origin}/app`)).status, 429)
  answer()
  await joining.hears('joined')
  t.equal((await refusal(`${origin}/app`)).status, 429)
  for (const client of [sits, left, joining]) t.same(await client.heard(), [])
})

t.test('an address does not make another one give way, nor does a handshake that fails', async t => {
  const { connect, origin } = await host(t, { keyGenerator: request => String(request.headers['x-user']), limits: { connectionsPerAddress: 1 } })
  const as = (user: string) => ({ headers: { 'x-user': user } })
  const ann = await connect('/app', as('ann'))
  const ben = await connect('/app', as('ben'))
  await ben.join('room')
  t.equal((await refusal(`${origin}/app`, as('ben'))).status, 429)
  const broken = get(`${origin}/app`, { headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'too short', 'x-user': 'ann' } })
  const [answer] = await once(broken, 'response') as [IncomingMessage]
  t.equal(answer.resume().statusCode, 400)
  t.same(await ann.heard(), [])
})

t.test('of those who gave way and do not go, only a few stay; the place of each counts once', async t => {
  const told: string[] = []
  const make = (name: string): UnjoinedConnection => ({ key: 'here', joining: false, close: () => told.push(`close ${name}`), terminate: () => told.push(`terminate ${name}`) })
  const unjoined = new UnjoinedConnections(16)
  const all = ['a', 'b', 'c', 'd'].map(make)
  for (const connection of all) unjoined.add(connection)
  for (let n = 0; n < 3; n++) t.equal(unjoined.closeOldest('here'), true)
  t.same(told, ['close a', 'close b', 'close c', 'terminate a'])
  t.same(all.map(connection => unjoined.remove(connection)), [true, true, true, false], 'the places of the first three are given away')
  t.equal(unjoined.closeOldest('here'), false)
  t.equal(unjoined.has('here'), false)
})
