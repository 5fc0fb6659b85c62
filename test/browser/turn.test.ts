import fastifyStatic from '@fastify/static'
import Fastify from 'fastify'
import webrtcSignalling from 'fastify-webrtc-signalling'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { startCoturn } from '../helpers/coturn.js'
import { launch, visit } from '../helpers/browser.js'
import { inCall } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { PlainPage } from '../helpers/plain-page.js'
import { issueCredentials } from '../../lib/turn/credentials.js'
import { start } from '../helpers/start.js'
import { MAX_WAIT, Wire } from '../helpers/wire.js'

// Calls that have no way but through a real TURN server, with the credentials that the plugin issues.

const secret = 'the secret of this test'
const coturn = await startCoturn({ secrets: [secret] })
t.teardown(coturn.stop)
const browser = await launch(t)

/** For how many seconds the credentials of one application last. */
const BRIEF = 5
const turn = { urls: [coturn.url], secret, ttl: 600 }
const require = createRequire(import.meta.url)
const server = Fastify()
await server.register(fastifyStatic, { root: fileURLToPath(new URL('./pages', import.meta.url)), serve: false })
server.get('/WebRTCApp4/ant.html', (_request, reply) => reply.sendFile('ant.html'))
for (const script of [
  join(dirname(require.resolve('@antmedia/webrtc_adaptor/package.json')), 'dist/browser/webrtc_adaptor.js'),
  require.resolve('@mediapipe/selfie_segmentation')
]) server.get(`/ant/${basename(script)}`, (_request, reply) => reply.sendFile(basename(script), dirname(script)))
await server.register(webrtcSignalling, {
  turn,
  apps: {
    WebRTCApp4: { authorize: () => {} },
    open: {},
    brief: { turn: { urls: turn.urls, credentials: (_request, user) => issueCredentials({ secret, user, ttl: BRIEF, now: Date.now() }) } },
    tampered: { turn: { ...turn, secret: 'another secret' } }
  }
})
const address = await start(t, server)

declare global {
  interface Window {
    /** What STUN and TURN servers have answered amiss, set by `relayOnly`. */
    iceErrors: number[]
  }
}

/**
 * Runs before the page's own scripts, and leaves its peer connections the relay alone to talk through. Ant Media's SDK
 * asks a STUN server on the internet besides: only the loopback may be asked here.
 */
function relayOnly (): void {
  const only = (configuration: RTCConfiguration = {}): RTCConfiguration => ({
    ...configuration,
    iceServers: (configuration.iceServers ?? []).filter(({ urls }) => [urls].flat().every(url => url.startsWith('turn:127.0.0.1:'))),
    iceTransportPolicy: 'relay'
  })
  const iceErrors: number[] = window.iceErrors = []
  const Native = window.RTCPeerConnection
  window.RTCPeerConnection = class extends Native {
    constructor (configuration?: RTCConfiguration) {
      super(only(configuration))
      this.addEventListener('icecandidateerror', ({ errorCode }) => iceErrors.push(errorCode))
    }

    override setConfiguration (configuration?: RTCConfiguration): void {
      super.setConfiguration(only(configuration))
    }
  }
}

async function relayedPage (t: Test, path: string): Promise<Page> {
  const page = await visit(t, browser, 'about:blank')
  await page.addInitScript(relayOnly)
  await page.goto(address + path)
  return page
}

async function ours (t: Test, app: string): Promise<PeerPage> {
  const peer = new PeerPage(await relayedPage(t, `/${app}/peer.html`))
  await peer.is('ready')
  return peer
}

async function antMedia (t: Test): Promise<PlainPage> {
  const plain = new PlainPage(await relayedPage(t, '/WebRTCApp4/ant.html'))
  await plain.hears('initialized')
  return plain
}

/**
 * The type of the candidate from which this page sends (RFC 8445 section 5.1.1). Where both pages send from a relay, the
 * pair is relay to relay. The other's type is not to be gone by: a check that overtakes its candidate makes it `prflx`.
 */
