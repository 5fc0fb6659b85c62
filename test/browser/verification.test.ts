import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { launch, visit } from '../helpers/browser.js'
import { launchFirefox } from '../helpers/firefox.js'
import { inCall } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { heardNoError, PlainPage } from '../helpers/plain-page.js'
import { servePages } from '../helpers/serve-pages.js'
import { start } from '../helpers/start.js'

// The code that two people read to one another, with the certificates of real browsers.

const browser = await launch(t)
const host = await servePages()
host.get('/WebRTCApp4/blank.html', (_request, reply) => reply.type('text/html').send(`<!doctype html>
  <link rel="icon" href="data:,">
  <script src="js/webrtc_adaptor.js"></script>
  <video id="remoteVideo" autoplay muted></video>`))
const app = `${await start(t, host)}/WebRTCApp4`

const CODE = /^[a-z]+ [a-z]+ [1-9]\d{3}$/

interface Adaptor {
  verificationCode: string | null
  peerConnection: RTCPeerConnection | null
  join (room: string): Promise<unknown>
  leave (): Promise<void>
  on (name: string, listener: (payload: unknown) => void): () => void
}
interface World {
  WebRTCAdaptor: new (options: object) => Adaptor
  adaptor: Adaptor
  told: Array<string | null>
  errors: string[]
}

/** What runs in a page: an adaptor is made, and what it tells of codes is noted. */
async function beginIn (options: object): Promise<void> {
  const world = window as unknown as World
  world.told = []
  world.errors = []
  const adaptor = world.adaptor = new world.WebRTCAdaptor({
    websocket_url: `ws://${location.host}/WebRTCApp4`,
    remoteVideoElement: document.querySelector('#remoteVideo'),
    callbackError: (error: string) => world.errors.push(error),
    ...options
  })
  adaptor.on('verification_code_changed', payload => world.told.push((payload as { code: string | null }).code))
  await new Promise<unknown>(resolve => adaptor.on('initialized', resolve))
}

async function open (t: Test, options: object = { verification: true }, prepare: (page: Page) => Promise<void> = async () => {}): Promise<Page> {
  const page = await visit(t, browser, 'about:blank')
  await prepare(page)
  await page.goto(`${app}/blank.html`)
  await page.evaluate(beginIn, options)
  return page
}

const join = async (page: Page, room: string) => page.evaluate(async room => { await (window as unknown as World).adaptor.join(room) }, room)

/** The code of the page's call, as soon as there is one that is not `last`. */
async function codeOf (page: Page, last: string | null = null): Promise<string> {
  const found = await page.waitForFunction(last => {
    const { verificationCode } = (window as unknown as World).adaptor
    return verificationCode === last ? null : verificationCode
  }, last)
  return await found.jsonValue() ?? ''
}

t.test('two pages have the same code, and a new one at both sides in each call, whoever leaves and joins again', async t => {
  // One that asks is enough.
  const [anna, ben] = [await open(t), await open(t, {})]
  await join(anna, 'codes')
  await join(ben, 'codes')
  const codes = [await codeOf(anna)]
  t.match(codes[0], CODE)
  t.equal(await codeOf(ben), codes[0])
  for (let call = 0; call < 6; call++) {
    const leaving = call < 2 ? anna : ben
    await leaving.evaluate(async back => {
      const { adaptor } = window as unknown as World
      const left = adaptor.leave()
      // At once, or when the server knows it.
      if (back) await left
      await adaptor.join('codes')
    }, call % 2 === 0)
    const code = await codeOf(anna, codes.at(-1))
    t.equal(await codeOf(ben, codes.at(-1)), code, `call ${call}`)
    codes.push(code)
  }
  t.equal(new Set(codes).size, 7)
  for (const page of [anna, ben]) {
    t.same(await page.evaluate(() => (window as unknown as World).told), codes.flatMap(code => [code, null]).slice(0, -1), 'each is told, and its end')
    t.same(await page.evaluate(() => (window as unknown as World).errors), [])
  }
})

