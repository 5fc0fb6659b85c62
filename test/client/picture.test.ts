import t, { type Test } from 'tap'
import { World, type FakePage } from '../helpers/fakes/client-world.js'
import type { FakeTransceiver } from '../helpers/fakes/fake-transceiver.js'

// How the picture is sent: with which codec, in which part of the network, and what of it suffers first.

const video = ({ connection }: FakePage): FakeTransceiver => {
  const found = connection?.getTransceivers().find(({ receiver }) => receiver.track.kind === 'video')
  if (found === undefined) throw new Error('There is no picture.')
  return found
}
const limit = (page: FakePage) => video(page).sender.parameters.encodings[0]?.maxBitrate
const suffers = (page: FakePage) => video(page).sender.parameters.degradationPreference

async function call (t: Test): Promise<{ world: World, anna: FakePage, ben: FakePage }> {
  const world = new World()
  const [anna, ben] = await world.call(t)
  await world.pass(2_000)
  return { world, anna, ben }
}

/** Leaves and comes back, which makes another peer connection. */
async function again (world: World, page: FakePage): Promise<void> {
  const before = page.connection
  void page.adaptor.leave()
  await world.whenIdle()
  void page.adaptor.join('room1')
  await world.whenIdle()
  if (page.connection === before || page.connection === null) throw new Error('It is the same call.')
}

/** A browser that has these codecs. */
function withCodecs (t: Test, ...names: string[]): void {
  const codecs = names.map(name => ({ mimeType: `video/${name}`, clockRate: 90_000 }))
  const browser = { RTCRtpReceiver: { getCapabilities: () => ({ codecs }) }, RTCRtpTransceiver: { prototype: { setCodecPreferences: () => {} } } }
  Object.assign(globalThis, browser)
  t.teardown(() => { for (const name of Object.keys(browser)) Reflect.deleteProperty(globalThis, name) })
}

t.test('A limit holds through a change of device, a share of the screen and the next calls, and is taken back in all of them', async t => {
  const { world, anna, ben } = await call(t)
  await anna.adaptor.changeBandwidth(300)
  t.equal(limit(anna), 300_000)
  t.equal(limit(ben), undefined)
  await anna.adaptor.switchVideoCameraCapture('room1', 'camera-2')
  await world.whenIdle()
  t.equal(limit(anna), 300_000)
  await anna.adaptor.switchDesktopCapture()
  await world.whenIdle()
  t.equal(limit(anna), 300_000)
  await anna.adaptor.stopDesktopCapture()
  await again(world, anna)
  t.equal(limit(anna), 300_000, 'as the one who comes')
  await again(world, ben)
  t.equal(limit(anna), 300_000, 'as the one who was there')
  await anna.adaptor.changeBandwidth('unlimited')
  t.equal(limit(anna), undefined)
  await again(world, anna)
  t.equal(limit(anna), undefined)
  t.same(anna.errorNames, [])
})

t.test('A limit may be set before there is a call', async t => {
  const world = new World()
  const [anna, ben] = [world.page(t), world.page(t)]
  for (const page of [anna, ben]) page.open()
  await anna.adaptor.changeBandwidth(200)
  for (const page of [anna, ben]) {
    void page.adaptor.join('room1')
    await world.whenIdle()
  }
  t.equal(limit(anna), 200_000)
})

t.test('A limit that is none is refused, and the last one holds', async t => {
  const { anna } = await call(t)
  await anna.adaptor.changeBandwidth(300)
  for (const wrong of [0, -1, NaN, 'much' as unknown as number]) await t.rejects(anna.adaptor.changeBandwidth(wrong), { name: 'TypeError' })
  t.equal(limit(anna), 300_000)
})

t.test('A shared screen gets slower before it gets smaller, and a camera the other way round', async t => {
  const { world, anna } = await call(t)
  await anna.adaptor.switchDesktopCapture()
  await world.whenIdle()
  t.equal(video(anna).sender.track?.contentHint, 'detail')
  t.equal(suffers(anna), 'maintain-resolution')
  await again(world, anna)
  t.equal(suffers(anna), 'maintain-resolution', 'in the next call, too')
  await anna.adaptor.stopDesktopCapture()
  await world.whenIdle()
  t.equal(suffers(anna), 'maintain-framerate')
  t.equal(video(anna).sender.track?.contentHint, 'motion')
})

t.test('A hint of the application\'s own stays', async t => {
  const { world, anna } = await call(t)
  const [track] = anna.devices.tracks.filter(({ kind }) => kind === 'video')
  if (track !== undefined) track.contentHint = 'text'
  await anna.adaptor.changeBandwidth(300)
  await world.whenIdle()
  t.equal(video(anna).sender.track?.contentHint, 'text')
})

for (const who of ['the one who offers', 'the one who answers']) {
  t.test(`Preferred codecs come first and all others behind them, at ${who}, in each call`, async t => {
    withCodecs(t, 'VP8', 'rtx', 'H264', 'VP9', 'AV1')
    const world = new World()
    const [anna, ben] = [world.page(t), world.page(t)]
    for (const page of [anna, ben]) page.open()
    await anna.adaptor.preferVideoCodecs(['av1', 'VP9', 'H265'])
    // Whoever is in the room first makes the offer.
    for (const page of who === 'the one who offers' ? [anna, ben] : [ben, anna]) {
      void page.adaptor.join('room1')
      await world.whenIdle()
    }
    const expected = ['video/AV1', 'video/VP9', 'video/VP8', 'video/rtx', 'video/H264']
    t.same(video(anna).codecs, expected)
    t.equal(video(ben).codecs, null)
    await again(world, ben)
    t.same(video(anna).codecs, expected)
  })
}

t.test('Codecs that are preferred in a call are negotiated at once', async t => {
  withCodecs(t, 'VP8', 'VP9')
  const { world, anna } = await call(t)
  const offers = () => anna.sent.filter(({ type }) => type === 'offer').length
  const before = offers()
  await anna.adaptor.preferVideoCodecs(['VP9'])
  await world.whenIdle()
  t.same(video(anna).codecs, ['video/VP9', 'video/VP8'])
  t.equal(offers(), before + 1)
})

t.test('A browser that cannot choose codecs says so', async t => {
  const { anna } = await call(t)
  await t.rejects(anna.adaptor.preferVideoCodecs(['VP9']), { name: 'NotSupportedError' })
})
