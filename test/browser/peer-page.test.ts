import Fastify from 'fastify'
import webrtcSignalling from 'fastify-webrtc-signalling'
import t from 'tap'
import { build } from '../../example/basic/server.js'
import type { AdaptorErrorName, MediaErrorName } from '../../lib/client/base/client-errors.js'
import english from '../../lib/page/words-en.js'
import { ERROR_DEFINITIONS } from '../../lib/protocol/codes.js'
import { launch, visit } from '../helpers/browser.js'
import { inCall, receives } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { SignallingClient } from '../helpers/signalling-client.js'
import { start } from '../helpers/start.js'
import { Wire } from '../helpers/wire.js'

const browser = await launch(t)
const app = `${await start(t, await build())}/WebRTCApp4`

/** The names of the browser and of the SDK; the compiler sees to it that none is left out. */
const NAMES: Record<MediaErrorName | AdaptorErrorName, true> = {
  AbortError: true,
  NotAllowedError: true,
  NotFoundError: true,
  NotReadableError: true,
  OverconstrainedError: true,
  SecurityError: true,
  TypeError: true,
  PermissionDeniedError: true,
  PermissionDismissedError: true,
  DevicesNotFoundError: true,
  TrackStartError: true,
  ConstraintNotSatisfiedError: true,
  WebSocketNotConnected: true,
  notSetRemoteDescription: true,
  peerConnectionFailed: true,
  offerUnanswered: true,
  invalidIceServer: true,
  OperationError: true,
  QuotaExceededError: true,
  InvalidStateError: true,
  SyntaxError: true,
  NotSupportedError: true,
  moduleNotLoaded: true,
  verificationFailed: true,
  ScreenSharePermissionDenied: true
}

t.test('the page has words for every error name there is, and for no other', async t => {
  t.same(Object.keys(english.errors).sort(), [...Object.keys(NAMES), ...ERROR_DEFINITIONS].sort())
})

t.test('a browser without WebRTC is told so in words, and offers nothing that it cannot do', async t => {
  const page = await visit(t, browser, 'about:blank')
  await page.addInitScript(() => { for (const name of ['RTCPeerConnection', 'webkitRTCPeerConnection']) Reflect.deleteProperty(globalThis, name) })
  await page.goto(`${app}/peer.html`)
  t.match(await new PeerPage(page).error(), /This browser cannot make calls/)
  for (const name of ['Join', 'Camera', 'Microphone']) t.ok(await page.getByRole('button', { name, exact: true }).isDisabled(), name)
  t.ok(await page.getByRole('button', { name: 'Copy link' }).isEnabled())
})

t.test('the page runs under a prefix, and under a policy that allows no inline script, no inline style and no foreign origin', async t => {
  const host = Fastify()
  host.addHook('onRequest', async (_request, reply) => { reply.header('content-security-policy', "default-src 'self'") })
  await host.register(webrtcSignalling, { prefix: '/calls' })
  const app = `${await start(t, host)}/calls/any`
  const page = await visit(t, browser, 'about:blank')
  const requests: string[] = []
  page.on('request', request => requests.push(request.url()))
  const response = await page.goto(`${app}/peer.html`)
  t.equal(response?.headers()['content-security-policy'], "default-src 'self'")
  await page.waitForSelector('body[data-phase="ready"]')
  await page.getByRole('button', { name: 'Join', exact: true }).click()
  await page.waitForSelector('body[data-phase="waiting"]')
  t.same(requests.filter(url => !url.startsWith(`${app}/`)), [])
})

t.test('a call is made by keyboard alone, and the focus is never lost', async t => {
  const anna = await PeerPage.open(t, browser, `${app}`)
  await anna.join('keys')
  await anna.is('waiting')
  const { page } = await PeerPage.open(t, browser, app)
  const focused = async (): Promise<string | undefined> => page.evaluate(() => document.activeElement?.id)
  const tabTo = async (id: string): Promise<void> => {
    for (let presses = 0; presses < 10 && await focused() !== id; presses++) await page.keyboard.press('Tab')
    t.equal(await focused(), id)
  }
  await tabTo('name')
  await page.keyboard.type('Ben')
  await tabTo('room')
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.type('keys')
  await tabTo('join')
  await page.keyboard.press('Enter')
  await page.waitForSelector('body[data-phase="call"]')
  await receives(page)
  t.equal(await focused(), 'microphone', 'the first of the controls, since Join is gone')
  t.equal(await anna.page.locator('#remoteName').innerText(), 'Ben')
  await tabTo('camera')
  await page.keyboard.press('Space')
  await page.waitForSelector('#camera[aria-pressed="false"]')
  await receives(anna.page, 'sound only')
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Enter')
  await anna.page.getByRole('img', { name: 'Their microphone is off' }).waitFor()
  await page.keyboard.press('Shift+Tab')
  t.equal(await focused(), 'move')
  await page.keyboard.press('ArrowUp')
  await page.waitForSelector('.self[data-corner="top-right"]')
  await page.getByRole('button', { name: 'Your picture, top right' }).waitFor()
  await tabTo('leave')
  await page.keyboard.press('Enter')
  await anna.is('waiting')
  t.equal(await focused(), 'join')
})

