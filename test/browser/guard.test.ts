import type { Page, Route } from 'playwright-core'
import t, { type Test } from 'tap'
import { launch } from '../helpers/browser.js'
import { inCall } from '../helpers/media.js'
import { call, refusal } from '../helpers/page-adaptor.js'
import { PlainPage } from '../helpers/plain-page.js'
import { Proxy } from '../helpers/proxy.js'
import { servePages } from '../helpers/serve-pages.js'
import { start } from '../helpers/start.js'
import { Wire } from '../helpers/wire.js'

// The part of the SDK that guards a call: late, missing, back again, and of another build.

const browser = await launch(t)
const GUARD = '**/*.guard.mjs*'

/** Somebody who joins as soon as the page says so; `handle` does with what the page asks of the guard. */
async function open (t: Test, address: string, handle: (route: Route) => unknown): Promise<PlainPage> {
  return PlainPage.open(t, browser, `${address}/WebRTCApp4/readme.html`, {
    expected: [/ERR_FAILED|404|WebSocket connection to .* failed/],
    before: page => page.route(GUARD, async route => { await handle(route) })
  })
}

/** Waits until the page has its guard, which alone sends messages of the application. */
async function isGuarded (page: Page): Promise<void> {
  await call(page, 'sendPeerMessage', 'chat', 'hello')
}

const failures = async (person: PlainPage) => (await person.told()).filter(entry => entry.startsWith('error'))

t.test('a guard that comes late finds a call that is up, and repairs it from then on: a socket that is cut, and a way that breaks', async t => {
  const origin = await start(t, await servePages())
  const proxy = await Proxy.start(t, origin)
  const held: Route[] = []
  const [anna, ben] = [await open(t, proxy.origin, route => held.push(route)), await open(t, origin, route => held.push(route))]
  await inCall(anna, ben)
  t.equal(held.length, 2)
  for (const route of held) await route.continue()
  for (const { page } of [anna, ben]) await isGuarded(page)
  const back = Wire.of(anna.page).hears('"resumed":true')
  proxy.cut()
  await back
  await inCall(anna, ben)
  // Ben's end of the way is gone, and nothing says so to either.
  await ben.page.evaluate(() => window.observed.connections.at(-1)?.close())
  await inCall(anna, ben)
  t.same([...await failures(anna), ...await failures(ben)], [])
})

t.test('without the guard two people are in a call, can switch off and on, and are told what they lack', async t => {
  const origin = await start(t, await servePages())
  const [anna, ben] = [await open(t, origin, route => route.abort()), await open(t, origin, route => route.abort())]
  await inCall(anna, ben)
  await anna.call('turnOffLocalCamera')
  await anna.call('turnOnLocalCamera')
  await inCall(anna, ben)
  t.same([await failures(anna), await failures(ben)], [['error: moduleNotLoaded'], ['error: moduleNotLoaded']], 'once, however often it is tried')
  t.equal(await refusal(anna.page, 'sendPeerMessage', 'chat', 'hello'), 'moduleNotLoaded')
  const before = (await ben.told()).length
  await anna.call('leave')
  await ben.hears('peerLeft', before)
})

t.test('a guard that could not be loaded is loaded a moment later, whatever the browser remembers of the failure', async t => {
  const origin = await start(t, await servePages())
  let asked = 0
  const [anna, ben] = [await open(t, origin, route => ++asked === 1 ? route.abort() : route.continue()), await open(t, origin, route => route.continue())]
  await inCall(anna, ben)
  await isGuarded(anna.page)
  t.ok(asked > 1)
})

t.test('a server of another build gives no guard, and the call is none the worse for it', async t => {
  const origin = await start(t, await servePages())
  const answers: Array<[status: number, cache: string | undefined]> = []
  const elsewhere = async (route: Route): Promise<void> => {
    const response = await route.fetch({ url: route.request().url().replace(/\?v=\w+/, '?v=000000000000') })
    answers.push([response.status(), response.headers()['cache-control']])
    await route.fulfill({ response })
  }
  const [anna, ben] = [await open(t, origin, elsewhere), await open(t, origin, route => route.continue())]
  await inCall(anna, ben)
  t.same(answers[0], [404, 'no-store'])
  await call(ben.page, 'sendPeerMessage', 'chat', 'hello')
  await anna.hears('peerMessageCommand')
  t.same([await failures(anna), await failures(ben)], [['error: moduleNotLoaded'], []])
})

t.test('a guard of another build that is served all the same is not run', async t => {
  const origin = await start(t, await servePages())
  const otherwise = async (route: Route): Promise<void> => {
    const response = await route.fetch()
    await route.fulfill({ response, body: (await response.text()).replace(/build="[\da-f]{12}"/, 'build="000000000000"') })
  }
  const [anna, ben] = [await open(t, origin, otherwise), await open(t, origin, route => route.continue())]
  await inCall(anna, ben)
  t.same([await failures(anna), await failures(ben)], [['error: moduleNotLoaded'], []])
})

t.test('the guard comes with the classic script, so that an adaptor has it that is made when the server has another build', async t => {
  const origin = await start(t, await servePages())
  const page = await browser.newPage()
  t.teardown(() => page.close())
  await page.route('**/blank.html', async route => {
    await route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>An empty page</title><script src="/WebRTCApp4/js/webrtc_adaptor.js"></script>' })
  })
  const guard = page.waitForEvent('requestfinished', request => request.url().includes('.guard.mjs'))
  await page.goto(`${origin}/blank.html`)
  await guard
  await page.route(GUARD, async route => { await route.fulfill({ status: 404 }) })
  const errors = await page.evaluate(async () => {
    const told: string[] = []
    const { WebRTCAdaptor } = window as unknown as { WebRTCAdaptor: new (options: object) => { negotiate: () => Promise<void>, close: () => Promise<void> } }
    const adaptor = new WebRTCAdaptor({
      websocket_url: `ws://${location.host}/WebRTCApp4`, mediaConstraints: { video: false, audio: false }, callbackError: (error: string) => { told.push(error) }
    })
    await adaptor.negotiate().catch((error: Error) => { told.push(error.name) })
    await adaptor.close()
    return told
  })
  t.same(errors, [])
})
