import t, { type Test } from 'tap'
import { FakeStream, FakeTrack } from '../helpers/fakes/fake-media.js'
import { heard, World, type FakePage } from '../helpers/fakes/client-world.js'

// The methods that the SDK has under the names of Ant Media's, beside those of its own.

/** Two pages in a call that has stood for a while. */
async function call (t: Test, options?: Parameters<World['call']>[1]): Promise<{ world: World, anna: FakePage, ben: FakePage }> {
  const world = new World()
  const [anna, ben] = await world.call(t, options)
  await world.pass(2_000)
  return { world, anna, ben }
}

const streamOf = (track: FakeTrack): MediaStream => {
  const stream = new FakeStream()
  stream.addTrack(track)
  return stream as unknown as MediaStream
}
const sending = ({ adaptor }: FakePage, kind: string): unknown => adaptor.getSender('room1', kind)?.track ?? null

t.test('the listeners that were added are told what callback and callbackError are told', async t => {
  const { world, anna, ben } = await call(t)
  const told: unknown[] = []
  anna.adaptor.addEventListener((info: string) => { told.push(info) })
  anna.adaptor.addErrorEventListener((error, message) => { told.push([error, message.name]) })
  const before = anna.told.length
  await ben.adaptor.peerMessage('room1', 'greeting', { to: 'Anna' })
  await world.whenIdle()
  await t.rejects(anna.adaptor.leave('room2'), { name: 'notInRoom' })
  t.same(told, [...anna.told.slice(before), ['notInRoom', 'notInRoom']])
  t.same(heard(anna), [{ to: 'Anna' }])
})

t.test('peerMessage without data sends null, and names no other room than the one that is joined', async t => {
  const { world, anna, ben } = await call(t)
  await anna.adaptor.peerMessage('room1', 'bell')
  await t.rejects(anna.adaptor.peerMessage('room2', 'bell'), { name: 'notInRoom' })
  await world.whenIdle()
  t.same(heard(ben), [null])
})

t.test('the states of the call and its senders are told, and null where there is none', async t => {
  const { world, anna } = await call(t)
  const { adaptor } = anna
  t.equal(adaptor.iceConnectionState('room1'), anna.connection?.iceConnectionState)
  t.equal(adaptor.signallingState('room1'), 'stable')
  t.equal(adaptor.getVideoSender('room1'), adaptor.getSender('room1', 'video'))
  t.not(sending(anna, 'audio'), null)
  void adaptor.stop('room1')
  await world.whenIdle()
  t.same([adaptor.iceConnectionState(), adaptor.signallingState(), adaptor.getVideoSender(), adaptor.roomName], [null, null, null, null])
  t.equal(anna.count('leaved'), 1)
})

t.test('closeStream gives back both devices in either mode, also those that are still being fetched, and the call goes on', async t => {
  for (const muteMode of ['silence', 'release'] as const) {
    const { world, anna } = await call(t, { muteMode })
    await anna.adaptor.closeStream()
    await world.whenIdle()
    t.same([anna.devices.live, anna.adaptor.localStream, anna.adaptor.iceConnectionState()], [[], null, 'connected'], muteMode)
    await anna.adaptor.turnOnLocalCamera()
    t.same(anna.devices.live, ['video'])

    const page = world.page(t)
    page.devices.slow = true
    const adaptor = page.open({ muteMode })
    await world.whenIdle()
    const closed = adaptor.closeStream()
    page.devices.answer()
    await closed
    t.same(page.devices.live, [], muteMode)
  }
})

t.test('closeStream ends a screen share, and the camera stays off', async t => {
  const { world, anna } = await call(t)
  await anna.adaptor.switchDesktopCapture('room1')
  await anna.adaptor.closeStream()
  await world.whenIdle()
  t.same([anna.devices.live, anna.count('screen_share_stopped'), sending(anna, 'video')], [[], 1, null])
})

t.test('openStream fetches what is asked for, gives back what is not, and switches on what was off', async t => {
  const { world, anna } = await call(t)
  await anna.adaptor.openStream({ video: { width: 320 }, audio: false }, 'room1')
  t.same(anna.devices.live, ['video'])
  t.same(anna.devices.tracks.at(-1)?.constraint, { width: 320 })
  await anna.adaptor.closeStream()
  await anna.adaptor.openStream({ video: true, audio: true })
  await world.whenIdle()
  t.same(anna.devices.live, ['audio', 'video'])
  t.same(anna.errorNames, [])
})

t.test('a track of the page\'s own is sent in place of camera or microphone, which take its place again when it ends', async t => {
  const { world, anna } = await call(t)
  const [picture, sound] = [new FakeTrack('video', 'a film'), new FakeTrack('audio', 'its sound')]
  const ended: string[] = []
  await anna.adaptor.switchDesktopCapture('room1')
  await anna.adaptor.updateVideoTrack(streamOf(picture), 'room1', () => ended.push('video'))
  await anna.adaptor.updateAudioTrack(streamOf(sound), 'room1', () => ended.push('audio'))
  await world.whenIdle()
  t.same([sending(anna, 'video'), sending(anna, 'audio')], [picture, sound])
  t.same(anna.devices.live, [], 'the devices and the screen are given back')
  await world.pass(2_000)
  picture.unplug()
  sound.unplug()
  await world.whenIdle()
  t.same(ended, ['video', 'audio'])
  t.same(anna.devices.live, ['audio', 'video'])
  await t.rejects(anna.adaptor.updateVideoTrack(streamOf(sound)), { name: 'TypeError' })
})

t.test('switchVideoCameraCapture calls back when that camera is lost, and not when it was switched before', async t => {
  const { world, anna } = await call(t)
  const lost: string[] = []
  await anna.adaptor.switchVideoCameraCapture('room1', 'camera-2', () => lost.push('camera-2'))
  await anna.adaptor.switchVideoCameraCapture('room1', 'camera-3', () => lost.push('camera-3'))
  await world.pass(2_000)
  anna.devices.tracks.at(-1)?.unplug()
  await world.whenIdle()
  t.same(lost, ['camera-3'])
})

t.test('closeWebSocket ends seat, call and connection, keeps the devices, and join connects again', async t => {
  const { world, anna, ben } = await call(t)
  const sockets = anna.network.sockets.length
  anna.adaptor.closeWebSocket()
  await world.pass(60_000)
  t.same([anna.adaptor.connectionState, anna.adaptor.roomName, anna.connection, anna.network.sockets.length], ['closed', null, null, sockets])
  t.same([anna.count('closed'), ben.count('peerLeft'), anna.devices.live], [1, 1, ['audio', 'video']])
  void anna.adaptor.join('room1')
  await world.whenIdle()
  t.equal(anna.adaptor.iceConnectionState(), 'connected')
  t.same(anna.errorNames, [])
})
