import t, { type Test } from 'tap'
import type { FakeTrack } from '../helpers/fakes/fake-media.js'
import { World, type FakePage } from '../helpers/fakes/client-world.js'

// Which camera, microphone and loudspeaker are used, and what becomes of one that goes away.

/** Two pages in a call that has stood for a while. */
async function call (t: Test, options?: Parameters<World['call']>[1]): Promise<{ world: World, anna: FakePage, ben: FakePage }> {
  const world = new World()
  const [anna, ben] = await world.call(t, options)
  await world.pass(2_000)
  return { world, anna, ben }
}

const offers = ({ sent }: FakePage) => sent.filter(({ command, type }) => command === 'takeConfiguration' && type === 'offer').length
const current = ({ devices }: FakePage, kind: string): FakeTrack | undefined =>
  devices.tracks.findLast(track => track.kind === kind && track.readyState === 'live')
const sending = ({ connection }: FakePage, kind: string): unknown =>
  connection?.getTransceivers().find(({ sender }) => sender.track?.kind === kind)?.sender.track

t.test('another camera or microphone is sent in place of the old one, which is given back, and nothing is negotiated', async t => {
  const { world, anna, ben } = await call(t)
  const before = offers(anna) + offers(ben)
  await anna.adaptor.switchVideoCameraCapture('room1', 'camera-2')
  await anna.adaptor.switchAudioInputSource('room1', 'microphone-2')
  await world.whenIdle()
  t.same(anna.devices.live, ['audio', 'video'])
  t.same(current(anna, 'video')?.constraint, { deviceId: { exact: 'camera-2' } })
  t.same(current(anna, 'audio')?.constraint, { deviceId: { exact: 'microphone-2' } })
  for (const kind of ['audio', 'video']) t.equal(sending(anna, kind), current(anna, kind), kind)
  t.equal(offers(anna) + offers(ben), before)
  t.same(anna.errorNames, [])
})

t.test('mute survives a switch, in either mode', async t => {
  for (const muteMode of ['silence', 'release'] as const) {
    const { world, anna } = await call(t, { muteMode })
    await anna.adaptor.muteLocalMic()
    await anna.adaptor.switchAudioInputSource('room1', 'microphone-2')
    await world.whenIdle()
    t.equal(anna.adaptor.micOn, false, muteMode)
    if (muteMode === 'silence') t.equal(current(anna, 'audio')?.enabled, false, 'the new one is silent')
    else t.same(anna.devices.live, ['video'], 'none is fetched')
    await anna.adaptor.unmuteLocalMic()
    t.equal(anna.adaptor.micOn, true)
    t.same(current(anna, 'audio')?.constraint, { deviceId: { exact: 'microphone-2' } })
  }
})

t.test('one that cannot be had leaves the old one in place, and is told once', async t => {
  const { world, anna } = await call(t)
  const before = current(anna, 'video')
  anna.devices.fail = () => 'OverconstrainedError'
  await t.rejects(anna.adaptor.switchVideoCameraCapture('room1', 'gone'), { name: 'OverconstrainedError', device: 'camera' })
  await t.rejects(anna.adaptor.switchVideoCameraCapture('room1', ''), { name: 'TypeError' })
  await world.whenIdle()
  t.equal(current(anna, 'video'), before)
  t.equal(anna.adaptor.cameraOn, true)
  t.same(anna.errorNames, ['OverconstrainedError', 'TypeError'])
  anna.devices.fail = () => null
  await anna.adaptor.turnOffLocalCamera()
  await anna.adaptor.turnOnLocalCamera()
  t.equal(current(anna, 'video')?.constraint, true, 'it is asked for as before')
})

t.test('where the system opens one camera at a time, the old one is given back first, and comes again where the other one fails', async t => {
  const { world, anna } = await call(t)
  // Busy for as long as a track of it lives.
  anna.devices.fail = ({ video }) => video !== undefined && anna.devices.live.includes('video') ? 'NotReadableError' : null
  await anna.adaptor.switchVideoCameraFacingMode('room1', 'environment')
  t.same(current(anna, 'video')?.constraint, { facingMode: 'environment' })
  t.same(anna.errorNames, [])
  anna.devices.fail = ({ video }) => typeof video === 'object' && 'deviceId' in (video as object) ? 'NotReadableError' : null
  await t.rejects(anna.adaptor.switchVideoCameraCapture('room1', 'broken'), { name: 'NotReadableError' })
  await world.whenIdle()
  t.equal(anna.adaptor.cameraOn, true)
  t.same(current(anna, 'video')?.constraint, { facingMode: 'environment' })
  t.same(anna.errorNames, ['NotReadableError'])
})

