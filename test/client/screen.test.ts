import t from 'tap'
import { World, type FakePage } from '../helpers/fakes/client-world.js'

// What becomes of camera and screen while the one stands in for the other; the pictures themselves are in test/browser/screen.test.ts.

const running = ({ devices }: FakePage) => devices.tracks.filter(({ kind, readyState }) => kind === 'video' && readyState === 'live').map(({ label }) => label === 'screen' ? 'screen' : 'camera')
const sent = ({ connection }: FakePage) => connection?.getTransceivers().find(({ sender }) => sender.track?.kind === 'video')?.sender.track as { label: string } | undefined

t.test('who chooses nothing to share is told so, and the camera goes on', async t => {
  const world = new World()
  const [anna] = await world.call(t)
  anna.devices.refuseScreen = 'NotAllowedError'
  await t.rejects(anna.adaptor.switchDesktopCapture(), { name: 'ScreenSharePermissionDenied' })
  await world.whenIdle()
  t.same([anna.errorNames, running(anna), anna.adaptor.cameraOn], [['ScreenSharePermissionDenied'], ['camera'], true])
})

t.test('a share takes the camera\'s place and gives it back, and the other side is told both', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  await anna.adaptor.switchDesktopCapture()
  await world.whenIdle()
  t.same([running(anna), sent(anna)?.label, anna.adaptor.cameraOn], [['screen'], 'screen', false])
  t.same(anna.payloads.at(-1), ['local_media_changed', { camera: false, microphone: true, screen: true }])
  await world.pass(1_000)
  t.equal(ben.adaptor.remoteMedia.screen, true)
  anna.devices.tracks.at(-1)?.unplug()
  await world.whenIdle()
  t.same([running(anna), anna.adaptor.cameraOn], [['camera'], true])
  t.not(sent(anna)?.label, 'screen')
  await world.pass(1_000)
  t.equal(ben.adaptor.remoteMedia.screen, undefined)
  t.equal(anna.count('screen_share_stopped'), 1)
  t.same(anna.errorNames, [])
})

t.test('a camera that was off before, or is switched off meanwhile, is off after a share', async t => {
  for (const when of ['before', 'meanwhile']) {
    const world = new World()
    const [anna] = await world.call(t)
    if (when === 'before') await anna.adaptor.turnOffLocalCamera()
    await anna.adaptor.switchDesktopCapture()
    if (when === 'meanwhile') await anna.adaptor.turnOffLocalCamera()
    await anna.adaptor.stopDesktopCapture()
    await world.whenIdle()
    t.same([running(anna), anna.adaptor.cameraOn], [[], false], when)
  }
})

t.test('another camera ends the share, and a share survives a new call', async t => {
  const world = new World()
  const [anna, ben] = await world.call(t)
  await anna.adaptor.switchDesktopCapture()
  void ben.adaptor.leave()
  await world.whenIdle()
  t.same(running(anna), ['screen'])
  void ben.adaptor.join('room1')
  await world.whenIdle()
  t.equal(sent(anna)?.label, 'screen')
  await anna.adaptor.switchVideoCameraCapture(null, 'two')
  await world.whenIdle()
  t.same(running(anna), ['camera'])
  t.same(anna.devices.tracks.at(-1)?.constraint, { deviceId: { exact: 'two' } })
})

t.test('close ends a share', async t => {
  const world = new World()
  const [anna] = await world.call(t)
  await anna.adaptor.switchDesktopCapture()
  await anna.adaptor.close()
  await world.whenIdle()
  t.same(running(anna), [])
})
