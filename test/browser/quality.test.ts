import axe from 'axe-core'
import Fastify from 'fastify'
import webrtcSignalling from 'fastify-webrtc-signalling'
import t from 'tap'
import type { CallQuality } from '../../lib/client/webrtc-adaptor.js'
import { launch, visit } from '../helpers/browser.js'
import { startCoturn } from '../helpers/coturn.js'
import { inCall } from '../helpers/media.js'
import { call, heard, note } from '../helpers/page-adaptor.js'
import { PeerPage } from '../helpers/peer-page.js'
import { start } from '../helpers/start.js'
import { UdpProxy } from '../helpers/udp-proxy.js'

// How good a call is, said by the SDK and seen at the page, over a real network that becomes slow and is mended.

const secret = 'the secret of this test'
const coturn = await startCoturn({ secrets: [secret] })
t.teardown(coturn.stop)
const proxy = await UdpProxy.start(t, coturn.port)
const browser = await launch(t)
const server = Fastify()
await server.register(webrtcSignalling, { turn: { urls: [`turn:127.0.0.1:${proxy.port}?transport=udp`], secret } })
const app = `${await start(t, server)}/WebRTCApp4`

t.test('a call over a relay whose network becomes slow is poor for its delay, and good again when the network is mended', async t => {
  const page = await visit(t, browser, 'about:blank')
  // No way but the relay's, which is what the proxy stands before.
  await page.addInitScript(() => {
    window.RTCPeerConnection = class extends window.RTCPeerConnection {
      constructor (configuration?: RTCConfiguration) { super({ ...configuration, iceTransportPolicy: 'relay' }) }
    }
  })
  await page.goto(`${app}/peer.html`)
  const [anna, ben] = [new PeerPage(page), await PeerPage.open(t, browser, app)]
  await anna.is('ready')
  // A small picture: a machine that others use, too, would be too slow for a large one, and that is a reason of its own.
  for (const each of [anna, ben]) await call(each.page, 'applyConstraints', { width: 160, height: 120, frameRate: 5 })
  await note(page, 'quality_changed')
  await anna.join('slow')
  await anna.is('waiting')
  await ben.join('slow')
  await inCall(anna, ben)
  await heard<CallQuality>(page, 'quality_changed', ({ level }) => level === 'good')
  const badge = page.getByRole('button', { name: /^Connection: \w/ })
  await page.getByRole('button', { name: 'Connection: good' }).focus()
  await page.keyboard.press('Enter')
  const sheet = page.getByRole('region', { name: 'Connection' })
  t.match(await sheet.innerText(), /Path\s+by a relay\s+There and back\s+\d+ ms\s+Coming in[\s\S]+kbit\/s\s+Lost of what comes\s+[\d.]+ %/)
  t.equal(await sheet.locator('#reason').isVisible(), false, 'nothing is amiss')

  proxy.slow(600)
  t.match(await heard<CallQuality>(page, 'quality_changed', ({ level }) => level === 'poor'), { reason: 'delay' })
  await page.getByRole('button', { name: 'Connection: poor' }).waitFor()
  await sheet.getByText('Picture and sound take long on the way').waitFor()
  await page.setViewportSize({ width: 320, height: 568 })
  t.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320)
  await page.evaluate(axe.source)
  t.same(await page.evaluate(async () => (await (window as unknown as { axe: typeof axe }).axe.run('#details')).violations.map(({ id }) => id)), [])
  const faint = await badge.locator('.bar').evaluateAll(bars => bars.map(bar => Number(getComputedStyle(bar).opacity) < 1))
  t.same(faint, [false, true, true], 'one bar of three: to be read without colour')

  proxy.slow(0)
  const told = await page.evaluate(() => (window as unknown as { heard: unknown[] }).heard.length)
  await page.waitForFunction(told => {
    const { heard } = window as unknown as { heard: Array<[string, CallQuality]> }
    return heard.slice(told).some(([, { level }]) => level === 'good')
  }, told)
  await page.getByRole('button', { name: 'Connection: good' }).waitFor()
  await page.keyboard.press('Escape')
  t.equal(await badge.evaluate(button => button === document.activeElement), true, 'the focus is back where it came from')
  await anna.leave()
  t.equal(await page.evaluate(() => (window as unknown as { webRTCAdaptor: { quality: unknown } }).webRTCAdaptor.quality), null)
})
