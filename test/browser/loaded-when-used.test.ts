import type { Page } from 'playwright-core'
import t from 'tap'
import type { CallStats } from '../../lib/client/webrtc-adaptor.js'
import { launch } from '../helpers/browser.js'
import { call, heard, note, refusal } from '../helpers/page-adaptor.js'
import { PlainPage } from '../helpers/plain-page.js'
import { PeerPage } from '../helpers/peer-page.js'
import { servePages } from '../helpers/serve-pages.js'
import { start } from '../helpers/start.js'

// The parts of the SDK that are loaded when one of their methods is called first.

const browser = await launch(t)
const app = `${await start(t, await servePages())}/WebRTCApp4`

t.test('peer.html loads a part under its strict policy, once, by an address that a browser may keep for ever', async t => {
  const { page } = await PeerPage.open(t, browser, app)
  const parts: Array<{ url: string, cache: string | undefined }> = []
  page.on('response', response => {
    // The page itself uses others from its start.
    if (response.url().includes('.stats.mjs')) parts.push({ url: response.url(), cache: response.headers()['cache-control'] })
  })
  t.equal(await refusal(page, 'getStats'), 'InvalidStateError', 'there is no call')
  t.equal(await refusal(page, 'changeBandwidth', 0), 'TypeError')
  t.equal(parts.length, 1)
  t.match(parts[0]?.url, /\/js\/webrtc_adaptor\.stats\.mjs\?v=[\da-f]{12}$/)
  t.match(parts[0]?.cache, 'immutable')
})

t.test('a part that cannot be loaded is an error of the SDK, and is asked for again at the next call', async t => {
  const { page } = await PeerPage.open(t, browser, app, { expected: [/ERR_FAILED/] })
  await page.route('**/*.stats.mjs*', route => route.abort())
  t.equal(await refusal(page, 'getStats'), 'moduleNotLoaded')
  await page.unroute('**/*.stats.mjs*')
  t.equal(await refusal(page, 'getStats'), 'InvalidStateError')
})

t.test('the ES module finds its parts beside itself', async t => {
  const { page } = await PlainPage.open(t, browser, `${app}/readme.html`)
  const name = await page.evaluate(async () => {
    const url = './js/webrtc_adaptor.mjs'
    const { WebRTCAdaptor } = await import(new URL(url, location.href).href) as typeof import('../../lib/client/webrtc-adaptor.js')
    const adaptor = new WebRTCAdaptor({ isPlayMode: true })
    const name = await adaptor.getStats().then(() => '', (error: Error) => error.name)
    await adaptor.close()
    return name
  })
  t.equal(name, 'InvalidStateError')
})

/** Waits until the picture is sent, or comes, with this codec. */
async function usesCodec (page: Page, type: string, mimeType: string): Promise<void> {
  await page.waitForFunction(async ([type, mimeType]) => {
    const entries: Array<{ id: string, type: string, kind?: string, codecId?: string, mimeType?: string }> = []
    const report = await window.observed.connections.at(-1)?.getStats()
    report?.forEach((entry: typeof entries[number]) => entries.push(entry))
    const picture = entries.find(entry => entry.type === type && entry.kind === 'video')
    return entries.find(({ id }) => id === picture?.codecId)?.mimeType === mimeType
  }, [type, mimeType] as const)
}

t.test('a call in numbers: once, every now and then, with a limit, and with another codec', async t => {
  const anna = await PlainPage.open(t, browser, `${app}/readme.html`)
  const ben = await PlainPage.open(t, browser, `${app}/readme.html`)
  await ben.page.waitForFunction(() => document.querySelector<HTMLVideoElement>('#remoteVideo')?.videoWidth !== 0)
  await note(anna.page, 'updated_stats')
  await call(anna.page, 'enableStats', 'room1', 100)
  const { streamId, audioPacketsReceived } = await heard<CallStats>(anna.page, 'updated_stats', stats => stats.framesDecoded > 0 && stats.framesReceived > 0 &&
    stats.currentIncomingBitrate > 0 && stats.currentOutgoingBitrate > 0 && stats.currentRoundTripTime >= 0 && stats.frameWidth > 0 && stats.resWidth > 0)
  t.equal(streamId, 'room1')
  t.ok(audioPacketsReceived > 0)
  await call(anna.page, 'disableStats', 'room1')
  await call(anna.page, 'changeBandwidth', 123, 'room1')
  // The codec that Chromium would choose is VP8.
  await call(anna.page, 'preferVideoCodecs', ['VP9'])
  for (const type of ['outbound-rtp', 'inbound-rtp']) await usesCodec(anna.page, type, 'video/VP9')
  const limit = async () => anna.page.evaluate(() => {
    const senders = window.observed.connections.at(-1)?.getSenders()
    return senders?.find(({ track }) => track?.kind === 'video')?.getParameters().encodings[0]?.maxBitrate
  })
  t.equal(await limit(), 123_000)
  await call(anna.page, 'changeBandwidth', 'unlimited', 'room1')
  t.equal(await limit(), undefined)
  const stats = await call(anna.page, 'getStats', 'room1') as CallStats
  t.ok(stats.totalBytesReceived > 0 && stats.totalBytesSent > 0)
})
