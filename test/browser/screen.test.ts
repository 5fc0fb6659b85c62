import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import type { RemoteMediaState } from '../../lib/client/webrtc-adaptor.js'
import { launch } from '../helpers/browser.js'
import { capturing, inCall, receives } from '../helpers/media.js'
import { call, heard, note } from '../helpers/page-adaptor.js'
import { PeerPage } from '../helpers/peer-page.js'
import { isBlue, isCamera } from '../helpers/picture.js'
import { heardNoError, PlainPage } from '../helpers/plain-page.js'
import { servePages } from '../helpers/serve-pages.js'
import { start } from '../helpers/start.js'

// The screen in place of the camera, in a real browser: another tab is shared, a blue page with a tone.

// A tab whose sound is muted is shared without it, and Playwright mutes all.
const browser = await launch(t, {
  whole: true,
  args: ['--auto-select-tab-capture-source-by-title=to be shared'],
  without: ['--use-fake-ui-for-media-stream', '--mute-audio']
})
const host = await servePages()
host.get('/shared', (_request, reply) => reply.type('text/html').send('<title>to be shared</title><link rel=icon href=data:,><body style="background: #00f">'))
const origin = await start(t, host)
const app = `${origin}/WebRTCApp4`

interface People { anna: Page, ben: Page, shared: Page }

async function twoInCall (t: Test, room: string): Promise<People> {
  const [anna, ben] = [await PeerPage.open(t, browser, app), await PeerPage.open(t, browser, app)]
  await anna.join(room)
  await anna.is('waiting')
  await ben.join(room)
  await inCall(anna, ben)
  const shared = await anna.page.context().newPage()
  await shared.goto(`${origin}/shared`)
  await anna.page.bringToFront()
  await note(anna.page, 'screen_share_stopped', 'local_media_changed')
  await note(ben.page, 'remote_media_changed')
  return { anna: anna.page, ben: ben.page, shared }
}

/** The id of the page's camera. */
async function cameraOf (page: Page): Promise<string | undefined> {
  return page.evaluate(async () => (await navigator.mediaDevices.enumerateDevices()).find(({ kind }) => kind === 'videoinput')?.deviceId)
}

/** Waits until the browser is told this of the picture that is sent: what it is of, and what of it is to stay as it is. */
async function isSentAs (page: Page, contentHint: string, degradationPreference: string): Promise<void> {
  await page.waitForFunction(([hint, kept]) => {
    const sender = window.observed.connections.at(-1)?.getSenders().find(({ track }) => track?.kind === 'video')
    return sender?.track?.contentHint === hint && sender.getParameters().degradationPreference === kept
  }, [contentHint, degradationPreference] as const)
}

/** Waits until what is sent is as loud as this. */
async function level (page: Page, wanted: 'loud' | 'silent'): Promise<void> {
  await page.evaluate(wanted => {
    const world = window as unknown as { webRTCAdaptor: Record<string, (...args: unknown[]) => Promise<void>>, reached?: boolean }
    world.reached = false
    void world.webRTCAdaptor.enableAudioLevelForLocalStream?.((level: number) => {
      if (wanted === 'loud' ? level > 0.01 : level === 0) world.reached = true
    }, 50)
  }, wanted)
  await page.waitForFunction(() => (window as unknown as { reached?: boolean }).reached)
}

t.test('the screen takes the camera\'s place, and gives it back when the browser ends the share', async t => {
  const { anna, ben, shared } = await twoInCall(t, 'screen')
  await call(anna, 'switchDesktopCapture', 'screen')
  await isBlue(ben, true)
  await heard<RemoteMediaState>(ben, 'remote_media_changed', ({ video, screen }) => video === 'live' && screen === true)
  t.equal(await capturing(anna, 'video'), 0, 'the camera\'s light is out')
  await receives(ben)
  await shared.close()
  await heard(anna, 'screen_share_stopped')
  await ben.waitForFunction(() => {
    const { remoteMedia } = (window as unknown as { webRTCAdaptor: { remoteMedia: RemoteMediaState } }).webRTCAdaptor
    return remoteMedia.video === 'live' && remoteMedia.screen === undefined
  })
  t.equal(await capturing(anna, 'video'), 1)
  await receives(ben)
})