t.test('the name, the corner of one\'s own picture and whether it stays beside a screen are as they were after a reload', async t => {
  const [{ page }, ben] = [await PeerPage.open(t, browser, app), await PeerPage.open(t, browser, app)]
  await ben.join('remembered')
  await ben.is('waiting')
  await page.getByLabel('Your name').fill('Anna')
  const anna = new PeerPage(page)
  await anna.join('remembered')
  // Before that the handle is hidden, and the key would go to something else.
  await anna.is('call')
  await page.locator('#move').press('ArrowLeft')
  await page.getByRole('button', { name: 'Settings' }).click()
  await page.getByLabel('Keep me in a corner').uncheck()
  await page.reload()
  await page.waitForSelector('.self[data-corner="bottom-left"]', { state: 'attached' })
  t.equal(await page.getByLabel('Your name').inputValue(), 'Anna')
  t.equal(await page.locator('#withCamera').isChecked(), false)
})

t.test('?room= fills the room in, and a name that cannot be one is not sent', async t => {
  const page = await visit(t, browser, `${app}/peer.html?room=garden-party`)
  await page.waitForSelector('body[data-phase="ready"]')
  const room = page.getByLabel('Room name')
  t.equal(await room.inputValue(), 'garden-party')
  await room.fill('<b>no</b>')
  await page.getByRole('button', { name: 'Join', exact: true }).click()
  t.equal(await room.evaluate((input: HTMLInputElement) => input.matches(':invalid')), true)
  t.equal(await page.locator('body').getAttribute('data-phase'), 'ready')
})

t.test('the link to the room is copied', async t => {
  const peer = await PeerPage.open(t, browser, app, { context: { permissions: ['camera', 'microphone', 'clipboard-read', 'clipboard-write'] } })
  await peer.page.getByLabel('Room name').fill('copied')
  await peer.page.getByRole('button', { name: 'Copy link' }).click()
  await peer.page.getByRole('button', { name: 'Copied' }).waitFor()
  t.equal(await peer.page.evaluate(() => navigator.clipboard.readText()), `${app}/peer.html?room=copied`)
})

t.test('without leave to use camera and microphone a person is told so in words, and still sees and hears the other', async t => {
  const anna = await PeerPage.open(t, browser, app)
  await anna.join('refused')
  await anna.is('waiting')
  const page = await visit(t, browser, 'about:blank')
  await page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('not now', 'NotAllowedError') }
  })
  await page.goto(`${app}/peer.html`)
  const ben = new PeerPage(page)
  t.match(await ben.error(), /was not allowed to use your camera or microphone/)
  t.equal(await ben.page.locator('#camera').getAttribute('aria-pressed'), 'false')
  t.equal(await ben.page.locator('#microphone').getAttribute('aria-pressed'), 'false')
  await ben.join('refused')
  await ben.is('call')
  await receives(page)
})

t.test('whoever is put out by the host is told so, and may join again', async t => {
  const host = await build()
  const app = `${await start(t, host)}/WebRTCApp4`
  const [anna, ben] = [await PeerPage.open(t, browser, app), await PeerPage.open(t, browser, app)]
  await anna.join('put-out')
  await anna.is('waiting')
  await ben.join('put-out')
  await inCall(anna, ben)
  const [, second] = await host.rooms.peers('WebRTCApp4', 'put-out')
  await host.rooms.remove(second?.id ?? '', '<b>bored</b>')
  t.equal(await ben.error(), 'You are no longer in this room. Join it again.')
  await ben.is('ready')
  await anna.is('waiting')
  await ben.join('put-out')
  await inCall(anna, ben)
  t.equal(await ben.page.getByRole('alert').count(), 0, 'and the error is gone')
})

t.test('a tab that takes a seat over leaves the page in the other tab with words, and with a way back', async t => {
  const [anna, ben] = [await PeerPage.open(t, browser, app), await PeerPage.open(t, browser, app)]
  await anna.join('taken')
  await anna.is('waiting')
  await ben.join('taken')
  await inCall(anna, ben)
  const joined = Wire.of(ben.page).received.find(frame => frame.includes('"joined"')) ?? '{}'
  const { resumeToken, streamId } = JSON.parse(joined) as { resumeToken: string, streamId: string }
  const thief = await SignallingClient.connect(t, app)
  await thief.join(streamId, { resume: true, resumeToken })
  await ben.is('ended')
  t.equal(await ben.page.getByRole('button', { name: 'Join', exact: true }).isEnabled(), true)
})

t.test('nothing is wider than the window, from the smallest phone to a desktop', async t => {
  const page = await visit(t, browser, `${app}/peer.html`)
  await page.waitForSelector('body[data-phase="ready"]')
  for (const [width, height] of [[320, 568], [390, 844], [844, 390], [1280, 800]] as const) {
    await page.setViewportSize({ width, height })
    t.equal(await page.evaluate(() => document.documentElement.scrollWidth), width)
  }
})

t.test('microphone, camera and Leave stand in one row on a phone, so that the picture keeps its room', async t => {
  const peer = await PeerPage.open(t, browser, app, { context: { viewport: { width: 360, height: 740 } } })
  const rows = async (): Promise<number> => await peer.page.locator('.controls button:visible').evaluateAll(
    buttons => new Set(buttons.map(button => button.getBoundingClientRect().top)).size)
  t.equal(await rows(), 1)
  await peer.join('one-row')
  await peer.is('waiting')
  t.equal(await rows(), 1)
})
