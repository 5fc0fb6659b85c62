import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import type { RemoteMediaState } from '../../lib/client/webrtc-adaptor.js'
import { launch } from '../helpers/browser.js'
import { capturing, inCall, receives } from '../helpers/media.js'
import { call, heard, note, refusal } from '../helpers/page-adaptor.js'
import { PeerPage } from '../helpers/peer-page.js'
import { servePages } from '../helpers/serve-pages.js'
import { start } from '../helpers/start.js'

// Several cameras, microphones and loudspeakers in a real browser.

const browser = await launch(t, { args: ['--use-fake-device-for-media-stream=device-count=3'] })
const app = `${await start(t, await servePages())}/WebRTCApp4`

type Listed = Pick<MediaDeviceInfo, 'kind' | 'deviceId' | 'label'>

async function twoInCall (t: Test, room: string): Promise<[Page, Page]> {
  const [anna, ben] = [await PeerPage.open(t, browser, app), await PeerPage.open(t, browser, app)]
  await anna.join(room)
  await anna.is('waiting')
  await ben.join(room)
  await inCall(anna, ben)
  return [anna.page, ben.page]
}

/** Waits until what is sent of a kind comes from this device. */
async function sends (page: Page, kind: string, deviceId: string | undefined): Promise<void> {
  await page.waitForFunction(([kind, deviceId]) => {
    const track = window.observed.connections.at(-1)?.getSenders().find(({ track }) => track?.kind === kind)?.track
    return track?.getSettings().deviceId === deviceId && track?.enabled
  }, [kind, deviceId] as const)
}

/** The version of this side's description, which each offer and answer counts up (RFC 9429, section 5.2.1). */
const negotiations = (page: Page): Promise<string | undefined> =>
  page.evaluate(() => /o=- \S+ (\d+)/.exec(window.observed.connections.at(-1)?.localDescription?.sdp ?? '')?.[1])

t.test('all three cameras and microphones are listed with their labels, and each can be taken in a call without a new offer', async t => {
  const [anna, ben] = await twoInCall(t, 'choice')
  const devices = await call(anna, 'getDevices') as Listed[]
  const of = (kind: string) => devices.filter(device => device.kind === kind && !['default', 'communications'].includes(device.deviceId))
  t.equal(of('videoinput').length, 3)
  t.ok(of('audioinput').length >= 2)
  t.ok(devices.every(({ label }) => label !== ''))
  const before = await negotiations(anna)
  for (const [index, { deviceId }] of of('videoinput').entries()) {
    await call(anna, 'switchVideoCameraCapture', 'choice', deviceId)
    await sends(anna, 'video', deviceId)
    // The second of Chromium's fake cameras is one for depth (16 bits of grey), of which no encoder takes a frame.
    if (index !== 1) await receives(ben)
  }
  for (const { deviceId } of of('audioinput')) {
    await call(anna, 'switchAudioInputSource', 'choice', deviceId)
    await sends(anna, 'audio', deviceId)
  }
  await receives(ben)
  t.same([await capturing(anna, 'video'), await capturing(anna, 'audio')], [1, 1], 'the others are given back')
  t.equal(await negotiations(anna), before)
  t.equal(await refusal(anna, 'switchVideoCameraCapture', 'choice', 'no such camera'), 'OverconstrainedError')
  await receives(ben)
})

t.test('whoever is muted or has the camera off stays so with another device, and has that one when it is switched on', async t => {
  const [anna, ben] = await twoInCall(t, 'muted')
  await note(ben, 'remote_media_changed')
  const devices = await call(anna, 'getDevices') as Listed[]
  const camera = devices.filter(({ kind }) => kind === 'videoinput').at(-1)?.deviceId
  const microphone = devices.filter(({ kind }) => kind === 'audioinput').at(-1)?.deviceId
  await call(anna, 'turnOffLocalCamera')
  await call(anna, 'muteLocalMic')
  await heard<RemoteMediaState>(ben, 'remote_media_changed', ({ video, audio }) => video === 'off' && audio === 'off')
  await call(anna, 'switchVideoCameraCapture', 'muted', camera)
  await call(anna, 'switchAudioInputSource', 'muted', microphone)
  t.same([await capturing(anna, 'video'), await capturing(anna, 'audio')], [0, 0], 'no light goes on')
  await call(anna, 'turnOnLocalCamera')
  await call(anna, 'unmuteLocalMic')
  await sends(anna, 'video', camera)
  await sends(anna, 'audio', microphone)
  await receives(ben)
})

t.test('constraints change what the camera gives, in the call and after it was off', async t => {
  const [anna, ben] = await twoInCall(t, 'constraints')
  await call(anna, 'applyConstraints', { width: { exact: 320 }, height: { exact: 240 } })
  const width = () => ben.waitForFunction(() => document.querySelector<HTMLVideoElement>('#remoteVideo')?.videoWidth === 320)
  await width()
  await call(anna, 'turnOffLocalCamera')
  await call(anna, 'turnOnLocalCamera')
  await width()
})

t.test('the other side is played on the loudspeaker that was chosen', async t => {
  const [anna] = await twoInCall(t, 'loudspeaker')
  const speaker = (await call(anna, 'getDevices') as Listed[]).findLast(({ kind }) => kind === 'audiooutput')?.deviceId
  t.ok(speaker)
  await call(anna, 'switchAudioOutput', 'loudspeaker', speaker)
  t.equal(await anna.evaluate(() => document.querySelector<HTMLVideoElement>('#remoteVideo')?.sinkId), speaker)
  t.equal(await refusal(anna, 'switchAudioOutput', 'loudspeaker', 'none'), 'NotFoundError')
})
