import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import type { WebRTCAdaptor, WebRTCAdaptorOptions } from '../../lib/client/webrtc-adaptor.js'
import { build } from '../../example/basic/server.js'
import { launch, type VisitOptions } from '../helpers/browser.js'
import { inCall, isCleared } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { Proxy } from '../helpers/proxy.js'
import { start } from '../helpers/start.js'
import { Wire } from '../helpers/wire.js'

// What becomes of a call when its page is left, restored, reloaded, crashed, cut off, or looked at again.

// Playwright switches the back/forward cache off.
const browser = await launch(t, { whole: true, without: ['--disable-back-forward-cache'] })
const host = await build()
const app = `${await start(t, host)}/WebRTCApp4`

/** What the server says of seats: why each was left, and whether it ever waited for somebody's return. */
const seats: string[] = []
host.rooms.on('left', ({ room, reason }) => seats.push(`${room} left: ${reason}`))
host.rooms.on('absent', ({ room }) => seats.push(`${room} absent`))

interface PageWindow {
  webRTCAdaptor: WebRTCAdaptor
  WebRTCAdaptor: new (options: WebRTCAdaptorOptions) => WebRTCAdaptor
  /** What `note` was given. */
  noted: unknown[]
}

async function call (t: Test, room: string, first = app, options?: VisitOptions): Promise<[PeerPage, PeerPage]> {
  const anna = await PeerPage.open(t, browser, first, options)
  await anna.join(room)
  await anna.is('waiting')
  const ben = await PeerPage.open(t, browser, app)
  await ben.join(room)
  await inCall(anna, ben)
  return [anna, ben]
}

/** `ben` is told at once that he is alone: the seat was given up, and nobody was waited for. */
async function isAlone (t: Test, ben: PeerPage, room: string): Promise<void> {
  await ben.is('waiting')
  await isCleared(ben.page)
  t.same(seats.filter(seat => seat.startsWith(`${room} `)), [`${room} left: left`])
}

t.test('a page that waits in a room, is left and comes out of the back/forward cache, is in the room again', async t => {
  const anna = await PeerPage.open(t, browser, app)
  await anna.join('cache')
  await anna.is('waiting')
  // Chromium caches no page that has a camera running, or a picture coming in.
  await anna.press('Camera', 'off')
  await anna.press('Microphone', 'off')
  await anna.page.evaluate(() => {
    const { noted } = Object.assign(window as unknown as PageWindow, { noted: [] as unknown[] })
    for (const type of ['pagehide', 'pageshow'] as const) window.addEventListener(type, ({ persisted }) => noted.push({ type, persisted }))
  })
  await anna.page.goto('about:blank')
  const ben = await PeerPage.open(t, browser, app)
  await ben.join('cache')
  await isAlone(t, ben, 'cache')
  await anna.page.goBack({ waitUntil: 'commit' })
  await anna.is('call')
  t.same(await anna.page.evaluate(() => (window as unknown as PageWindow).noted), [
    { type: 'pagehide', persisted: true }, { type: 'pageshow', persisted: true }
  ], 'it is the very page that was left')
  await anna.press('Camera', 'on')
  await anna.press('Microphone', 'on')
  await inCall(anna, ben)
})

t.test('a page in a call, which Chromium does not cache, is told to hide and to show as by a browser that does', async t => {
  const [anna, ben] = await call(t, 'events')
  const dispatch = async (type: string, persisted: boolean): Promise<void> => anna.page.evaluate(([type, persisted]) => {
    window.dispatchEvent(new PageTransitionEvent(type, { persisted }))
  }, [type, persisted] as const)
  await dispatch('pagehide', true)
  await isAlone(t, ben, 'events')
  await dispatch('pageshow', true)
  await inCall(anna, ben)
  await Promise.all([anna.is('call'), ben.is('call')])
})

t.test('a page that is left for another in the middle of a call, camera on, leaves a place that is free', async t => {
  const [anna, ben] = await call(t, 'gone')
  await anna.page.goto('about:blank')
  await isAlone(t, ben, 'gone')
  const cleo = await PeerPage.open(t, browser, app)
  await cleo.join('gone')
  await inCall(cleo, ben)
})