t.test('of two switches in a row the last one counts, whichever the browser answers first', async t => {
  const { world, anna } = await call(t)
  // What comes later is loaded.
  await anna.adaptor.getDevices()
  anna.devices.slow = true
  const switches = [anna.adaptor.switchVideoCameraCapture(null, 'two'), anna.adaptor.switchVideoCameraCapture(null, 'three')]
  await world.whenIdle()
  anna.devices.answer()
  await Promise.all(switches)
  t.same(anna.devices.live, ['audio', 'video'])
  t.same(current(anna, 'video')?.constraint, { deviceId: { exact: 'three' } })
})

t.test('a camera that is switched off while another one is fetched stays off', async t => {
  const { world, anna } = await call(t)
  // What comes later is loaded.
  await anna.adaptor.getDevices()
  anna.devices.slow = true
  const switched = anna.adaptor.switchVideoCameraCapture(null, 'two')
  await world.whenIdle()
  await anna.adaptor.turnOffLocalCamera()
  anna.devices.answer()
  await switched
  t.same(anna.devices.live, ['audio'])
})

t.test('a device that is pulled out in a call is told, and the default one takes its place', async t => {
  const { world, anna, ben } = await call(t, { mediaConstraints: { audio: true, video: { width: 640, deviceId: { exact: 'stick' } } } })
  const lost = current(anna, 'video')
  lost?.unplug()
  await world.whenIdle()
  t.same(anna.payloads.find(([name]) => name === 'device_lost'), ['device_lost', { device: 'camera', label: lost?.label }])
  t.same(current(anna, 'video')?.constraint, { width: 640 })
  t.same([anna.adaptor.cameraOn, ben.remote], [true, ['audio', 'video']])
  t.same(anna.errorNames, [])
  t.test('without another one it is off, with an error', async t => {
    await world.pass(2_000)
    anna.devices.fail = () => 'NotFoundError'
    current(anna, 'audio')?.unplug()
    await world.whenIdle()
    t.equal(anna.adaptor.micOn, false)
    t.same([anna.errorNames, anna.errors[0]?.device], [['NotFoundError'], 'microphone'])
    t.equal(anna.count('device_lost'), 2)
  })
})

t.test('one that ends again as soon as it has come is not asked for without end', async t => {
  const { world, anna } = await call(t)
  for (let times = 0; times < 5; times++) {
    current(anna, 'video')?.unplug()
    await world.whenIdle()
  }
  t.equal(anna.count('device_lost'), 2)
  t.equal(anna.adaptor.cameraOn, false)
})

t.test('a device that the system silences is on and interrupted, and the other side is told that nothing comes', async t => {
  const { world, anna, ben } = await call(t)
  current(anna, 'audio')?.interrupt(true)
  await world.whenIdle()
  t.same(anna.payloads.at(-1), ['local_media_changed', { camera: true, microphone: true, interrupted: ['microphone'] }])
  t.equal(anna.adaptor.micOn, true)
  t.equal(ben.adaptor.remoteMedia.audio, 'off')
  current(anna, 'audio')?.interrupt(false)
  await world.whenIdle()
  t.same(anna.payloads.at(-1), ['local_media_changed', { camera: true, microphone: true }])
  t.equal(ben.adaptor.remoteMedia.audio, 'live')
})

t.test('the list of devices is told, and again whenever one comes or goes, until the adaptor is closed', async t => {
  const { world, anna } = await call(t)
  const [camera, other] = [{ kind: 'videoinput', deviceId: 'one', label: 'One' }, { kind: 'videoinput', deviceId: 'two', label: 'Two' }]
  anna.devices.list = [camera]
  t.same(await anna.adaptor.getDevices(), [camera])
  anna.devices.list = [camera, other]
  anna.devices.dispatchEvent(new Event('devicechange'))
  await world.whenIdle()
  t.same(anna.payloads.filter(([name]) => name === 'available_devices').map(([, list]) => list), [[camera], [camera, other]])
  await anna.adaptor.close()
  await world.whenIdle()
  t.equal(anna.devices.listening, 0)
  await t.rejects(anna.adaptor.getDevices(), { name: 'InvalidStateError' })
})

t.test('constraints are applied to what runs, kept for what is fetched later, and taken for the camera where they do not say', async t => {
  const { anna } = await call(t)
  await anna.adaptor.applyConstraints({ width: 320 })
  await anna.adaptor.applyConstraints({ audio: { echoCancellation: false } })
  t.same([current(anna, 'video')?.applied, current(anna, 'audio')?.applied], [{ width: 320 }, { echoCancellation: false }])
  await anna.adaptor.turnOffLocalCamera()
  await anna.adaptor.turnOnLocalCamera()
  t.same(current(anna, 'video')?.constraint, { width: 320 })
})

t.test('a loudspeaker is chosen where the browser can', async t => {
  const { anna } = await call(t)
  await t.rejects(anna.adaptor.switchAudioOutput(null, 'hall'), { name: 'NotSupportedError' })
  let chosen = ''
  Object.assign(anna.elements.remoteVideo ?? {}, { setSinkId: async (deviceId: string) => { chosen = deviceId } })
  await anna.adaptor.switchAudioOutput(null, 'hall')
  t.equal(chosen, 'hall')
})