t.test('a person who is muted stays so while the shared sound is heard, and after it', async t => {
  const { anna, ben, shared } = await twoInCall(t, 'sound')
  await call(anna, 'muteLocalMic')
  await heard<RemoteMediaState>(ben, 'remote_media_changed', ({ audio }) => audio === 'off')
  // A click, after which pages may make sounds.
  await shared.click('body')
  await shared.evaluate(() => {
    const context = new AudioContext()
    const tone = context.createOscillator()
    tone.connect(context.destination)
    tone.start()
  })
  await anna.click('body')
  await call(anna, 'switchDesktopCapture', 'sound')
  await level(anna, 'loud')
  t.equal(await capturing(anna, 'audio'), 0, 'the microphone is off')
  await heard<RemoteMediaState>(ben, 'remote_media_changed', ({ audio, screen }) => audio === 'live' && screen === true)
  await call(anna, 'stopDesktopCapture', 'sound')
  await ben.waitForFunction(() => (window as unknown as { webRTCAdaptor: { remoteMedia: RemoteMediaState } }).webRTCAdaptor.remoteMedia.audio === 'off')
  t.equal(await capturing(anna, 'audio'), 0)
})

t.test('screen and camera are one picture, from which the camera goes when it is switched off', async t => {
  const { anna, ben } = await twoInCall(t, 'both')
  await call(anna, 'switchDesktopCaptureWithCamera', 'both')
  await isBlue(ben, false)
  await isSentAs(anna, 'detail', 'maintain-resolution')
  t.equal(await capturing(anna, 'video'), 1)
  await call(anna, 'turnOffLocalCamera', 'both')
  await isBlue(ben, true)
  t.equal(await capturing(anna, 'video'), 0)
  await call(anna, 'turnOnLocalCamera', 'both')
  await isBlue(ben, false)
  await call(anna, 'switchDesktopCapture', 'both')
  await isBlue(ben, true)
  await isSentAs(anna, 'detail', 'maintain-resolution')
  await call(anna, 'stopDesktopCapture', 'both')
  await isSentAs(anna, 'motion', 'maintain-framerate')
  await receives(ben)
  t.equal(await capturing(anna, 'video'), 1)
})

t.test('the sound that is sent is measured, and can be made softer', async t => {
  const { anna, ben } = await twoInCall(t, 'volume')
  await anna.click('body')
  await level(anna, 'loud')
  await call(anna, 'setVolumeLevel', 0)
  await level(anna, 'silent')
  await receives(ben)
  await call(anna, 'setVolumeLevel', 1)
  await level(anna, 'loud')
  await call(anna, 'disableAudioLevelForLocalStream')
})

for (const first of ['Ant Media\'s', 'ours'] as const) {
  t.test(`a screen is shared from either SDK to the other, and the camera is back after it, ${first} being first in the room`, async t => {
    const ant = await PlainPage.open(t, browser, `${app}/ant.html`)
    if (first === 'Ant Media\'s') await ant.join('room1')
    // Joins by itself.
    const ours = await PlainPage.open(t, browser, `${app}/readme.html`)
    await ours.hears('joined')
    if (first === 'ours') await ant.join('room1')
    await inCall(ant, ours)
    const shared = await ours.page.context().newPage()
    await shared.goto(`${origin}/shared`)
    for (const [from, to] of [[ours, ant], [ant, ours]] as const) {
      await from.page.bringToFront()
      await call(from.page, 'switchDesktopCapture', 'room1')
      await isBlue(to.page, true)
      if (from === ours) await call(ours.page, 'stopDesktopCapture', 'room1')
      // Ant Media's SDK has the camera back by this one.
      else await call(ant.page, 'switchVideoCameraCapture', 'room1', await cameraOf(ant.page))
      await isCamera(to.page)
    }
    await inCall(ant, ours)
    await heardNoError(t, ant, ours)
  })
}