t.test('a server that brings the two to somebody in the middle gives them two different codes, with whatever keys that one tries', async t => {
  // The hostile server: ben's messages are of another room, in which the one in the middle takes anna's part.
  const diverted = async (page: Page) => page.routeWebSocket(/WebRTCApp4/, client => {
    const server = client.connectToServer()
    client.onMessage(text => server.send(String(text).replaceAll('"meeting"', '"elsewhere"')))
    server.onMessage(text => client.send(String(text).replaceAll('"elsewhere"', '"meeting"')))
  })
  const [anna, ben, toAnna, toBen] = [await open(t), await open(t, undefined, diverted), await open(t, {}), await open(t, {})]
  await join(anna, 'meeting')
  await join(ben, 'meeting')
  await join(toAnna, 'meeting')
  await join(toBen, 'elsewhere')
  const annas = await codeOf(anna)
  t.match(annas, CODE)
  t.equal(await codeOf(toAnna), annas, 'both connections end in the middle')
  const bens = [await codeOf(ben)]
  t.equal(await codeOf(toBen), bens[0])
  // A new connection has a new key; what anna reads is known.
  for (let key = 0; key < 5; key++) {
    await toBen.evaluate(async () => {
      const { adaptor } = window as unknown as World
      await adaptor.leave()
      await adaptor.join('elsewhere')
    })
    bens.push(await codeOf(ben, bens.at(-1)))
  }
  t.equal(await codeOf(anna), annas)
  t.equal(new Set([annas, ...bens]).size, 7)
})

t.test('with Ant Media\'s SDK at the other side there is no code, and its application gets nothing of it', async t => {
  const ant = await PlainPage.open(t, browser, `${app}/ant.html`)
  const ours = new PlainPage(await open(t))
  const toOurs = async () => ours.page.evaluate(async () => { await (window as unknown as World).adaptor.leave() })
  for (const oursFirst of [true, false]) {
    if (oursFirst) await join(ours.page, 'mixed')
    await ant.join('mixed')
    if (!oursFirst) await join(ours.page, 'mixed')
    await inCall(ant, ours)
    await ours.page.waitForFunction(() => (window as unknown as World).adaptor.peerConnection?.sctp?.state === 'connected')
    await ant.hears('data_channel_opened')
    t.equal(await ours.page.evaluate(() => (window as unknown as World).adaptor.verificationCode), null)
    await ant.leave('mixed')
    await toOurs()
  }
  t.same(await ours.page.evaluate(() => (window as unknown as World).told), [])
  t.notOk((await ant.told()).includes('data_received'))
  await heardNoError(t, ant)
})

t.test('the page shows the code beside the connection\'s figures, by keyboard too, with what it proves, or that there is none', async t => {
  const [anna, ben] = [await PeerPage.open(t, browser, app), await PeerPage.open(t, browser, app)]
  for (const person of [anna, ben]) await person.join('shown')
  await inCall(anna, ben)
  const codes: string[] = []
  for (const { page } of [anna, ben]) {
    await page.getByRole('button', { name: 'Connection:' }).focus()
    await page.keyboard.press('Enter')
    const told = page.getByRole('region', { name: 'Is anybody in between?' })
    codes.push(await told.getByRole('status').getByText(/^[a-z]+ [a-z]+ \d{4}$/).innerText())
    t.match(await told.innerText(), 'nobody sits between you and listens, not even the server')
  }
  t.match(codes[0], CODE)
  t.equal(codes[1], codes[0])
  await ben.leave()
  const ant = await PlainPage.open(t, browser, `${app}/ant.html`)
  await ant.join('shown')
  await inCall(anna, ant)
  await anna.page.getByRole('button', { name: 'Connection:' }).click()
  const told = anna.page.getByRole('region', { name: 'Is anybody in between?' })
  t.match(await told.innerText(), 'Without a code nobody can tell')
  t.notMatch(await told.innerText(), codes[0])
})

t.test('Firefox and Chromium write their fingerprints in different places, and have the same code in both orders of joining', async t => {
  const firefox = await (await launchFirefox(t)).newPage()
  await firefox.goto(`${app}/blank.html`)
  await firefox.evaluate(beginIn, { verification: true, isPlayMode: true })
  const chromium = await open(t)
  const inFirefox = async (leave: boolean) => firefox.evaluate(async leave => {
    const { adaptor } = window as unknown as World
    await (leave ? adaptor.leave() : adaptor.join('browsers'))
  }, leave)
  for (const firefoxFirst of [true, false]) {
    if (firefoxFirst) await inFirefox(false)
    await join(chromium, 'browsers')
    if (!firefoxFirst) await inFirefox(false)
    const code = await codeOf(chromium)
    await firefox.waitForFunction(code => (window as unknown as World).adaptor.verificationCode === code, code)
    t.match(code, CODE)
    await inFirefox(true)
    await chromium.evaluate(async () => { await (window as unknown as World).adaptor.leave() })
  }
})
