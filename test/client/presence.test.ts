import t from 'tap'
import { World, type FakePage } from '../helpers/fakes/client-world.js'

/** What a page was last told of the way between the two. */
const way = (page: FakePage) => page.payloads.filter(([info]) => info === 'ice_connection_state_changed').map(([, payload]) => (payload as { state: string }).state).at(-1)

t.test('that somebody is there is told by the state of the way, also where the two neither see nor hear each other, and so is the end', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t, { isPlayMode: true })
  t.same([way(anna), way(ben)], ['connected', 'connected'])
  t.same([anna.count('remote_stream'), ben.count('remote_stream')], [0, 0])
  void anna.adaptor.leave()
  await world.whenIdle()
  t.same([way(anna), way(ben)], ['closed', 'closed'])
  void anna.adaptor.join('room1')
  await world.whenIdle()
  t.same([way(anna), way(ben)], ['connected', 'connected'])
})

t.test('a camera and a microphone that go off leave the way as it is', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  await anna.adaptor.turnOffLocalCamera()
  await anna.adaptor.muteLocalMic()
  await world.whenIdle()
  t.equal(way(ben), 'connected')
  t.same(ben.adaptor.remoteMedia, { video: 'off', audio: 'off' })
  await ben.adaptor.close()
  t.equal(way(ben), 'closed')
})
