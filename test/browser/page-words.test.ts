import t from 'tap'
import { build } from '../../example/basic/server.js'
import german from '../../lib/page/words-de.js'
import english from '../../lib/page/words-en.js'
import { errorIn } from '../../lib/page/words.js'
import { launch, visit } from '../helpers/browser.js'
import { start } from '../helpers/start.js'
import { PeerPage } from '../helpers/peer-page.js'
import { receives } from '../helpers/media.js'

const browser = await launch(t)
const host = await build()
const app = `${await start(t, host)}/WebRTCApp4`

const BROWSERS = ['chromium', 'firefox', 'safari', 'ios', 'android', 'other']

/** What stands on the page, but hidden is not read. */
const status = (peer: PeerPage): Promise<string> => peer.page.locator('#status').innerText()

t.test('who has nothing to show is there all the same: the other is told of a call, and so is the one that only watches', async t => {
  const [anna, ben] = [await PeerPage.open(t, browser, app), await PeerPage.open(t, browser, app)]
  for (const toggle of ['Camera', 'Microphone'] as const) await ben.press(toggle, 'off')
  await ben.page.getByLabel('Your name').fill('Ben Okafor')
  await anna.join('silent')
  await anna.is('waiting')
  await ben.join('silent')
  await anna.is('call')
  await ben.is('call')
  t.equal(await anna.page.locator('#remoteNote').innerText(), 'Their camera is off')
  await anna.page.locator('#remoteName').getByText('Ben Okafor').waitFor()
  t.equal(await anna.page.locator('#remoteFace .initials').innerText(), 'BO')
  for (const time of [/^0:\d\d$/, /^0:0[1-9]$|^0:[1-9]\d$/]) await anna.page.getByRole('timer').getByText(time).waitFor()
  await receives(ben.page)
  for (const toggle of ['Camera', 'Microphone'] as const) await anna.press(toggle, 'off')
  await anna.is('call')
  t.equal(await status(ben), 'In call', 'with nothing to see on either side')
  await ben.leave()
  await anna.is('waiting')
  await anna.page.getByRole('status').getByText(/^Ben Okafor has left. The call lasted 0:\d\d\.$/).waitFor()
  await ben.join('silent')
  await anna.is('call')
  await anna.page.getByText('Ben Okafor has left').waitFor({ state: 'hidden' })
})

t.test('what was wrong with one room is gone when another is typed, and what is wrong with the camera is not', async t => {
  const others = [await PeerPage.open(t, browser, app), await PeerPage.open(t, browser, app)]
  for (const other of others) {
    await other.join('full')
    await other.page.waitForSelector('body[data-view="room"]')
  }
  await others[1]?.is('call')
  const page = await visit(t, browser, 'about:blank')
  const late = new PeerPage(page)
  await page.goto(`${app}/peer.html`)
  await late.is('ready')
  await late.join('full')
  t.match(await late.error(), /This room is full/)
  await page.getByLabel('Room name').fill('another')
  t.equal(await page.getByRole('alert').count(), 0)
  const refused = await visit(t, browser, 'about:blank')
  await refused.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('not now', 'NotAllowedError') }
  })
  await refused.goto(`${app}/peer.html`)
  await new PeerPage(refused).error()
  await refused.getByLabel('Room name').fill('another')
  t.equal(await refused.getByRole('alert').count(), 1)
})

// 360 × 740, less what the browser's own bars take.
for (const words of [english, german]) {
  t.test(`on a phone no error pushes ${words.page.join} off the screen`, async t => {
    const page = await visit(t, browser, `${app}/peer.html`, { context: { viewport: { width: 360, height: 640 }, locale: words.language } })
    await page.waitForSelector('body[data-phase="ready"]')
    const names = Object.keys(words.errors)
    const all = names.flatMap(name => BROWSERS.map(browser => errorIn(words, { name }, browser)))
    const tallest = await page.evaluate(all => {
      const [error, join] = [document.querySelector<HTMLElement>('#error'), document.querySelector<HTMLElement>('#join')]
      if (error === null || join === null) return Infinity
      error.hidden = false
      document.body.dataset.told = ''
      return Math.max(...all.map(text => {
        error.textContent = text
        return join.getBoundingClientRect().bottom
      }))
    }, all)
    t.ok(tallest <= 640, `it ends at ${tallest}`)
  })
}

t.test('that there is no way through is said until the other one has left', async t => {
  const relayOnly = (): void => {
    const Native = window.RTCPeerConnection
    window.RTCPeerConnection = class extends Native {
      constructor (configuration?: RTCConfiguration) {
        super({ ...configuration, iceTransportPolicy: 'relay' })
      }
    }
  }
  const open = async (): Promise<PeerPage> => {
    const page = await visit(t, browser, 'about:blank')
    await page.addInitScript(relayOnly)
    await page.goto(`${app}/peer.html`)
    const peer = new PeerPage(page)
    await peer.is('ready')
    return peer
  }
  const [anna, ben] = [await open(), await open()]
  await anna.join('walls')
  await anna.is('waiting')
  await ben.join('walls')
  // Told after 20 s, which is as long as a page here is waited for by default.
  anna.page.setDefaultTimeout(60_000)
  t.match(await anna.error(), /There is no way through/)
  await ben.leave()
  await anna.is('waiting')
  t.equal(await anna.page.getByRole('alert').count(), 0)
})

t.test('a page whose connection has ended shows its lobby, and is in no call any more, on both sides', async t => {
  const anna = await PeerPage.open(t, browser, app)
  const page = await visit(t, browser, 'about:blank')
  await page.addInitScript(() => {
    const sockets: WebSocket[] = []
    const Native = window.WebSocket
    Object.assign(window, { sockets })
    window.WebSocket = class extends Native {
      constructor (url: string | URL, protocols?: string | string[]) {
        super(url, protocols)
        sockets.push(this)
      }
    }
  })
  await page.goto(`${app}/peer.html`)
  const ben = new PeerPage(page)
  await ben.is('ready')
  await anna.join('ended')
  await anna.is('waiting')
  await ben.join('ended')
  await anna.is('call')
  await ben.is('call')
  // More than the server takes, past the SDK's pacing: it closes with 1008.
  await ben.page.evaluate(() => {
    const adaptor = (window as unknown as { webRTCAdaptor: { peerConnection: RTCPeerConnection } }).webRTCAdaptor
    Object.assign(window, { before: adaptor.peerConnection })
    const socket = (window as unknown as { sockets: WebSocket[] }).sockets.at(-1)
    for (let i = 0; i < 700; i++) socket?.send('{"command":"ping"}')
  })
  await ben.is('ended')
  t.equal(await ben.page.evaluate(() => (window as unknown as { before: RTCPeerConnection }).before.connectionState), 'closed')
  await anna.is('waiting')
  t.equal(await anna.page.evaluate(() => (document.querySelector('#remoteVideo') as HTMLVideoElement).srcObject), null)
})
