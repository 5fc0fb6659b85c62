import t from 'tap'
import type { SignallingMessage } from '../../lib/client/webrtc-adaptor.js'
import { inCall, World } from '../helpers/fakes/client-world.js'

// What a developer who builds on the SDK sees and tries.

t.test('every message of the signalling is told in both directions, in order, until nobody wants to know', async t => {
  const world = new World()
  const [anna] = await world.call(t)
  const told: SignallingMessage[] = []
  await anna.adaptor.watchSignalling(message => told.push(message))
  const socket = anna.network.sockets.at(-1)
  const [sent, received] = [socket?.sent.length ?? 0, socket?.received.length ?? 0]
  await anna.adaptor.sendPeerMessage('chat', 'hello')
  await anna.adaptor.negotiate()
  await world.whenIdle()
  const of = (direction: string): string[] => told.filter(each => each.direction === direction).map(({ message }) => JSON.stringify(message))
  const wire = (texts: readonly string[] = []): string[] => texts.map(text => JSON.stringify(JSON.parse(text)))
  t.same(of('sent'), wire(socket?.sent.slice(sent)))
  t.same(of('received'), wire(socket?.received.slice(received)))
  t.match(told[0], { direction: 'sent', message: { command: 'peerMessageCommand', data: 'hello' } })
  t.ok(of('received').some(text => text.includes('"answer"')))
  await anna.adaptor.watchSignalling(null)
  const before = told.length
  await anna.adaptor.sendPeerMessage('chat', 'hello')
  t.equal(told.length, before)
})

t.test('whoever watches anew watches once, and what is no function is an error', async t => {
  const world = new World()
  const [anna] = await world.call(t)
  const told: SignallingMessage[] = []
  await anna.adaptor.watchSignalling(message => told.push(message))
  await anna.adaptor.watchSignalling(message => told.push(message))
  await anna.adaptor.sendPeerMessage('chat', 'hello')
  t.equal(told.length, 1)
  await t.rejects(anna.adaptor.watchSignalling('all' as never), { name: 'TypeError' })
})

t.test('a connection that is broken on purpose is lost and comes back like any other, and the call goes on', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  await anna.adaptor.breakConnection()
  t.equal(anna.adaptor.connectionState, 'reconnecting')
  await anna.adaptor.breakConnection()
  await world.pass(1_000)
  await world.whenIdle()
  t.equal(anna.adaptor.connectionState, 'open')
  t.ok(inCall(anna, ben))
  t.equal(anna.network.sockets.length, 2, 'one that is lost already is not lost again')
})