t.test('a tab that is reloaded in a call joins again and finds its place free', async t => {
  const [anna, ben] = await call(t, 'reloaded')
  await anna.page.reload()
  await isAlone(t, ben, 'reloaded')
  await anna.is('ready')
  await anna.join('reloaded')
  await inCall(anna, ben)
})

t.test('a tab that crashes in a call leaves a place that is free for whoever comes', async t => {
  const [anna, ben] = await call(t, 'crashed', app, { expected: [/The page crashed/] })
  const crashed = anna.page.waitForEvent('crash')
  // The navigation never ends: the process that would tell of it is gone.
  anna.page.goto('chrome://crash').catch(() => {})
  await crashed
  await isAlone(t, ben, 'crashed')
  const again = await PeerPage.open(t, browser, app)
  await again.join('crashed')
  await inCall(again, ben)
})

/** Takes the page's adaptor away and gives it one that, once cut off, would try again in an hour. */
async function openPatient (page: Page, room: string): Promise<void> {
  await page.evaluate(async room => {
    const own = window as unknown as PageWindow
    await own.webRTCAdaptor.close()
    own.webRTCAdaptor = new own.WebRTCAdaptor({
      websocket_url: location.href.replace(/^http/, 'ws').replace(/\/peer\.html.*/, ''),
      mediaConstraints: { video: false, audio: false },
      reconnect: () => 3_600_000
    })
    await own.webRTCAdaptor.join(room)
  }, room)
}

/** Waits until the page has lost its connection and does nothing but wait for its next try. */
async function isAway (page: Page): Promise<void> {
  await page.waitForFunction(() => (window as unknown as PageWindow).webRTCAdaptor.connectionState === 'reconnecting')
}

const cut: VisitOptions = { expected: [/WebSocket connection to .* failed/, /net::ERR_/] }

t.test('a page whose next try is an hour away connects at once when the browser says that it is online', async t => {
  const { page } = await PeerPage.open(t, browser, app, cut)
  await openPatient(page, 'online')
  await page.context().setOffline(true)
  await isAway(page)
  const back = Wire.of(page).hears('"resumed":true')
  await page.context().setOffline(false)
  await back
  t.equal(await page.evaluate(() => (window as unknown as PageWindow).webRTCAdaptor.connectionState), 'open')
})

t.test('a page whose next try is an hour away connects at once when somebody looks at it', async t => {
  const proxy = await Proxy.start(t, new URL(app).origin)
  const { page } = await PeerPage.open(t, browser, `${proxy.origin}/WebRTCApp4`, cut)
  await openPatient(page, 'seen')
  proxy.cut()
  await isAway(page)
  const back = Wire.of(page).hears('"resumed":true')
  // No tab of a headless Chromium is ever hidden: the event is all that can be had.
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
  await back
  t.equal(await page.evaluate(() => (window as unknown as PageWindow).webRTCAdaptor.connectionState), 'open')
})

t.test('what is said before, while and after a page is away arrives at the other side in order, each once', async t => {
  const [anna, ben] = await call(t, 'words', app, cut)
  await ben.page.evaluate(() => {
    const own = window as unknown as PageWindow
    own.noted = []
    own.webRTCAdaptor.on('peerMessageCommand', ({ data }) => own.noted.push(data))
  })
  let count = 0
  const say = async (messages: number): Promise<void> => {
    const numbers = Array.from({ length: messages }, () => count++)
    await anna.page.evaluate(numbers => {
      const { noted, webRTCAdaptor } = window as unknown as PageWindow
      // Each promise ends once the message has gone out, which away from the server is later: whoever says them does not wait.
      for (const number of numbers) noted.push(webRTCAdaptor.sendPeerMessage('count', number))
    }, numbers)
  }
  await anna.page.evaluate(() => { (window as unknown as PageWindow).noted = [] })
  await say(5)
  await anna.page.context().setOffline(true)
  // Half of them while the page takes its connection for a living one.
  await say(10)
  await anna.is('reconnecting')
  await say(10)
  await anna.page.context().setOffline(false)
  await anna.is('call')
  await say(5)
  await anna.page.evaluate(async () => { await Promise.all((window as unknown as PageWindow).noted) })
  await ben.page.waitForFunction(last => (window as unknown as PageWindow).noted.includes(last), count - 1)
  t.same(await ben.page.evaluate(() => (window as unknown as PageWindow).noted), Array.from({ length: count }, (_, number) => number))
})
