import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { build } from '../../example/basic/server.js'
import { launch } from '../helpers/browser.js'
import { capturing, inCall, receives } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { start } from '../helpers/start.js'

// Camera, microphone, loudspeaker and screen, chosen at peer.html as a person does it.

const browser = await launch(t, {
  whole: true,
  args: ['--use-fake-device-for-media-stream=device-count=3', '--auto-select-tab-capture-source-by-title=to be shared'],
  // A tab is chosen by its title, and not by the fake interface, which would share the screen of this machine.
  without: ['--use-fake-ui-for-media-stream']
})
const host = await build()
host.get('/shared', (_request, reply) => reply.type('text/html').send('<title>to be shared</title><link rel=icon href=data:,><body style="background: #00f">'))
const origin = await start(t, host)
const app = `${origin}/WebRTCApp4`

/** Waits until the camera or microphone in use is this one. */
async function uses (page: Page, kind: string, deviceId: string | undefined): Promise<void> {
  await page.waitForFunction(([kind, deviceId]) => {
    const { localStream } = (window as unknown as { webRTCAdaptor: { localStream: MediaStream | null } }).webRTCAdaptor
    return localStream?.getTracks().some(track => track.kind === kind && track.getSettings().deviceId === deviceId)
  }, [kind, deviceId] as const)
}

const values = (page: Page, label: string): Promise<string[]> =>
  page.getByRole('combobox', { name: label }).evaluate((picker: HTMLSelectElement) => [...picker.options].map(({ value }) => value))

async function twoInCall (t: Test, room: string): Promise<[PeerPage, PeerPage]> {
  const [anna, ben] = [await PeerPage.open(t, browser, app), await PeerPage.open(t, browser, app)]
  await anna.join(room)
  await anna.is('waiting')
  await ben.join(room)
  await inCall(anna, ben)
  return [anna, ben]
}

t.test('camera and microphone are chosen in the lobby, and are the same ones after a reload', async t => {
  const { page } = await PeerPage.open(t, browser, app)
  await page.getByRole('button', { name: 'Settings' }).click()
  const camera = page.getByRole('combobox', { name: 'Camera' })
  await camera.locator('option').nth(2).waitFor({ state: 'attached' })
  t.match(await camera.locator('option').allInnerTexts(), [/fake/, /fake/, /fake/], 'with their labels')
  const [, , third] = await values(page, 'Camera')
  await camera.selectOption(third ?? '')
  await uses(page, 'video', third)
  const microphone = (await values(page, 'Microphone')).at(-1)
  await page.getByRole('combobox', { name: 'Microphone' }).selectOption(microphone ?? '')
  await uses(page, 'audio', microphone)
  await page.reload()
  await uses(page, 'video', third)
  await uses(page, 'audio', microphone)
  await page.getByRole('button', { name: 'Settings' }).click()
  await page.waitForFunction(third => document.querySelector<HTMLSelectElement>('#cameraChoice')?.value === third, third)
})

t.test('a camera that was off is off after a reload, and its light stays out', async t => {
  const peer = await PeerPage.open(t, browser, app)
  await peer.press('Camera', 'off')
  await peer.page.reload()
  await peer.is('ready')
  t.equal(await peer.page.locator('#camera').getAttribute('aria-pressed'), 'false')
  t.equal(await peer.page.locator('#microphone').getAttribute('aria-pressed'), 'true')
  t.equal(await capturing(peer.page, 'video'), 0)
  await peer.press('Camera', 'on')
  await peer.page.reload()
  await peer.is('ready')
  t.equal(await peer.page.locator('#camera').getAttribute('aria-pressed'), 'true')
})