async function sendsFrom (page: Page): Promise<string | undefined> {
  return await page.evaluate(async () => {
    const entries = new Map<string, { type: string, selectedCandidatePairId?: string, localCandidateId?: string, candidateType?: string }>()
    const stats = await window.observed.connections.at(-1)?.getStats()
    stats?.forEach(entry => entries.set(entry.id, entry))
    const transport = [...entries.values()].find(({ type }) => type === 'transport')
    const pair = entries.get(transport?.selectedCandidatePairId ?? '')
    return entries.get(pair?.localCandidateId ?? '')?.candidateType
  })
}

/** The username that the page's peer connection has for the relay: when it expires, and for whom it is. */
async function credentials (page: Page): Promise<string> {
  return await page.evaluate(() => window.observed.connections.at(-1)?.getConfiguration().iceServers?.[0]?.username ?? '')
}

for (const [app, when] of [['open', 'whoever connects may ask for TURN'], ['WebRTCApp4', 'TURN is for those who may join']] as const) {
  t.test(`two pages with our SDK call each other through the relay where ${when}`, async t => {
    const [anna, ben] = [await ours(t, app), await ours(t, app)]
    await anna.join('relayed')
    await anna.is('waiting')
    await ben.join('relayed')
    await inCall(anna, ben)
    t.equal(await sendsFrom(anna.page), 'relay')
    t.equal(await sendsFrom(ben.page), 'relay')
  })
}

for (const [first, second] of [['Ant Media\'s SDK', 'Ant Media\'s SDK'], ['Ant Media\'s SDK', 'ours'], ['ours', 'Ant Media\'s SDK']] as const) {
  t.test(`a page with ${first} and then one with ${second} call each other through the relay`, async t => {
    const open = (which: string) => which === 'ours' ? ours(t, 'WebRTCApp4') : antMedia(t)
    const [anna, ben] = [await open(first), await open(second)]
    await anna.join('relayed')
    await ben.join('relayed')
    await inCall(anna, ben)
    t.equal(await sendsFrom(anna.page), 'relay')
    t.equal(await sendsFrom(ben.page), 'relay')
  })
}

t.test('credentials are renewed before they expire, and with the fresh ones a call restarts ICE once the first have expired', async t => {
  const [anna, ben] = [await ours(t, 'brief'), await ours(t, 'brief')]
  await anna.join('renewed')
  await anna.is('waiting')
  await ben.join('renewed')
  await inCall(anna, ben)
  const before = await credentials(anna.page)
  const wires = [anna, ben].map(({ page }) => Wire.of(page))
  let current = before
  while (Date.now() / 1000 <= Number(before.split(':')[0]) + 1) {
    // An answer each time that four fifths of the time are over, with nothing else going on.
    await Promise.all(wires.map(async wire => await wire.hears('"iceServerConfig"')))
    // That it comes in time is held on a moved clock (test/client/ice-servers.test.ts): a busy machine may be late here.
    const next = await credentials(anna.page)
    t.not(next, current, 'and each answer bears new ones')
    current = next
  }
  // coturn takes the first ones no more (test/turn/coturn.test.ts), so that a new candidate of a relay has come by the fresh ones.
  const gathered = await anna.page.evaluate(() => new Promise<string | undefined>(resolve => {
    const connection = window.observed.connections.at(-1)
    connection?.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate?.candidate !== '') resolve(candidate?.type ?? 'none')
    })
    connection?.restartIce()
  }))
  t.equal(gathered, 'relay')
  await inCall(anna, ben)
  t.equal(await anna.page.evaluate(() => window.observed.connections.length), 1, 'on the same peer connection')
  t.same(await anna.page.evaluate(() => window.iceErrors), [], 'and the relay never said no')
})

t.test('with credentials of another secret the relay lets nobody through', async t => {
  const anna = await ours(t, 'tampered')
  const ben = await ours(t, 'tampered')
  await anna.join('refused')
  await anna.is('waiting')
  await ben.join('refused')
  // 401 is coturn's word for it, and icecandidateerror hands it on (W3C WebRTC 1.0, RTCPeerConnectionIceErrorEvent).
  for (const { page } of [anna, ben]) {
    await page.waitForFunction(() => window.iceErrors.includes(401))
    t.equal(await sendsFrom(page), undefined)
  }
  t.match(await coturn.log(), /401/)
  // Both sides say so, before either of them joins afresh.
  await Promise.all([anna, ben].map(async ({ page }) => page.getByText('There is no way through').waitFor({ timeout: 2 * MAX_WAIT })))
})