t.test('another camera is taken in a call by keyboard, and the other one sees it', async t => {
  const [anna, ben] = await twoInCall(t, 'another-camera')
  const { page } = anna
  await page.getByRole('button', { name: 'Settings' }).focus()
  await page.keyboard.press('Enter')
  const camera = page.getByRole('combobox', { name: 'Camera' })
  t.equal(await page.evaluate(() => document.activeElement?.id), 'cameraChoice', 'the focus is in the sheet')
  // The end: the second one of Chromium is for depth, and gives no picture that can be sent.
  await page.keyboard.press('End')
  await uses(page, 'video', (await values(page, 'Camera')).at(-1))
  await receives(ben.page)
  await page.keyboard.press('Escape')
  await camera.waitFor({ state: 'hidden' })
  t.equal(await page.evaluate(() => document.activeElement?.id), 'openSettings', 'and back where it came from')
})

t.test('the other one is heard on the loudspeaker that was chosen, also after a reload', async t => {
  const { page } = await PeerPage.open(t, browser, app)
  const sink = (wanted: string | undefined): Promise<unknown> =>
    page.waitForFunction(wanted => document.querySelector<HTMLVideoElement>('#remoteVideo')?.sinkId === wanted, wanted)
  await page.getByRole('button', { name: 'Settings' }).click()
  await page.locator('#loudspeakerChoice option[value="default"]').waitFor({ state: 'attached' })
  const last = (await values(page, 'Loudspeaker')).at(-1)
  t.not(last, 'default')
  await page.getByRole('combobox', { name: 'Loudspeaker' }).selectOption(last ?? '')
  await sink(last)
  await page.reload()
  await sink(last)
})

t.test('the level of the microphone moves, and falls when it is off', async t => {
  const peer = await PeerPage.open(t, browser, app)
  await peer.page.getByRole('button', { name: 'Settings' }).click()
  const level = (wanted: string): Promise<unknown> => peer.page.waitForFunction(wanted => {
    const { value = 0 } = document.querySelector<HTMLMeterElement>('#level') ?? {}
    return wanted === 'silent' ? value === 0 : value > 0.3
  }, wanted)
  await level('loud')
  await peer.press('Microphone', 'off')
  await level('silent')
})

t.test('the screen is shared with the camera in a corner or without, is said at both sides, and ends with the button', async t => {
  const [anna, ben] = await twoInCall(t, 'share')
  const shared = await anna.page.context().newPage()
  await shared.goto(`${origin}/shared`)
  await anna.page.bringToFront()
  const share = anna.page.getByRole('button', { name: 'Share screen' })
  await share.click()
  await share.and(anna.page.locator('[aria-pressed="true"]')).waitFor()
  await anna.page.getByRole('status').getByText('You are sharing your screen').waitFor()
  await ben.page.getByText('You see their screen').waitFor()
  t.equal(await capturing(anna.page, 'video'), 1, 'the camera is in a corner')
  await anna.page.getByRole('button', { name: 'Settings' }).click()
  await anna.page.getByLabel('Keep me in a corner').uncheck()
  await anna.page.waitForFunction(() => window.observed.captured.every(track => track.kind !== 'video' || track.readyState === 'ended'))
  await receives(ben.page)
  await share.click()
  await share.and(anna.page.locator('[aria-pressed="false"]')).waitFor()
  await ben.page.getByText('In call').waitFor()
  await receives(ben.page)
  t.equal(await capturing(anna.page, 'video'), 1)
})

t.test('whoever leaves shares the screen no longer', async t => {
  const [anna] = await twoInCall(t, 'share-and-leave')
  const shared = await anna.page.context().newPage()
  await shared.goto(`${origin}/shared`)
  await anna.page.bringToFront()
  await anna.page.getByRole('button', { name: 'Share screen' }).click()
  await anna.page.getByText('You are sharing your screen').waitFor()
  await anna.leave()
  await anna.page.waitForFunction(() => (window as unknown as { webRTCAdaptor: { localStream: MediaStream } }).webRTCAdaptor.localStream
    .getVideoTracks()[0]?.getSettings().displaySurface === undefined)
})
